// What a pull does for the connection's watches, before it reads: whatever a new watch was too late for, this very pull still finds.
import { CalendarError, type Calendars } from '../calendars/port.ts';
import { hours, minutes, seconds, type Random } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import type { DueKind } from './due.ts';
import { silentCalendar, suspect, type Suspicion } from './silence.ts';
import type { ConnectionSyncState } from './sync-state.ts';

/** A watch that delivered, as the hint names it. */
export interface Rang {
  readonly id: string;
  readonly resource_id?: string;
}

export interface WatchesAsked {
  readonly connectionId: string;
  readonly calendars: Calendars;
  readonly snapshot: SettingsSnapshot;
  readonly silent?: ReadonlySet<string>;
  readonly check?: boolean;
  readonly heard?: readonly Rang[];
}

/** Who makes, renews and stops watches; wired in functions/, as rooms don't import each other. */
export interface WatchKeeper {
  /** `missing`: something that is read is not watched. `renewal`: an end comes near, or an old one is still to be stopped. */
  readonly want: (connection: Connection, now: number) => 'missing' | 'renewal' | undefined;
  /** Whether notices can come for all that is read. */
  readonly covers: (connection: Connection, now: number) => boolean;
  readonly nextAt: (connection: Connection, now: number) => number;
  readonly ensure: (asked: WatchesAsked) => Promise<{ readonly connection: Connection | undefined; readonly nextAt: number; readonly done: Readonly<Record<string, number>>; readonly failure?: CalendarError }>;
}

interface Look {
  readonly connection: Connection;
  readonly state: ConnectionSyncState;
  readonly due: ReadonlySet<DueKind>;
  readonly snapshot: SettingsSnapshot;
  readonly rang: readonly Rang[];
  readonly calendars: Calendars;
  /** JOBS is on, and notices are let in. */
  readonly gates: { readonly jobs: boolean; readonly notices: boolean };
  readonly now: number;
}

export interface Looked {
  readonly connection: Connection;
  readonly dueWatch: number;
  readonly failures: number;
  /** A silent watch was replaced: nothing is proven any more. */
  readonly replaced: boolean;
  readonly suspicion: Suspicion;
  readonly done: Readonly<Record<string, number>>;
  /** What kept a watch from being made or renewed: the calendars are read all the same. */
  readonly failure?: CalendarError;
}

/** After this many failures in a row polling no longer relies on what may be left of the watches, and waits for them no longer. */
export const failuresTillTight = 3;

/** From half a minute up to six hours, doubling, with full jitter; what the provider asked for is the least. */
export const watchRetry = (failures: number, random: Random, retryAfterMs = 0): number => Math.max(retryAfterMs, seconds(30) + Math.round((Math.min(hours(6), minutes(1) * 2 ** Math.min(failures, 12)) - seconds(30)) * random()));

/** True once a webhook has recorded something since the last complete pull: only a webhook fills a slot of the inbox. */
export const hasDelivered = ({ inbox, pull }: ConnectionSyncState): boolean => inbox.delivered !== (pull.delivered ?? '');

/** Key of the calendar whose watch rang, where the hint named one that the connection knows. */
export const rangFor = ({ watches }: Connection, rang: readonly Rang[]): string | undefined => watches.find(({ id }) => rang.some((each) => each.id === id))?.calendar_key;

export const watchesApart = ({ calendar_provider, calendars }: Connection): boolean => calendar_provider === 'google' && calendars.filter(({ blocks, receives }) => blocks || receives).length > 1;

/**
 * Throws where a lifecycle notice asked for a look and it could not be had: a failed check is a failed pull. After some of them the
 * calendars are read all the same, polled fast, and the look is asked for on its own time until it is had.
 */
export async function lookAfterWatches({ watches, random }: { watches: WatchKeeper; random: Random }, look: Look): Promise<Looked> {
  const { connection, state, due, now, gates, rang } = look;
  const { pull, inbox } = state;
  const suspicion = suspect(pull, { now, delivered: hasDelivered(state), rang: rangFor(connection, rang), severalWatches: watchesApart(connection), byPoll: false, changed: [] });
  const silent = gates.jobs && gates.notices ? silentCalendar(suspicion, { now, provenAt: pull.provenAt, madeAt: madeAt(connection, suspicion) }) : undefined;
  const asked = inbox.watchDue !== undefined;
  const owed = (pull.watchFailures ?? 0) >= failuresTillTight;
  const want = watches.want(connection, now);
  const waits = pull.watchFailures !== undefined && (pull.dueWatch ?? 0) > now;
  const wanted = !waits && (want === 'missing' || (want === 'renewal' && gates.jobs));
  const heard = rang.filter(({ id }) => id !== '' && !connection.watches.some((watch) => watch.id === id));
  if (!asked && silent === undefined && !wanted && heard.length === 0 && !due.has('watch')) {
    return { connection, dueWatch: pull.dueWatch ?? watches.nextAt(connection, now), failures: pull.watchFailures ?? 0, replaced: false, suspicion, done: {} };
  }
  const kept = await ensure(watches, { connectionId: connection.connection_id, calendars: look.calendars, snapshot: look.snapshot, check: asked || owed, heard, ...(silent !== undefined && { silent: new Set([silent]) }) });
  if (asked && kept.failure && (pull.errorCount ?? 0) < failuresTillTight) throw kept.failure;
  const failures = kept.failure ? Math.max((pull.watchFailures ?? 0) + 1, asked ? failuresTillTight : 0) : 0;
  return {
    connection: kept.connection ?? connection,
    dueWatch: kept.failure ? now + watchRetry(failures, random, kept.failure.retryAfterMs) : (kept.nextAt ?? watches.nextAt(connection, now)),
    failures,
    replaced: silent !== undefined && !kept.failure,
    suspicion: silent === undefined || kept.failure ? suspicion : {},
    done: kept.done,
    ...(kept.failure && { failure: kept.failure }),
  };
}

const madeAt = ({ watches }: Connection, { missedIn }: Suspicion): number | undefined => watches.find(({ calendar_key, retired }) => !retired && (calendar_key === undefined || calendar_key === missedIn))?.made_at;

/** What keeps watches from being looked after leaves the calendars readable: it is told, not thrown, unless it ends the whole run. */
async function ensure(watches: WatchKeeper, asked: WatchesAsked): Promise<{ connection?: Connection | undefined; nextAt?: number; done: Readonly<Record<string, number>>; failure?: CalendarError }> {
  try {
    return await watches.ensure(asked);
  } catch (error) {
    if (!(error instanceof CalendarError) || error.kind === 'grant_dead' || error.kind === 'out_of_time') throw error;
    return { done: {}, failure: error };
  }
}

/** How far notices can be relied on after a pull. */
export interface Trust {
  readonly provenAt: number | undefined;
  /** False: polled fast. */
  readonly proven: boolean;
  readonly suspicion: Suspicion;
}

interface AfterPull {
  readonly state: ConnectionSyncState;
  readonly looked: Looked;
  readonly rang: readonly Rang[];
  /** Notices are let in. */
  readonly admitted: boolean;
  /** A poll was due, nothing else, and nobody rang. */
  readonly byPoll: boolean;
  /** Keys of calendars whose cursor brought changes. */
  readonly changed: readonly string[];
  readonly covered: boolean;
  readonly now: number;
}

export function trustAfter({ state, looked, rang, admitted, byPoll, changed, covered, now }: AfterPull): Trust {
  const delivered = hasDelivered(state);
  const provenAt = looked.replaced ? undefined : delivered ? now : state.pull.provenAt;
  const { connection } = looked;
  const seen = { now, delivered, rang: rangFor(connection, rang), severalWatches: watchesApart(connection), byPoll: byPoll && admitted && covered, provenAt: state.pull.provenAt, changed };
  const suspicion = looked.replaced ? {} : suspect(looked.suspicion, seen);
  const proven = provenAt !== undefined && admitted && covered && suspicion.missedAt === undefined && looked.failures < failuresTillTight;
  return { provenAt, proven, suspicion };
}
