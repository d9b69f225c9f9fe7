// A batch of the inbound queue: every connection in it is looked at once, all at the same time.
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { DeadLetters } from '../platform/dead-letters.ts';
import { readInboundHint } from '../platform/messages.ts';
import { watchActs } from '../platform/metric-catalog.ts';
import { Metric } from '../platform/names.ts';
import { safeError, type Telemetry } from '../platform/telemetry.ts';
import { syncConnection, type InboundParts, type PullEnd, type Run } from './sync-connection.ts';
import type { Rang } from './watching.ts';

/** Whatever becomes of a hint, it may go: the mark stays in the table, and a delayed hint or upkeep rings again. */
export const receiveHints =
  (parts: InboundParts & Telemetry & { deadLetters: DeadLetters }) =>
  async (event: SQSEvent, endsAt: number): Promise<SQSBatchResponse> => {
    const rang = new Map<string, Rang[]>();
    for (const record of event.Records) {
      const hint = readInboundHint(record.body);
      if (hint) rang.set(hint.connection_id, [...(rang.get(hint.connection_id) ?? []), ...(hint.watch ? [hint.watch] : [])]);
      else {
        await parts.deadLetters(record, 'not_a_hint');
        parts.measure(Metric.deadLetters, 1, { queue: 'inbound', reason: 'not_a_hint' });
      }
    }
    await eachConcurrently(rang, rang.size, async ([connectionId, watches]) => void (await pullAndTell(parts, connectionId, { endsAt, rang: watches })));
    return { batchItemFailures: [] };
  };

/** A quarantined pull looks again in a minute: neither done nor wrong yet. */
const runOutcome = { pulled: 'succeeded', quarantined: 'waiting', failed: 'failed', grant_dead: 'failed', unreadable: 'failed' } as const;

/** Runs one pull and says how it ended, in metrics and one log line. Never throws: what failed before a lease was taken is left to upkeep. */
export async function pullAndTell(parts: InboundParts & Telemetry, connectionId: string, run: Run): Promise<PullEnd | { outcome: 'interrupted' }> {
  const { measure, log, clock } = parts;
  const startedAt = clock();
  try {
    const end = await syncConnection(parts, connectionId, run);
    const ms = clock() - startedAt;
    if ('provider' in end) {
      const dimensions = { direction: 'inbound', calendar_provider: end.provider } as const;
      const outcome = runOutcome[end.outcome];
      measure(Metric.runs, 1, { ...dimensions, outcome });
      measure(Metric.latency, ms, dimensions);
      if ('items' in end) {
        measure(Metric.items, end.items, dimensions);
        for (const what of watchActs) if ((end.watches[what] ?? 0) > 0) measure(Metric.watchActs, end.watches[what] ?? 0, { calendar_provider: end.provider, what });
      }
      if (outcome === 'failed') measure(Metric.failures, 1, dimensions);
      if ('visibleAfterMs' in end && end.visibleAfterMs !== undefined) measure(Metric.noticeToVisible, end.visibleAfterMs, { calendar_provider: end.provider });
    }
    const { error, ...facts } = 'error' in end ? end : { ...end, error: undefined };
    log.info('pull', { connection_id: connectionId, ms, ...facts, ...(error !== undefined && { error: safeError(error) }) });
    return end;
  } catch (error) {
    measure(Metric.failures, 1, { direction: 'inbound', calendar_provider: 'unknown' });
    log.error('pull interrupted', { connection_id: connectionId, error: safeError(error) });
    return { outcome: 'interrupted' };
  }
}
