/** Milliseconds since the epoch, UTC. Time is always an argument, so that tests can bend it. */
export type Clock = () => number;
/** A number in [0, 1). */
export type Random = () => number;

export const seconds = (n: number): number => n * 1000;
export const minutes = (n: number): number => n * 60_000;
export const hours = (n: number): number => n * 3_600_000;
export const days = (n: number): number => n * 86_400_000;

/** Instants are kept as text that sorts by time; a later one has a longer year, behind a sign, and would sort before all others. */
export const endOfTime = Date.parse('9999-12-31T23:59:59.999Z');
