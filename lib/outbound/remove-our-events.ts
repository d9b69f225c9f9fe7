// What a connection that leaves asks of outbound: that no write to its calendars is under way or will begin, and, where the person wants
// it, that our events to come are taken out of its calendars.
import { CalendarError, type Calendars } from '../calendars/port.ts';
import { seconds, type Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import type { Lease, Leases } from '../platform/lease.ts';
import { applyTarget } from './apply-target.ts';
import type { Bookings, TargetRow } from './bookings.ts';
import type { FutureBookings } from './future-bookings.ts';
import type { ReadPushRow } from './targets.ts';

export interface FarewellParts {
  readonly bookings: Bookings;
  readonly future: FutureBookings;
  readonly leases: Leases;
  readonly pushRow: ReadPushRow;
  readonly clock: Clock;
}
type Farewell = { readonly outcome: 'done' } | { readonly outcome: 'again'; readonly retryAt: number };

/** A zombie whose lease was taken over is killed within seconds of its lease's end. */
const zombieLife = seconds(30);
const done: Farewell = { outcome: 'done' };

/** Closes the `push` row: who read the connection before it began to leave takes no lease any more. */
export async function drainPushes({ leases, pushRow, clock }: FarewellParts, { connection_id: connectionId }: Connection, endsAt: number): Promise<Farewell> {
  const row = await pushRow(connectionId);
  if (!row) return done;
  const now = clock();
  const lease = await leases.take(row, { connectionId, part: 'push', now, endsAt });
  if (!lease) return { outcome: 'again', retryAt: now + seconds(5) };
  await leases.release(lease, { closed: 1, dueLate: undefined, dueAt: undefined, dueShard: undefined });
  return lease.takenOver ? { outcome: 'again', retryAt: now + zombieLife } : done;
}

/** Deletes what still stands of future bookings in this connection's calendars, also in those that receive no more. */
export async function removeOurEvents(parts: FarewellParts, connection: Connection, { calendars, endsAt }: { calendars: (endsAt: number) => Calendars; endsAt: number }): Promise<Farewell> {
  const { connection_id: connectionId } = connection;
  const row = await parts.pushRow(connectionId);
  if (!row) return done;
  const lease = await parts.leases.take(row, { connectionId, part: 'push', now: parts.clock(), endsAt });
  if (!lease) return { outcome: 'again', retryAt: parts.clock() + seconds(5) };
  try {
    return await walk(parts, connection, { lease, calendars: calendars(lease.endsAt) });
  } finally {
    await parts.leases.release(lease, {});
  }
}

/** Of this provider; and those that went to another before their event was removed here, which are pending still. */
async function* bookingsOf({ future, clock }: FarewellParts, { connection_id: connectionId, provider_id, calendars }: Connection, endsAt: number): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const page = await future.page(provider_id, { endsAfter: clock(), ...(after !== undefined && { after }) });
    yield* page.ids;
    after = page.next;
  } while (after !== undefined);
  for await (const ids of future.pending()) {
    // Nothing is called for most of them, so that no call would tell that time ran out: it is tried again, and after a day the person's wish goes first.
    if (clock() >= endsAt) throw new CalendarError('out_of_time', { reason: 'too much is pending to be looked through in one run' });
    for (const { key } of calendars) yield* (await future.targetsIn({ connectionId, calendarKey: key }, ids)).keys();
  }
}

async function walk(parts: FarewellParts, connection: Connection, held: { lease: Lease; calendars: Calendars }): Promise<Farewell> {
  let retryAt: number | undefined;
  for await (const id of bookingsOf(parts, connection, held.lease.endsAt)) {
    const { wish, targets } = await parts.bookings.read(id);
    for (const target of targets) {
      if (!wish || Date.parse(wish.end) <= parts.clock() || target.connectionId !== connection.connection_id || target.removed) continue;
      const until = await removeOne(parts, { connection, wish, target, ...held });
      if (until !== undefined) retryAt = Math.max(retryAt ?? 0, until);
    }
  }
  return retryAt === undefined ? done : { outcome: 'again', retryAt };
}

type One = { readonly connection: Connection; readonly wish: Parameters<typeof applyTarget>[0]['wish']; readonly target: TargetRow; readonly lease: Lease; readonly calendars: Calendars };

/** When to look again, where that is needed. A calendar that is gone, or that takes no writes any more, keeps what it has. */
async function removeOne({ bookings, clock }: FarewellParts, { connection, wish, target, lease, calendars }: One): Promise<number | undefined> {
  const calendar = { id: target.calendarId, key: target.calendarKey };
  try {
    const end = await applyTarget({ bookings, calendars, calendar, calendarProvider: connection.calendar_provider, lease, wish, clock }, target, false);
    if (end.outcome === 'lease_lost') return clock() + seconds(5);
    return end.outcome === 'wait' ? end.until : undefined;
  } catch (error) {
    if (error instanceof CalendarError && (error.kind === 'unreadable' || error.kind === 'rejected')) return undefined;
    throw error;
  }
}
