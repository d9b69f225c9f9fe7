// Brings every target of a booking in line with its wish: read the wish → find the targets now → apply each under its connection's
// push lease → clear pending if nothing changed meanwhile. Safe to run twice, to die anywhere, and to run beside another.
import { CalendarError, type CalendarProvider, type OpenCalendars, type Session } from '../calendars/port.ts';
import { backoff } from '../platform/backoff.ts';
import { days, hours, minutes, seconds, type Clock, type Random } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { connectionGate } from '../platform/connection-gate.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { Lease, Leases } from '../platform/lease.ts';
import type { BookingHint } from '../platform/messages.ts';
import type { CallMeter, Quota } from '../platform/quota.ts';
import { syncGate, type Settings } from '../platform/settings.ts';
import { safeReason } from '../platform/telemetry.ts';
import { about, type Trace } from '../platform/trace.ts';
import { applyTarget, type TargetEnd } from './apply-target.ts';
import type { Bookings, Wish } from './bookings.ts';
import { connectionsFor, leftToLeaving, workOf, type ConnectionIdsOf, type ReadPushRow, type Work } from './targets.ts';

export interface OutboundParts {
  readonly bookings: Bookings;
  readonly leases: Leases;
  readonly pushRow: ReadPushRow;
  readonly connections: Connections;
  readonly connectionIdsOf: ConnectionIdsOf;
  readonly settings: Settings;
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  readonly tokens: (connection: Connection) => Session['token'];
  readonly grantDied: (connection: Connection) => Promise<void>;
  readonly hints: HintQueue<BookingHint>;
  readonly quota: Quota;
  readonly clock: Clock;
  readonly random: Random;
  /** Of this run alone. */
  readonly trace?: Trace;
}

/** What was done at one calendar. */
export interface TargetReport {
  readonly connectionId: string;
  readonly provider: CalendarProvider;
  readonly calendarKey: string;
  readonly outcome: TargetEnd['outcome'] | 'held' | 'backing_off' | 'failed' | 'grant_dead' | 'gated' | 'paused' | 'leaving';
  readonly eventId?: string;
  /** Of the lease under which it was written. */
  readonly fence?: number;
  /** When to look again, in ms; absent: nothing is left to do here. */
  readonly retryAt?: number;
  readonly error?: unknown;
  /** How long the calendar was worked on; absent where that only had to wait. */
  readonly ms?: number;
}

export interface DrainEnd {
  /** `done`: every target is as wished. `idle`: nothing was pending. `left`: a hint will ring again. */
  readonly outcome: 'gone' | 'idle' | 'gated' | 'done' | 'left';
  readonly version?: number;
  readonly targets: readonly TargetReport[];
  /** From the moment the change was recorded until every target showed it. */
  readonly appliedAfterMs?: number;
}

/** Resuming rings at once for all that is still to come; this is for the rest. */
const pausedWait = minutes(10);
const leavingWait = minutes(1);
const leaseWait = (tries: number): number => Math.min(60, 2 * 2 ** Math.min(tries, 5));

export async function drainBooking(parts: OutboundParts, { booking_id: bookingId, tries = 0 }: BookingHint, endsAt: number): Promise<DrainEnd> {
  const rows = await parts.bookings.read(bookingId);
  const { wish } = rows;
  if (!wish) return { outcome: 'gone', targets: [] };
  if (wish.pendingSince === undefined) return { outcome: 'idle', version: wish.version, targets: [] };

  const readAt = parts.clock();
  const found = await connectionsFor(wish, rows, parts);
  const work = workOf(wish, rows, found);
  const targets: TargetReport[] = [];
  for (const one of work) {
    targets.push(await applyUnderLease(parts, wish, { ...one, tries, readAt, endsAt }));
  }
  const left = leftToLeaving(wish, rows, found);
  for (const { connection, row } of left) {
    // While its gate is closed its goodbye waits too: upkeep rings once it opens.
    const waits = syncGate(await parts.settings.read(), connection.provider_id) === 'open' ? ({ outcome: 'leaving', retryAt: readAt + leavingWait } as const) : ({ outcome: 'gated' } as const);
    targets.push({ connectionId: connection.connection_id, provider: connection.calendar_provider, calendarKey: row.calendarKey, ...waits });
  }
  const retryAts = targets.flatMap(({ retryAt }) => retryAt ?? []);
  if (retryAts.length > 0) return putOff(parts, wish, { targets, tries, retryAt: Math.min(...retryAts) });
  const gated = targets.findIndex(({ outcome }) => outcome === 'gated');
  if (gated >= 0) {
    await parts.bookings.hold(bookingId, wish, [...work, ...left][gated]?.connection.provider_id ?? wish.providerId);
    return { outcome: 'gated', version: wish.version, targets };
  }
  if (await parts.bookings.settle(bookingId, wish)) return { outcome: 'done', version: wish.version, targets, appliedAfterMs: parts.clock() - wish.pendingSince };
  await parts.hints.send({ v: 1, hint: 'booking', booking_id: bookingId }, 1);
  return { outcome: 'left', version: wish.version, targets };
}

/** The wish stays pending; one delayed hint rings again, and upkeep keeps quiet until then. */
async function putOff(parts: OutboundParts, wish: Wish, { targets, tries, retryAt }: { targets: readonly TargetReport[]; tries: number; retryAt: number }): Promise<DrainEnd> {
  const held = targets.some(({ outcome }) => outcome === 'held');
  const paused = targets.every(({ outcome, retryAt: at }) => at === undefined || outcome === 'paused' || outcome === 'leaving');
  await parts.bookings.deferTo(wish.id, retryAt, { paused });
  await parts.hints.send({ v: 1, hint: 'booking', booking_id: wish.id, ...(held && { tries: tries + 1 }) }, Math.max(1, Math.ceil((retryAt - parts.clock()) / 1000)));
  return { outcome: 'left', version: wish.version, targets };
}

async function applyUnderLease(parts: OutboundParts, wish: Wish, { connection, calendar, present, orphans, tries, readAt, endsAt }: Work & { tries: number; readAt: number; endsAt: number }): Promise<TargetReport> {
  const { connection_id: connectionId, calendar_provider: provider } = connection;
  const report = { connectionId, provider, calendarKey: calendar.key };
  // One gate says nothing of another target's: a booking that changed hands may have its new provider let in and its old one not.
  if (syncGate(await parts.settings.read(), connection.provider_id) !== 'open') return { ...report, outcome: 'gated' };
  const now = parts.clock();
  if (connection.paused_at !== undefined) return { ...report, outcome: 'paused', retryAt: now + pausedWait };
  const row = await parts.pushRow(connectionId);
  if (!row || row.closed === 1) return { ...report, outcome: 'unchanged' }; // leaving, or erased meanwhile
  if (row.backoffUntil !== undefined && row.backoffUntil > now) return { ...report, outcome: 'backing_off', retryAt: row.backoffUntil };
  const lease = await parts.leases.take(row, { connectionId, part: 'push', now, endsAt });
  if (!lease) return { ...report, outcome: 'held', retryAt: now + seconds(leaseWait(tries)) };

  const meter = parts.quota.meter(provider, 'booking', row);
  try {
    // Read anew under the lease: the holder before may have moved the row on.
    const fresh = await parts.bookings.read(wish.id);
    const target = fresh.targets.find((one) => one.connectionId === connectionId && one.calendarKey === calendar.key);
    const newest = fresh.wish ?? wish;
    const calendars = parts.open[provider](sessionFor(parts, connection, { bookingId: wish.id, lease, gate: connectionGate(parts, connection, readAt), meter }));
    const end = await applyTarget({ bookings: parts.bookings, calendars, calendar, calendarProvider: provider, lease, wish: newest, clock: parts.clock, orphans }, target, present && !newest.cancelled);
    await parts.leases.release(lease, { backoffUntil: undefined, errorCount: undefined, lastError: undefined, ...meter.count() });
    if (end.outcome === 'wait') return { ...report, outcome: 'wait', retryAt: end.until };
    if (end.outcome === 'lease_lost') return { ...report, outcome: 'lease_lost', retryAt: parts.clock() + seconds(2) };
    return { ...report, ...end, fence: lease.fence, ms: parts.clock() - now };
  } catch (error) {
    const end = await failed(parts, { wish, connection, calendar, lease, meter, present, errorCount: (row.errorCount ?? 0) + 1, error });
    return { ...report, ...end, ...(end.outcome !== 'gated' && { ms: parts.clock() - now }) };
  }
}

async function failed(parts: OutboundParts, { wish, connection, calendar, lease, meter, present, errorCount, error }: Pick<Work, 'calendar'> & { wish: Wish; connection: Connection; lease: Lease; meter: CallMeter; present: boolean; errorCount: number; error: unknown }): Promise<Pick<TargetReport, 'outcome' | 'retryAt' | 'error'>> {
  if (error instanceof GateClosed) {
    await parts.leases.giveUp(lease, {});
    return { outcome: 'gated' };
  }
  if (error instanceof CalendarError && error.kind === 'grant_dead') {
    await parts.grantDied(connection);
    await parts.leases.giveUp(lease, {});
    return { outcome: 'grant_dead', error };
  }
  if (error instanceof CalendarError && (error.kind === 'rejected' || (error.kind === 'unreadable' && !present))) {
    // This booking's own fault, or that of a calendar that takes no deletes any more, from which bookings may just be moving away: it waits, and
    // the connection's other bookings go on.
    // Refused for good by a calendar that was left, it would be asked for ever, and keep the booking pending: that keeps what it has, as after a goodbye.
    const left = !connection.calendars.some(({ key, receives }) => receives && key === calendar.key);
    const keepsIt = !present && left && (await isRefusedForGood(parts, wish, { lease, calendar }));
    await parts.leases.giveUp(lease, { lastError: safeReason(error), ...meter.count() });
    if (keepsIt) return { outcome: 'failed', error };
    const waited = parts.clock() - (wish.pendingSince ?? parts.clock());
    return { outcome: 'failed', retryAt: parts.clock() + (present ? minutes(5) : Math.max(minutes(5), Math.min(hours(1), waited))), error };
  }
  const retryAt = parts.clock() + backoff(errorCount, parts.random, error instanceof CalendarError ? error.retryAfterMs : 0);
  await parts.leases.giveUp(lease, { backoffUntil: retryAt, errorCount, lastError: safeReason(error), ...meter.count() });
  return { outcome: 'failed', retryAt, error };
}

/** A day after the first refusal, not after the mark: for days a gate or a pause may have let nobody ask. Whoever asks anew has a day anew. */
async function isRefusedForGood({ bookings, clock }: OutboundParts, { id }: Wish, { lease, calendar }: { lease: Lease } & Pick<Work, 'calendar'>): Promise<boolean> {
  const row = (await bookings.read(id)).targets.find(({ connectionId, calendarKey }) => connectionId === lease.connectionId && calendarKey === calendar.key);
  if (!row) return false;
  const forGood = row.refusedAt !== undefined && clock() - row.refusedAt >= days(1);
  if (forGood || row.refusedAt === undefined) await bookings.saveTarget({ bookingId: id, connectionId: lease.connectionId, calendarKey: calendar.key, fence: lease.fence }, { refusedAt: forGood ? undefined : clock() });
  return forGood;
}

const sessionFor = (parts: OutboundParts, connection: Connection, { bookingId, lease, gate, meter }: { bookingId: string; lease: Lease; gate: () => Promise<void>; meter: CallMeter }): Session => ({
  connectionId: connection.connection_id,
  token: parts.tokens(connection),
  endsAt: lease.endsAt,
  ...(parts.trace && { trace: about(parts.trace, { booking_id: bookingId, connection_id: connection.connection_id }) }),
  ...(connection.zone !== undefined && { zone: connection.zone }),
  async permit() {
    await gate();
    await meter.permit();
  },
});
