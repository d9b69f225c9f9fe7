// Brings one calendar in line with a wish, under the `push` lease. Every step is decided from the row alone, saved before the call
// that it announces and after the one that it records, so that a crash anywhere is met again at the same step.
import type { Calendars, CalendarRef, DesiredEvent, EventIdentity, WrittenEvent } from '../calendars/port.ts';
import { CalendarError } from '../calendars/port.ts';
import { minutes, type Clock } from '../platform/clock.ts';
import type { Lease } from '../platform/lease.ts';
import { targetPart, type Bookings, type TargetChange, type TargetRow, type Wish } from './bookings.ts';

export interface TargetContext {
  readonly bookings: Bookings;
  readonly calendars: Calendars;
  readonly calendar: CalendarRef;
  readonly calendarProvider: string;
  readonly lease: Lease;
  readonly wish: Wish;
  readonly clock: Clock;
  /** What a connection that is gone left of this booking in the same calendar. */
  readonly orphans?: readonly TargetRow[];
}

export type TargetEnd =
  | { readonly outcome: 'created' | 'updated' | 'removed' | 'unchanged'; readonly eventId?: string }
  /** A create of unknown outcome may still come true: look again then. */
  | { readonly outcome: 'wait'; readonly until: number }
  | { readonly outcome: 'lease_lost' };

/** So long a create whose answer was lost may still appear at the provider. */
const unknownFor = minutes(10);
/** Steps of one run: create, adopt, update and two raised generations fit; more means that the calendar fights back. */
const mostSteps = 8;

class LeaseLost extends Error {}

export async function applyTarget(context: TargetContext, row: TargetRow | undefined, present: boolean): Promise<TargetEnd> {
  try {
    const replaced: string[] = [];
    const end = present ? await makePresent(context, row, replaced) : await makeAbsent(context, row);
    const standing = present && 'eventId' in end ? end.eventId : undefined;
    await removeStrays(context, [...(row?.strays ?? []), ...replaced], standing);
    await removeOrphans(context, standing);
    return end;
  } catch (error) {
    if (error instanceof LeaseLost) return { outcome: 'lease_lost' };
    throw error;
  }
}

/** `replaced` hears of events that were said not to be there: a calendar that is out of reach says so of all, and gives them back later. */
async function makePresent(context: TargetContext, before: TargetRow | undefined, replaced: string[]): Promise<TargetEnd> {
  const { calendars, calendar, wish } = context;
  const settled = before?.disputes ?? 0;
  let row: Progress = before && !before.removed ? before : await begin(context, before ? before.generation + 1 : 0);
  // Its answer may be lost too: how long a missing event may still appear counts from the last attempt.
  if (row === before && row.external_event_id === undefined) await save(context, { attemptedAt: context.clock() });
  for (let step = 0; step < mostSteps; step += 1) {
    const identity = identityOf(context, row.generation);
    if (row.external_event_id === undefined) {
      const created = await calendars.create(calendar, identity, desiredOf(wish));
      if (created.outcome === 'created') return saveApplied(context, created.event, { outcome: 'created', settled });
      const found = (created.eventId !== undefined && (await calendars.read(calendar, created.eventId))) || (await calendars.find(calendar, identity));
      if (found && !found.cancelled) {
        await context.bookings.point(context.lease.connectionId, found.id, pointerOf(context));
        await save(context, { external_event_id: found.id, ical_uid: found.icalUid, etag: found.etag });
        row = { ...row, external_event_id: found.id, etag: found.etag };
      } else row = await begin(context, row.generation + 1); // deleted by a person: its identity stays taken
      continue;
    }
    const updated = await calendars.update(calendar, row.external_event_id, identity, desiredOf(wish), row.etag);
    if (updated.outcome === 'updated') return saveApplied(context, updated.event, { outcome: 'updated', settled });
    const found = updated.outcome === 'changed' ? await calendars.read(calendar, row.external_event_id) : undefined;
    if (found && !found.cancelled) row = { ...row, etag: found.etag };
    else {
      const doubtful = found ? undefined : row.external_event_id;
      if (doubtful !== undefined) replaced.push(doubtful);
      row = await begin(context, row.generation + 1, doubtful);
    }
  }
  throw new CalendarError('unavailable', { reason: 'the event keeps changing' });
}

async function makeAbsent(context: TargetContext, row: TargetRow | undefined): Promise<TargetEnd> {
  if (!row) return { outcome: 'unchanged' };
  const { calendars, calendar, clock } = context;
  const identity = identityOf(context, row.generation);
  const answered = row.external_event_id !== undefined;
  const eventId = row.external_event_id ?? calendars.predictedId(identity) ?? (await calendars.find(calendar, identity))?.id;
  const removed = eventId === undefined ? 'absent' : await calendars.remove(calendar, eventId);
  const mayStillAppear = !answered && row.attemptedAt !== undefined && clock() - row.attemptedAt < unknownFor;
  if (removed === 'absent' && mayStillAppear) return { outcome: 'wait', until: (row.attemptedAt ?? 0) + unknownFor };
  await save(context, { removed: 1, is_busy: undefined, appliedVersion: context.wish.version, settled: row.disputes ?? 0, etag: undefined, attemptedAt: undefined, refusedAt: undefined });
  return { outcome: 'removed', ...(eventId !== undefined && { eventId }) };
}

/** What a zombie made beside the event that stands, if one does. Last: an event that was taken for a stray may be the one just adopted. */
async function removeStrays({ bookings, calendars, calendar, lease, wish }: TargetContext, strays: readonly string[], standing: string | undefined): Promise<void> {
  if (strays.length === 0) return;
  for (const stray of strays) {
    if (stray !== standing) await calendars.remove(calendar, stray);
  }
  await bookings.forgetStrays(wish.id, targetPart(lease.connectionId, calendar.key), strays);
}

/** What a connection that is gone left in this calendar: last, so that the booking is seen throughout. */
async function removeOrphans({ bookings, calendars, calendar, lease, wish, orphans = [] }: TargetContext, standing: string | undefined): Promise<void> {
  for (const { connectionId, calendarKey, external_event_id: eventId } of orphans) {
    if (eventId !== undefined && eventId !== standing) await calendars.remove(calendar, eventId);
    if (!(await bookings.saveTarget({ bookingId: wish.id, connectionId, calendarKey, fence: lease.fence }, { removed: 1, is_busy: undefined }))) throw new LeaseLost();
  }
}

interface Progress {
  readonly generation: number;
  readonly external_event_id?: string;
  readonly etag?: string;
}

/** Before a create: the row says which event is about to be made, which may stand beside it, and, where its id is known, the pointer to find it by. */
async function begin(context: TargetContext, generation: number, stray?: string): Promise<Progress> {
  const { calendars, calendar, calendarProvider, clock, bookings, lease } = context;
  await save(context, { calendarId: calendar.id, calendar_provider: calendarProvider, generation, attemptedAt: clock(), external_event_id: undefined, ical_uid: undefined, etag: undefined, appliedVersion: undefined, removed: undefined, refusedAt: undefined }, stray);
  const predicted = calendars.predictedId(identityOf(context, generation));
  if (predicted !== undefined) await bookings.point(lease.connectionId, predicted, pointerOf(context));
  return { generation };
}

async function saveApplied(context: TargetContext, event: WrittenEvent, { outcome, settled }: { outcome: 'created' | 'updated'; settled: number }): Promise<TargetEnd> {
  const { wish, bookings, calendars, lease } = context;
  // Where the id could not be known before, the pointer goes first: a row that says "applied" is not looked at again.
  if (outcome === 'created' && calendars.predictedId(identityOf(context, 0)) === undefined) await bookings.point(lease.connectionId, event.id, pointerOf(context));
  await save(context, {
    external_event_id: event.id,
    ...(event.icalUid !== '' && { ical_uid: event.icalUid }),
    etag: event.etag,
    appliedVersion: wish.version,
    attemptedAt: undefined,
    refusedAt: undefined,
    told: undefined,
    seen: undefined,
    settled,
    start_time: wish.start,
    end_time: wish.end,
    is_busy: 1,
  });
  return { outcome, eventId: event.id };
}

async function save({ bookings, wish, lease, calendar }: TargetContext, change: TargetChange, stray?: string): Promise<void> {
  const saved = await bookings.saveTarget({ bookingId: wish.id, connectionId: lease.connectionId, calendarKey: calendar.key, fence: lease.fence }, change, stray);
  if (!saved) throw new LeaseLost();
}

const identityOf = ({ lease, calendar, wish }: TargetContext, generation: number): EventIdentity => ({ connectionId: lease.connectionId, calendarId: calendar.id, bookingId: wish.id, generation });
const pointerOf = ({ wish, lease, calendar }: TargetContext) => ({ bookingId: wish.id, target: targetPart(lease.connectionId, calendar.key) });

const desiredOf = (wish: Wish): DesiredEvent => ({
  title: wish.title,
  start: wish.start,
  end: wish.end,
  version: wish.version,
  ...(wish.description !== undefined && { description: wish.description }),
  ...(wish.location !== undefined && { location: wish.location }),
  ...(wish.timeZone !== undefined && { zone: wish.timeZone }),
});
