// One convergence step of a connection; safe to run twice, to die anywhere, and to run beside a zombie.
// lease → (generation noted) → pull every calendar → removals → health → cursors, last → release → clear the mark.
import { createHash } from 'node:crypto';
import { CalendarError, type CalendarProvider, type Calendars, type OpenCalendars, type Session, type Window } from '../calendars/port.ts';
import type { Clock, Random } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { connectionGate } from '../platform/connection-gate.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InTurn } from '../platform/in-turn.ts';
import type { Lease, Leases, RowChange } from '../platform/lease.ts';
import type { InboundHint } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import type { CallMeter, Quota } from '../platform/quota.ts';
import { every, syncGate, type Settings, type SettingsSnapshot } from '../platform/settings.ts';
import type { Trace } from '../platform/trace.ts';
import type { BusyRows, CalendarPlace } from './busy-rows.ts';
import { dueChange, duesAfter, pollPeriod, relistAfterTakeover, type Dues, type Fleet } from './due.ts';
import { BusyNews } from './busy-news.ts';
import { healthOf } from './health.ts';
import { leaveConnection, type LeavingEnd, type LeavingParts } from './leaving.ts';
import type { OwnEvents } from './own-news.ts';
import { pullCalendar } from './pull-calendar.ts';
import { failed, paused, quarantined, releaseAndClear, rest } from './pull-endings.ts';
import { decidePull, type PullDecision } from './pull-decision.ts';
import { PullPlan } from './pull-plan.ts';
import type { ConnectionSyncState, CursorRow, SyncStates } from './sync-state.ts';
import { lookAfterWatches, trustAfter, type Looked, type Rang, type Trust, type WatchKeeper } from './watching.ts';
import { listedWindow, type WindowDays } from './window.ts';

export interface InboundParts extends LeavingParts {
  readonly states: SyncStates;
  readonly leases: Leases;
  readonly connections: Connections;
  readonly rows: BusyRows;
  readonly settings: Settings;
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  /** Bearer tokens of a connection; throws CalendarError `grant_dead`. */
  readonly tokens: (connection: Connection) => Session['token'];
  readonly own: OwnEvents;
  /** The grant is dead: says so on the connection and its health, and tells the platform. */
  readonly grantDied: (connection: Connection, /** Only reminds, on this day after. */ reminderDay?: number) => Promise<void>;
  readonly fleet: () => Promise<Fleet>;
  readonly watches: WatchKeeper;
  readonly quota: Quota;
  readonly hints: HintQueue<InboundHint>;
  readonly windowDays: WindowDays;
  /** Complete lists of this process: a few at a time, since each keeps its rows in memory. */
  readonly listing: InTurn;
  readonly clock: Clock;
  readonly random: Random;
  /** Of this run alone. */
  readonly trace?: Trace;
}

export type PullEnd =
  | LeavingEnd
  | { readonly outcome: 'gone' | 'idle' | 'held' | 'backing_off' | 'gated' | 'not_active' | 'paused' | 'lease_lost' }
  | Partial<Written> & { readonly outcome: 'pulled' | 'unreadable' | 'quarantined'; readonly provider: CalendarProvider; readonly items: number; /** From the first unseen notice to rows that readers see. */ readonly visibleAfterMs?: number; /** What was made, renewed and stopped. */ readonly watches: Readonly<Record<string, number>>; /** What kept one from that. */ readonly watchError?: unknown; /** Unreadable, as it was the last time: it waits for the person. */ readonly still?: true }
  | { readonly outcome: 'failed' | 'grant_dead'; readonly provider: CalendarProvider; readonly error: unknown };

/** What stands in the tables now, and by which right. */
interface Written {
  /** Of the lease under which it was written. */
  readonly fence: number;
  /** Of the inbox, as it was before the first page was asked for. */
  readonly generation: number;
  /** The mark is gone: nothing was noticed meanwhile. */
  readonly cleared: boolean;
}

/** A pull under its lease. */
export interface Pull {
  readonly connection: Connection;
  readonly state: ConnectionSyncState;
  readonly decision: PullDecision & { kind: 'pull' };
  readonly lease: Lease;
  readonly snapshot: SettingsSnapshot;
  /** As they stand on the row once the lease is taken. */
  readonly dues: Dues;
  /** Which watches rang for it. */
  readonly rang: readonly Rang[];
  readonly meter: CallMeter;
  /** When the connection was read. */
  readonly readAt: number;
}

export interface Run {
  /** When this run must be over; the lease ends then. */
  readonly endsAt: number;
  /** Which watches rang, as the hints name them. */
  readonly rang?: readonly Rang[];
}

export async function syncConnection(parts: InboundParts, connectionId: string, { endsAt, rang = [] }: Run): Promise<PullEnd> {
  const state = await parts.states.read(connectionId);
  if (!state) return { outcome: 'gone' };
  if ('leaving' in state) return leaveConnection(parts, { connectionId, row: state.leaving, pull: state.pull, endsAt });
  const snapshot = await parts.settings.read();
  const decision = decidePull(state, snapshot, parts.clock());
  if (decision.kind !== 'pull') return { outcome: decision.kind };

  const now = parts.clock();
  const connection = await parts.connections.get(connectionId);
  if (!connection) return { outcome: 'gone' };
  if (syncGate(snapshot, connection.provider_id) !== 'open') return { outcome: 'gated' };

  const relist: Dues = { ...state.pull, dueRelist: now + relistAfterTakeover };
  const lease = await parts.leases.take(state.pull, { connectionId, part: 'pull', now, endsAt, onTakeover: dueChange(relist, connectionId) });
  if (!lease) return { outcome: 'held' };
  const meter = parts.quota.meter(connection.calendar_provider, decision.dirty ? 'notice' : 'poll', state.pull);
  const pull = { connection, state, decision, lease, snapshot, rang, meter, readAt: now, dues: lease.takenOver ? relist : state.pull };
  if (connection.state !== 'active') return rest(parts, pull);
  if (connection.paused_at !== undefined) return paused(parts, pull);
  try {
    return await pullAndSave(parts, pull);
  } catch (error) {
    return failed(parts, pull, error);
  }
}

async function pullAndSave(parts: InboundParts, before: Pull): Promise<PullEnd> {
  const { states, rows, clock } = parts;
  const startedAt = clock();
  const calendars = parts.open[before.connection.calendar_provider](sessionFor(parts, before));
  const gates = { jobs: before.snapshot.flag(Setting.jobsEnabled) === 'open', notices: noticesAdmitted(before) };
  const looked = await lookAfterWatches(parts, { ...before, due: before.decision.due, calendars, gates, now: startedAt });
  const pull = { ...before, connection: looked.connection };
  const { connection, state, decision, lease } = pull;
  const plan = new PullPlan();
  const news = new BusyNews({ finished: Math.max(0, ...[...state.cursors.values()].map(({ fence = 0 }) => fence)), now: startedAt });
  const read = await pullCalendars(parts, pull, { calendars, plan, news, startedAt });

  await eachConcurrently(plan.removals, 40, async ([rowKey, { providerId }]) => void (await rows.remove(providerId, rowKey, { fence: lease.fence, now: clock(), news })));
  const { lookAgain } = await parts.own.report({ connection, sightings: plan.sightings, absences: plan.absences, lists: plan.lists, calendars });
  if (news.changed) await parts.own.busyChanged({ connection, added: news.added, cause: causeOf(read.cursors) });

  const changed = read.changed.filter((key) => !plan.lists.some(({ place }) => place.calendarKey === key));
  const trust = trustAfter({ ...pull, looked, admitted: gates.notices, byPoll: isByPoll(decision), changed, covered: parts.watches.covers(connection, startedAt), now: startedAt });
  const period = pollPeriod(trust.proven, await parts.fleet());
  const cursors = new Map([...state.cursors, ...read.cursors]);
  await rows.saveHealth(connection.provider_id, healthOf(connection, cursors, { pollMs: period, unreadable: read.unreadable }), lease.fence);
  const visibleAt = clock();
  for (const [key, row] of read.cursors) {
    if (!(await states.saveCursor(lease, key, row))) return { outcome: 'lease_lost' };
  }
  for (const key of read.dropped) await states.dropCursor(lease, key);

  const end = { provider: connection.calendar_provider, items: read.items, ...(state.inbox.dirtySince !== undefined && { visibleAfterMs: visibleAt - state.inbox.dirtySince }), watches: looked.done, ...(looked.failure && { watchError: looked.failure }) };
  if (read.quarantined) return quarantined(parts, pull, end);
  const done = new Set([...decision.due].filter((kind) => !(kind === 'relist' && lease.takenOver)));
  const trailing = decision.dirty && connection.calendar_provider === 'microsoft';
  const dues = duesAfter(pull.dues, { connectionId: lease.connectionId, done, listed: decision.list, trailing, lookAgain, dueWatch: looked.dueWatch, proven: trust.proven, now: clock(), period, random: parts.random });
  const change = { ...dueChange(dues, lease.connectionId), backoffUntil: undefined, errorCount: undefined, lastError: undefined, delivered: state.inbox.delivered, unreadable: read.unreadable ? 1 : undefined, ...watchChange(trust, looked) };
  const cleared = await releaseAndClear(parts, pull, change, { read: true });
  return { outcome: read.unreadable ? 'unreadable' : 'pulled', ...end, fence: lease.fence, generation: state.inbox.generation, cleared, ...(read.unreadable && state.pull.unreadable === 1 && { still: true }) };
}

/** Every calendar that blocks or receives, one after the other. One that can't be read does not stop the others. */
async function pullCalendars(parts: InboundParts, { connection, state, decision, lease }: Pull, run: { calendars: Calendars; plan: PullPlan; news: BusyNews; startedAt: number }) {
  const cursors = new Map<string, CursorRow>();
  const changed: string[] = [];
  let [items, unreadable, quarantined] = [0, false, false];
  const window: Window = listedWindow(parts.windowDays, run.startedAt);
  for (const calendar of connection.calendars.filter(({ blocks, receives }) => blocks || receives)) {
    const place: CalendarPlace = { providerId: connection.provider_id, connectionId: connection.connection_id, calendarId: calendar.id, calendarKey: calendar.key, calendarProvider: connection.calendar_provider, ...(connection.adopts === 1 && { adopts: true }) };
    try {
      const pulled = await pullCalendar(
        { place, calendar, calendars: run.calendars, rows: parts.rows, recognise: parts.own.recognise, plan: run.plan, news: run.news, lease, window, now: run.startedAt, listing: parts.listing },
        state.cursors.get(calendar.key) ?? {},
        decision.list,
      );
      cursors.set(calendar.key, pulled.outcome === 'read' ? { ...pulled.cursor, blocks: calendar.blocks ? 1 : 0 } : pulled.cursor);
      if (pulled.outcome === 'quarantined') quarantined = true;
      else {
        items += pulled.items;
        if (pulled.items > 0) changed.push(calendar.key);
      }
    } catch (error) {
      if (!(error instanceof CalendarError) || error.kind !== 'unreadable') throw error;
      unreadable ||= calendar.blocks;
      const { cursor: _listed, ...known } = state.cursors.get(calendar.key) ?? {};
      // The list that it was to have is made as soon as it can be read: without a cursor there is no other way.
      if (decision.list) cursors.set(calendar.key, known);
    }
  }
  const dropped = await sweepDropped(parts, { connection, state, plan: run.plan });
  return { cursors, items, unreadable, quarantined, changed, dropped };
}

/** Where the pull has come to. */
const causeOf = (cursors: ReadonlyMap<string, CursorRow>): string =>
  createHash('sha256').update(JSON.stringify([...cursors].map(([key, { cursor }]) => [key, cursor]).sort())).digest('base64url').slice(0, 22);

/** Calendars that this connection once read and reads no more: their rows go with the other removals, and their cursors last. */
async function sweepDropped({ rows }: InboundParts, { connection, state, plan }: { connection: Connection; state: ConnectionSyncState; plan: PullPlan }): Promise<string[]> {
  const dropped = [...state.cursors.keys()].filter((key) => !connection.calendars.some((calendar) => calendar.key === key && (calendar.blocks || calendar.receives)));
  for (const calendarKey of dropped) {
    const place: CalendarPlace = { providerId: connection.provider_id, connectionId: connection.connection_id, calendarId: '', calendarKey, calendarProvider: connection.calendar_provider };
    plan.sweep(place, (await rows.ofCalendar(place)).keys());
  }
  return dropped;
}

function sessionFor(parts: InboundParts, { connection, lease, meter, readAt }: Pull): Session {
  const gate = connectionGate(parts, connection, readAt);
  return {
    connectionId: connection.connection_id,
    token: parts.tokens(connection),
    endsAt: lease.endsAt,
    trace: parts.trace,
    ...(connection.zone !== undefined && { zone: connection.zone }),
    async permit() {
      await gate();
      await meter.permit();
    },
  };
}

/** Nothing but the polling floor asked for it: whatever it finds, no notice told of. */
const isByPoll = ({ dirty, due, list }: PullDecision & { kind: 'pull' }): boolean => !dirty && !list && due.has('poll') && !due.has('trailing');

/** What the `pull` row holds of the watches; what is absent goes. */
const watchChange = ({ provenAt, suspicion }: Trust, { failures }: Looked): RowChange => ({
  provenAt,
  missedAt: suspicion.missedAt,
  missedIn: suspicion.missedIn,
  misses: suspicion.misses,
  watchFailures: failures === 0 ? undefined : failures,
});

const noticesAdmitted = ({ snapshot, connection }: Pull): boolean =>
  every(snapshot.flag(Setting.webhookEnabled), snapshot.allows(Setting.connectionAllowlist, connection.connection_id)) === 'open';
