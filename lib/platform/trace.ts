// One id from a webhook, a booking's message or a timer's tick to every call and write that comes of it. It travels in hints, which a
// stranger might have written: one that is no UUID is not taken over, and nothing is decided by it.
import type { HintQueue } from './hint-queue.ts';
import type { LogFields } from './log-fields.ts';
import type { Log, Telemetry } from './telemetry.ts';

/** Telemetry of what begins a story. */
export interface Tracing extends Telemetry {
  /** A UUID, which Graph asks for. */
  readonly newCorrelation: () => string;
}

/** Of one run alone: runs share a process, so nothing of it may stay behind on the logger. */
export interface Trace {
  readonly correlation: string;
  /** Every line says whose it is. */
  readonly log: Log;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const readCorrelation = (value: unknown): string | undefined => (typeof value === 'string' && uuid.test(value) ? value : undefined);

/** The story goes on under the id that the hint brought; without one, as from the release before, it begins here. */
export function traceOf({ log, newCorrelation }: Tracing, brought: string | undefined, whose: LogFields): Trace {
  const correlation = brought ?? newCorrelation();
  return about({ correlation, log }, { correlation_id: correlation, ...whose });
}

/** The same story, of somebody in it. */
export const about = ({ correlation, log }: Trace, whose: LogFields): Trace => ({
  correlation,
  log: {
    info: (message, fields) => log.info(message, { ...whose, ...fields }),
    warn: (message, fields) => log.warn(message, { ...whose, ...fields }),
    error: (message, fields) => log.error(message, { ...whose, ...fields }),
  },
});

/** A queue whose hints carry the id on. */
export const carrying = <H extends { readonly correlation?: string }>({ send, sendAll }: HintQueue<H>, correlation: string): HintQueue<H> => ({
  send: (hint, ...rest) => send({ ...hint, correlation }, ...rest),
  sendAll: (hints) => sendAll(hints.map((hint) => ({ ...hint, correlation }))),
});

/** The parts of a worker as one run uses them. */
export const under = <P extends { readonly hints: HintQueue<H> }, H extends { readonly correlation?: string }>(parts: P & { readonly hints: HintQueue<H> }, trace: Trace) => ({ ...parts, trace, hints: carrying(parts.hints, trace.correlation) });
