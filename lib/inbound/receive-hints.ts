// A batch of the inbound queue: every connection in it is looked at once, all at the same time.
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { CalendarProvider } from '../calendars/port.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { DeadLetters } from '../platform/dead-letters.ts';
import type { LogFields } from '../platform/log-fields.ts';
import { readInboundHint } from '../platform/messages.ts';
import { watchActs, type Figure } from '../platform/metric-catalog.ts';
import { Metric } from '../platform/names.ts';
import { safeError } from '../platform/telemetry.ts';
import { traceOf, under, type Tracing } from '../platform/trace.ts';
import { syncConnection, type InboundParts, type PullEnd, type Run } from './sync-connection.ts';
import type { Rang } from './watching.ts';

/** Hints of one batch for the same connection are one pull, under the id of the first that brought one. */
interface HintsOfOne {
  readonly watches: readonly Rang[];
  readonly correlation: string | undefined;
}

/** Whatever becomes of a hint, it may go: the mark stays in the table, and a delayed hint or upkeep rings again. */
export const receiveHints =
  (parts: InboundParts & Tracing & { deadLetters: DeadLetters }) =>
  async (event: SQSEvent, endsAt: number): Promise<SQSBatchResponse> => {
    const rang = new Map<string, HintsOfOne>();
    for (const record of event.Records) {
      const hint = readInboundHint(record.body);
      if (hint) {
        const { watches = [], correlation } = rang.get(hint.connection_id) ?? {};
        rang.set(hint.connection_id, { watches: [...watches, ...(hint.watch ? [hint.watch] : [])], correlation: correlation ?? hint.correlation });
      } else {
        await parts.deadLetters(record, 'not_a_hint');
        parts.measure(Metric.deadLetters, 1, { queue: 'inbound', reason: 'not_a_hint' });
      }
    }
    await eachConcurrently(rang, rang.size, async ([connectionId, { watches, correlation }]) => void (await pullAndTell(parts, connectionId, { endsAt, rang: watches, correlation })));
    return { batchItemFailures: [] };
  };

/** A quarantined pull looks again in a minute: neither done nor wrong yet. */
const outcomes = { pulled: 'succeeded', quarantined: 'waiting', failed: 'failed', grant_dead: 'failed', unreadable: 'failed' } as const;
/** A calendar that can't be read is told once: from then on it waits for its person, whom no deployment can help. */
const runOutcome = (end: Ended): 'succeeded' | 'waiting' | 'failed' => ('still' in end && end.still === true ? 'waiting' : outcomes[end.outcome]);
type Ended = Extract<PullEnd, { provider: CalendarProvider }>;

/** Runs one pull and says how it ended, in metrics and one log line. Never throws: what failed before a lease was taken is left to upkeep. */
export async function pullAndTell(parts: InboundParts & Tracing, connectionId: string, { correlation, ...run }: Run & { readonly correlation?: string | undefined }): Promise<PullEnd | { outcome: 'interrupted' }> {
  const { measure, clock } = parts;
  const trace = traceOf(parts, correlation, { connection_id: connectionId });
  const startedAt = clock();
  try {
    const end = await syncConnection(under(parts, trace), connectionId, run);
    const ms = clock() - startedAt;
    if ('provider' in end) measure(Metric.runs, 1, { direction: 'inbound', calendar_provider: end.provider, outcome: runOutcome(end) }, ...figuresOf(end, ms));
    trace.log.info('pull', { ms, ...factsOf(end) });
    return end;
  } catch (error) {
    measure(Metric.failures, 1, { direction: 'inbound', calendar_provider: 'unknown' });
    trace.log.error('pull interrupted', { error: safeError(error) });
    return { outcome: 'interrupted' };
  }
}

function figuresOf(end: Ended, ms: number): Figure[] {
  const calendar_provider = end.provider;
  const dimensions = { direction: 'inbound', calendar_provider } as const;
  const figures: Figure[] = [[Metric.latency, ms, dimensions]];
  if ('items' in end) {
    figures.push([Metric.items, end.items, dimensions]);
    for (const what of watchActs) if ((end.watches[what] ?? 0) > 0) figures.push([Metric.watchActs, end.watches[what] ?? 0, { calendar_provider, what }]);
  }
  if (runOutcome(end) === 'failed') figures.push([Metric.failures, 1, dimensions]);
  if ('visibleAfterMs' in end && end.visibleAfterMs !== undefined) figures.push([Metric.noticeToVisible, end.visibleAfterMs, { calendar_provider }]);
  return figures;
}

function factsOf(end: PullEnd): LogFields {
  const { provider, visibleAfterMs, error, watchError, still: _still, ...facts } = { provider: undefined, still: undefined, visibleAfterMs: undefined, error: undefined, watchError: undefined, ...end };
  return { ...facts, calendar_provider: provider, visible_after_ms: visibleAfterMs, ...(error !== undefined && { error: safeError(error) }), ...(watchError !== undefined && { watch_error: safeError(watchError) }) };
}
