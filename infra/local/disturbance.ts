// What a standard queue may do and the local engine never does: another order, late deliveries, the same message twice. By seed, so that a run can be repeated.
import type { SQSRecord } from 'aws-lambda';
import type { Random } from '../../lib/platform/clock.ts';

export interface Disturbance {
  readonly seed?: number;
  /** Deliver in another order than sent. */
  readonly shuffle?: boolean;
  /** Hold each batch back for up to so long, in milliseconds of the run's clock. */
  readonly delayMs?: number;
  /** Share of messages, 0 to 1, that are delivered a second time. */
  readonly double?: number;
}

export interface Delivery {
  readonly records: readonly SQSRecord[];
  readonly afterMs: number;
}

export type Disturb = (records: readonly SQSRecord[]) => Delivery[];

export function disturbance(wanted: Disturbance): Disturb {
  const { shuffle = false, delayMs = 0, double = 0 } = wanted;
  const random = seededRandom(wanted.seed ?? 1);
  return (records) => {
    if (records.length === 0) return [];
    const first = shuffle ? shuffled(records, random) : records;
    const again = double > 0 ? first.filter(() => random() < double) : [];
    const late = (): number => (delayMs > 0 ? random() * delayMs : 0);
    return [{ records: first, afterMs: late() }, ...(again.length === 0 ? [] : [{ records: again, afterMs: late() }])];
  };
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** mulberry32: small, and the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
