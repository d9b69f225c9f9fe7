// Which watches a connection should have, decided without a call. Google: a channel for every calendar that blocks or receives; Graph: one
// subscription for the mailbox. A watch is renewed well before its end, each at a moment of its own, so that a fleet does not renew in step.
import { createHash } from 'node:crypto';
import type { Connection, ConnectionCalendar, ConnectionWatch } from '../platform/connections.ts';
import { isLive, usualLife, watchedCalendars } from '../platform/watched.ts';

export interface WatchFacts {
  readonly now: number;
  /** The newest webhook key that signs; absent where nobody asks for rotation. */
  readonly keyId?: string;
  /** Keys of calendars that changed without a notice: what watches them is silent. */
  readonly silent?: ReadonlySet<string>;
  /** The provider says that something is amiss with the watch: look at each now. */
  readonly check?: boolean;
}

export type Step =
  | { readonly kind: 'create'; readonly calendar: ConnectionCalendar }
  /** A new one first, then these are stopped. */
  | { readonly kind: 'replace'; readonly calendar: ConnectionCalendar; readonly watches: readonly ConnectionWatch[] }
  /** Graph alone: the same subscription, with a later end. */
  | { readonly kind: 'renew'; readonly calendar: ConnectionCalendar; readonly watch: ConnectionWatch }
  | { readonly kind: 'stop'; readonly watch: ConnectionWatch };

/** When to renew: between a fifth and two fifths of its life before its end, by a hash of its connection and calendar. */
export function renewAt(connectionId: string, { calendar_key = '', expires_at = 0, made_at }: ConnectionWatch): number {
  const life = made_at === undefined ? usualLife : Math.max(0, expires_at - made_at);
  const place = createHash('sha256').update(`${connectionId}#${calendar_key}`).digest().readUInt32BE(12) / 2 ** 32;
  return Math.round(expires_at - life * (0.2 + 0.2 * place));
}

/** All that is to be done now, the new before the old ends. Nothing to do: an empty list. */
export function planWatches(connection: Connection, facts: WatchFacts): Step[] {
  const targets = watchedCalendars(connection);
  const steps: Step[] = [];
  const spoken = new Set<ConnectionWatch>();
  for (const calendar of targets) {
    const own = connection.watches.filter((watch) => !watch.retired && (connection.calendar_provider === 'microsoft' || watch.calendar_key === calendar.key));
    for (const watch of own) spoken.add(watch);
    steps.push(...planOne(connection, calendar, { own, facts }));
  }
  // Retired before and not stopped yet, or of a calendar that is not watched any more; one that ended needs no call, but leaves the list.
  for (const watch of connection.watches.filter((each) => !spoken.has(each))) steps.push({ kind: 'stop', watch });
  return steps;
}

function planOne(connection: Connection, calendar: ConnectionCalendar, { own, facts }: { own: readonly ConnectionWatch[]; facts: WatchFacts }): Step[] {
  const { now, keyId, check = false, silent = new Set<string>() } = facts;
  const best = own.filter((watch) => isLive(watch, now)).sort((a, b) => (b.expires_at ?? 0) - (a.expires_at ?? 0))[0];
  const rest = own.filter((watch) => watch !== best);
  if (!best) return [own.length === 0 ? { kind: 'create', calendar } : { kind: 'replace', calendar, watches: own }];
  const graph = connection.calendar_provider === 'microsoft';
  const isSilent = graph ? silent.size > 0 : silent.has(calendar.key);
  const isDue = renewAt(connection.connection_id, best) <= now || (graph && check);
  const oldKey = keyId !== undefined && best.key_id !== keyId;
  if (isSilent || (isDue && (!graph || oldKey))) return [{ kind: 'replace', calendar, watches: own }];
  return [...(isDue ? [{ kind: 'renew', calendar, watch: best } as const] : []), ...rest.map((watch) => ({ kind: 'stop', watch }) as const)];
}

/** Why the watches want a look: something is not watched that should be, or only an end comes near. */
export function watchesWant(connection: Connection, now: number): 'missing' | 'renewal' | undefined {
  const steps = planWatches(connection, { now });
  if (steps.length === 0) return undefined;
  const live = (calendar: ConnectionCalendar): boolean =>
    connection.watches.some((watch) => isLive(watch, now) && (connection.calendar_provider === 'microsoft' || watch.calendar_key === calendar.key));
  return watchedCalendars(connection).every(live) ? 'renewal' : 'missing';
}

/** The next moment at which a watch of it is to be renewed; without any, in a week. */
export function nextRenewal({ connection_id, watches }: Connection, now: number): number {
  const times = watches.filter((watch) => isLive(watch, now)).map((watch) => renewAt(connection_id, watch));
  return times.length === 0 ? now + usualLife : Math.min(...times);
}

/** Whether notices can be counted on for all that it reads: every calendar has a live watch. One that can't be watched is polled. */
export function isWatched(connection: Connection, now: number): boolean {
  const read = connection.calendars.filter(({ blocks, receives }) => blocks || receives);
  return read.every(
    ({ key, watchable }) => watchable !== false && connection.watches.some((watch) => isLive(watch, now) && (connection.calendar_provider === 'microsoft' || watch.calendar_key === key)),
  );
}
