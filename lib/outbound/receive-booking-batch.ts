// A batch of the booking queue. A message that is not saved yet when something fails goes back by its visibility time-out, alone: no
// neighbour notices.
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { LogFields } from '../platform/log-fields.ts';
import { correlationOf } from '../platform/messages.ts';
import type { Figure } from '../platform/metric-catalog.ts';
import { Metric } from '../platform/names.ts';
import { safeError, type Telemetry } from '../platform/telemetry.ts';
import { traceOf, under, type Tracing } from '../platform/trace.ts';
import type { DrainEnd, TargetReport } from './drain-booking.ts';
import { receiveBookingMessage, type MessageEnd, type MessageParts } from './receive-booking-message.ts';

const atOnce = 5;
/** Before it was known which calendars it concerns. */
const interrupted = { direction: 'outbound', calendar_provider: 'unknown' } as const;

export const receiveBookingBatch =
  (parts: MessageParts & Tracing) =>
  async (event: SQSEvent, endsAt: number): Promise<SQSBatchResponse> => {
    const failures: string[] = [];
    await eachConcurrently(event.Records, atOnce, async (record: SQSRecord) => {
      const trace = traceOf(parts, correlationOf(record.body), { message_id: record.messageId });
      const { log } = trace;
      try {
        tell({ ...parts, log }, await receiveBookingMessage(under(parts, trace), record, endsAt));
      } catch (error) {
        parts.measure(Metric.failures, 1, interrupted);
        log.error('booking message not saved', { error: safeError(error) });
        failures.push(record.messageId);
      }
    });
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  };

function tell({ measure, log }: Telemetry, end: MessageEnd): void {
  if (end.kind === 'dead_letter') {
    measure(Metric.deadLetters, 1, { queue: 'booking', reason: end.reason });
    log.warn('booking message set aside', { reason: end.reason, detail: end.detail });
  } else if (end.kind === 'no_op') log.info('booking unchanged', { booking_id: end.bookingId, why: end.why });
  else if (end.kind === 'provider') log.info(end.hint.hint, { provider_id: end.hint.provider_id, marked: end.marked });
  else if (end.kind === 'provider_interrupted') {
    measure(Metric.failures, 1, interrupted);
    log.error('work for a provider interrupted', { provider_id: end.hint.provider_id, error: safeError(end.error) });
  } else if (end.kind === 'interrupted') {
    measure(Metric.failures, 1, interrupted);
    log.error('booking interrupted', { booking_id: end.bookingId, error: safeError(end.error) });
  } else tellDrain({ measure, log }, end.bookingId, end.drain);
}

function runOutcome(outcome: TargetReport['outcome']): 'succeeded' | 'failed' | 'waiting' {
  if (outcome === 'created' || outcome === 'updated' || outcome === 'removed' || outcome === 'unchanged') return 'succeeded';
  return outcome === 'failed' || outcome === 'grant_dead' ? 'failed' : 'waiting';
}

/** One line and one run per target. An unchanged target says that the idempotency check held. */
export function tellDrain({ measure, log }: Telemetry, bookingId: string, { outcome, version, targets, appliedAfterMs }: DrainEnd): void {
  for (const { provider, outcome: targetOutcome, ms } of targets) {
    const dimensions = { direction: 'outbound', calendar_provider: provider } as const;
    const run = runOutcome(targetOutcome);
    const figures: Figure[] = [];
    if (ms !== undefined) figures.push([Metric.latency, ms, dimensions]);
    if (run === 'succeeded' && targetOutcome !== 'unchanged') figures.push([Metric.items, 1, dimensions]);
    if (run === 'failed') figures.push([Metric.failures, 1, dimensions]);
    if (outcome === 'done' && appliedAfterMs !== undefined) figures.push([Metric.bookingToEvent, appliedAfterMs, { calendar_provider: provider }]);
    measure(Metric.runs, 1, { ...dimensions, outcome: run }, ...figures);
  }
  const held = outcome === 'done' && targets.length === 0 ? { idempotency: 'held: every target is as wished' } : {};
  log.info('drain', {
    booking_id: bookingId,
    version,
    outcome,
    ...held,
    targets: targets.map(factsOf),
  });
}

const factsOf = ({ connectionId, provider, calendarKey, outcome, eventId, retryAt, fence, ms, error }: TargetReport): LogFields => ({
  connection_id: connectionId, calendar_provider: provider, calendar_key: calendarKey, outcome, event_id: eventId, retry_at: retryAt, fence, ms,
  ...(error !== undefined && { error: safeError(error) }),
});
