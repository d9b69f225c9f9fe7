// One tick of the timer: rings again for what is dirty but perhaps not hinted, pending but not applied, and due. The bell alone: workers
// decide from the rows what there is to do.
import { BatchGetItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { hours, seconds, type Clock } from '../platform/clock.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { LogFieldName } from '../platform/log-fields.ts';
import type { BookingHint, InboundHint, ProviderHint } from '../platform/messages.ts';
import { Index, Metric, Setting } from '../platform/names.ts';
import type { Settings } from '../platform/settings.ts';
import { allShards, dueShards } from '../platform/shard.ts';
import { safeError } from '../platform/telemetry.ts';
import { carrying, traceOf, type Tracing } from '../platform/trace.ts';
import { takeCensus, tellCensus } from './census.ts';
import { countFleet } from './count-fleet.ts';
import { gatesOf, noteGates, runSweep, type Gates } from './gate-sweep.ts';
import { HeldUp } from './held-up.ts';
import { putOff } from './put-off.ts';
import type { UpkeepState, UpkeepStates, WalkName, WalkPlace } from './upkeep-state.ts';
import { walk, type IndexEntry, type IndexWalk } from './walk.ts';

export interface UpkeepParts extends Tracing {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string; readonly bookingEvents: string };
  readonly states: UpkeepStates;
  readonly settings: Settings;
  readonly inbound: HintQueue<InboundHint>;
  readonly booking: HintQueue<BookingHint>;
  /** On the booking queue too. */
  readonly provider: HintQueue<ProviderHint>;
  readonly clock: Clock;
}

/** A hint has this long to be taken up before it is thought lost. */
const perhapsLost = seconds(10);
const tickLength = seconds(50);

interface Tick extends UpkeepParts {
  readonly startedAt: number;
  readonly before: UpkeepState;
  readonly heldUp: HeldUp;
  /** The gates are as a tick before saved them. */
  readonly settled: boolean;
  /** Tells how many hints were sent, and why. */
  readonly told: (why: Why, hints: number) => void;
}

export async function tick(parts: UpkeepParts): Promise<void> {
  parts.measure(Metric.ticks, 1, {});
  const snapshot = await parts.settings.read();
  const sync = snapshot.flag(Setting.syncEnabled);
  if (sync === 'unknown') parts.measure(Metric.settingsUnknown, 1, {});
  else parts.measure(Metric.enabled, sync === 'open' ? 1 : 0, {});
  const seen = gatesOf(snapshot);
  const before = await parts.states.read();
  const gates = seen ? noteGates(before.gates ?? {}, seen, parts.clock()) : (before.gates ?? {});
  const startedAt = parts.clock();
  const { told, tellAll, ...story } = storyOf(parts);
  const run: Tick = { ...parts, ...story, told, startedAt, before, heldUp: new HeldUp(snapshot, startedAt), settled: gates.seen === before.gates?.seen };
  const jobs = snapshot.flag(Setting.jobsEnabled) === 'open';
  // Leaving waits for no flag, known or not.
  const always: readonly Ring[] = [['due-any', (goOn) => ringLeaving(run, goOn)]];
  const underSync: readonly Ring[] = [
    ['dirty', (goOn) => ringConnections(run, 'dirty', { index: dirtyWalk(run), goOn })],
    ['due-sync', (goOn) => ringConnections(run, 'due-sync', { index: dueWalk(run, 'sync'), goOn })],
    ...(jobs ? [['due-jobs', (goOn: GoOn) => ringConnections(run, 'due-jobs', { index: dueWalk(run, 'jobs'), goOn })] as const] : []),
    ['pending', (goOn) => ringBookings(run, goOn)],
  ];
  const rings = [...always, ...(seen?.sync ? underSync : [])];
  // The sweep and the count have their turns too, the last of all.
  const turns = rings.length + (seen?.sync ? 2 : 0);
  const { walks, failures } = await ringAll(run, rings, turns);
  tellAll();
  if (!seen?.sync) {
    if (gates.seen !== before.gates?.seen || walks['due-any']?.after !== undefined) await parts.states.save({ ...before, walks, gates });
    if (failures.length > 0) throw failures[0];
    return;
  }
  // Of the runs none: it adds nothing, but lets an alarm tell "no run succeeded" from "nobody counted".
  parts.measure(Metric.waiting, run.heldUp.waiting, {}, [Metric.runs, 0, { direction: 'inbound', calendar_provider: 'google', outcome: 'succeeded' }]);
  const swept = await sweepGates(run, gates, { until: startedAt + (tickLength * (turns - 1)) / turns, failures });
  const counted = await countHourly(run, failures);
  await parts.states.save({ ...run.before, ...counted, walks, gates: swept });
  if (failures.length > 0) throw failures[0];
}

type Why = WalkName | 'late';

/** One tick is one story: all its hints carry its id, and one line says how many there were, unless there were none. */
function storyOf(parts: UpkeepParts) {
  const { correlation, log } = traceOf(parts, undefined, {});
  const rung: Partial<Record<LogFieldName, number>> = {};
  return {
    log,
    inbound: carrying(parts.inbound, correlation), booking: carrying(parts.booking, correlation), provider: carrying(parts.provider, correlation),
    told: (why: Why, hints: number): void => {
      if (hints === 0) return;
      parts.measure(Metric.hintsSent, hints, { why });
      const name = rungNames[why];
      rung[name] = (rung[name] ?? 0) + hints;
    },
    tellAll: (): void => {
      if (Object.keys(rung).length > 0) log.info('tick', { rung });
    },
  };
}
const rungNames = { dirty: 'dirty', 'due-any': 'due_any', 'due-sync': 'due_sync', 'due-jobs': 'due_jobs', late: 'late', pending: 'pending' } as const satisfies Record<Why, LogFieldName>;

/** The counts that have come due, if any; whoever they are for, the newest are told at every tick. */
async function countHourly(run: Tick, failures: unknown[]): Promise<Partial<UpkeepState>> {
  const { before, startedAt, clock } = run;
  let counted: Partial<UpkeepState> = {};
  if (startedAt - (before.countedAt ?? 0) >= hours(1)) {
    try {
      const census = await takeCensus({ ...run, admits: (providerId) => run.heldUp.admits(providerId) }, () => clock() < startedAt + tickLength);
      if (census === undefined) run.log.warn('the tick ended before all connections were counted', {});
      counted = { ...(await countFleet(run.dynamo, run.tables.syncState)), ...(census && { census }), countedAt: startedAt };
    } catch (failure) {
      failures.push(failure);
    }
  }
  const census = counted.census ?? before.census;
  if (census) tellCensus(census, run.measure);
  return counted;
}

async function ringAll({ before, startedAt, clock, log }: Tick, rings: readonly Ring[], turns: number): Promise<{ walks: Partial<Record<WalkName, WalkPlace>>; failures: unknown[] }> {
  const walks: Partial<Record<WalkName, WalkPlace>> = { ...before.walks };
  const failures: unknown[] = [];
  for (const [turn, [name, ring]] of rings.entries()) {
    // What one leaves of its share the next ones have: a flood in one walk never starves the others, nor does a failure.
    const until = startedAt + (tickLength * (turn + 1)) / turns;
    try {
      walks[name] = await ring(() => clock() < until);
    } catch (failure) {
      // Of several only the first is thrown.
      log.error('walk failed', { step: name, error: safeError(failure) });
      failures.push(failure);
    }
  }
  return { walks, failures };
}

/** A sweep that fails goes on where it stood. */
async function sweepGates(run: Tick, { seen, sweep }: Gates, { until, failures }: { until: number; failures: unknown[] }): Promise<Gates> {
  let left = sweep;
  try {
    left = sweep && (await runSweep(run, sweep, () => run.clock() < until));
  } catch (failure) {
    failures.push(failure);
  }
  return { ...(seen && { seen }), ...(left && { sweep: left }) };
}

type GoOn = () => boolean;
type Ring = readonly [WalkName, (goOn: GoOn) => Promise<WalkPlace>];

const dirtyWalk = ({ tables, startedAt }: Tick): IndexWalk => ({ table: tables.syncState, index: Index.dirty, shardName: 'dirtyShard', timeName: 'dirtySince', shards: allShards, until: startedAt - perhapsLost });
const dueWalk = ({ tables, startedAt }: Tick, gate: 'any' | 'sync' | 'jobs'): IndexWalk => ({ table: tables.syncState, index: Index.due, shardName: 'dueShard', timeName: 'dueAt', shards: dueShards(gate), until: startedAt });

/** Rings for connections whose provider is let in and that nobody works on: no live lease, and no back-off under way. */
async function ringConnections(run: Tick, name: WalkName, { index, goOn }: { index: IndexWalk; goOn: GoOn }): Promise<WalkPlace> {
  let [oldest, rung] = [run.startedAt, 0];
  const place = await walk(run.dynamo, index, {
    from: run.before.walks[name],
    goOn,
    page: async (entries) => {
      await ringProviders(run, entries.filter((entry) => entry['part']?.S === 'push'));
      const ids = entries.flatMap((entry) => (entry['part']?.S === 'push' ? [] : (entry['connection_id']?.S ?? [])));
      const rows = await batchGet(run.dynamo, run.tables.syncState, ids.map((id) => ({ connection_id: { S: id }, part: { S: 'pull' } })));
      const providers = new Map(rows.map((row) => [row['connection_id']?.S, row['provider_id']?.S]));
      if (name !== 'dirty' && run.settled) await putOff({ dynamo: run.dynamo, table: run.tables.syncState, now: run.startedAt }, entries.filter((entry) => entry['part']?.S === 'pull' && !run.heldUp.admits(providers.get(entry['connection_id']?.S))));
      oldest = Math.min(oldest, run.heldUp.count(entries.map((entry) => ({ at: notBefore(entry, index.timeName), providerId: providers.get(entry['connection_id']?.S) }))));
      const free = rows.filter((row) => run.heldUp.admits(row['provider_id']?.S) && notBefore(row, 'leaseUntil') <= run.startedAt && notBefore(row, 'backoffUntil') <= run.startedAt);
      await run.inbound.sendAll(free.map((row) => ({ v: 1, hint: 'pull', connection_id: row['connection_id']?.S ?? '' })));
      rung += free.length;
    },
  });
  if (name === 'dirty') run.measure(Metric.oldestDirty, run.startedAt - oldest, {});
  run.told(name, rung);
  return place;
}

/** Connections that are being disconnected, and providers who are being erased: their rows are due until the work is done. */
async function ringLeaving(run: Tick, goOn: GoOn): Promise<WalkPlace> {
  let rung = 0;
  const place = await walk(run.dynamo, dueWalk(run, 'any'), {
    from: run.before.walks['due-any'],
    goOn,
    page: async (entries) => {
      const named = (part: string) => entries.filter((entry) => entry['part']?.S === part).map(({ connection_id }) => connection_id ?? { S: '' });
      await run.inbound.sendAll(named('leave').map((id) => ({ v: 1, hint: 'pull', connection_id: id.S ?? '' })));
      const providers = await batchGet(run.dynamo, run.tables.syncState, named('erase').map((connection_id) => ({ connection_id, part: { S: 'erase' } })), 'provider_id');
      await run.provider.sendAll(providers.map((row) => ({ v: 1, hint: 'erase', provider_id: row['provider_id']?.S ?? '' })));
      rung += entries.length;
    },
  });
  run.told('due-any', rung);
  return place;
}

/** What is due on a `push` row concerns all future bookings of the connection's provider. */
async function ringProviders(run: Tick, entries: readonly IndexEntry[]): Promise<void> {
  const rows = await batchGet(run.dynamo, run.tables.syncState, entries.map(({ connection_id }) => ({ connection_id: connection_id ?? { S: '' }, part: { S: 'push' } })), 'connection_id, provider_id, dueLate');
  const due = rows.filter((row) => row['dueLate'] !== undefined && notBefore(row, 'dueLate') <= run.startedAt);
  await run.provider.sendAll(due.map((row) => ({ v: 1, hint: 'provider', provider_id: row['provider_id']?.S ?? '', late: { connection_id: row['connection_id']?.S ?? '', due: notBefore(row, 'dueLate') } })));
  run.told('late', due.length);
}

/** Rings for bookings whose delayed hint, if they have one, should have come by now. */
async function ringBookings(run: Tick, goOn: GoOn): Promise<WalkPlace> {
  let [oldest, rung] = [run.startedAt, 0];
  const index: IndexWalk = { table: run.tables.bookingEvents, index: Index.pending, shardName: 'pendingShard', timeName: 'pendingSince', shards: allShards, until: run.startedAt - perhapsLost };
  const place = await walk(run.dynamo, index, {
    from: run.before.walks.pending,
    goOn,
    page: async (entries) => {
      const rows = await batchGet(run.dynamo, run.tables.bookingEvents, entries.map(({ booking_id, part }) => ({ booking_id: booking_id ?? { S: '' }, part: part ?? { S: '' } })), 'booking_id, retryAt, heldBy, paused, pendingSince, provider_id');
      oldest = Math.min(oldest, run.heldUp.count(rows.filter((row) => row['paused'] === undefined).map((row) => ({ at: notBefore(row, 'pendingSince'), providerId: row['provider_id']?.S }))));
      const waiting = rows.filter((row) => run.heldUp.admits(row['heldBy']?.S) && notBefore(row, 'retryAt') <= run.startedAt);
      await run.booking.sendAll(waiting.map((row) => ({ v: 1, hint: 'booking', booking_id: row['booking_id']?.S ?? '' })));
      rung += waiting.length;
    },
  });
  run.measure(Metric.oldestPending, run.startedAt - oldest, {});
  run.told('pending', rung);
  return place;
}

const notBefore = (row: IndexEntry, name: string): number => Number(row[name]?.N ?? 0);

/** Those that exist, in no order. What the table leaves unprocessed is asked for again. */
async function batchGet(dynamo: DynamoDBClient, table: string, keys: Record<string, AttributeValue>[], projection = 'connection_id, provider_id, leaseUntil, backoffUntil'): Promise<IndexEntry[]> {
  const found: IndexEntry[] = [];
  for (let left = keys; left.length > 0; ) {
    const { Responses, UnprocessedKeys } = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left.slice(0, 100), ConsistentRead: true, ProjectionExpression: projection } } }),
    );
    found.push(...(Responses?.[table] ?? []));
    const unprocessed = UnprocessedKeys?.[table]?.Keys ?? [];
    if (unprocessed.length === Math.min(left.length, 100)) throw new Error(`${table} answered none of the keys asked.`);
    left = [...unprocessed, ...left.slice(100)];
  }
  return found;
}
