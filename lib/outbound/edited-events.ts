// What people do to events of ours: moved and deleted ones are told to the platform, or put back where the connection says so. Judged by
// content, after a read that confirms it, between two looks at the wish, so that no write of ours is ever taken for a person's.
import type { Calendars, FoundEvent } from '../calendars/port.ts';
import type { Change, Changes } from '../platform/changes.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { BookingHint } from '../platform/messages.ts';
import { targetPart, type BookingRows, type Bookings, type TargetRow, type Wish } from './bookings.ts';
import type { FutureBookings } from './future-bookings.ts';

/** Which calendar. */
export interface Place {
  readonly providerId: string;
  readonly connectionId: string;
  readonly calendarId: string;
  readonly calendarKey: string;
  /** Events of bookings may stand in it that were written by the system before: only pointers tell them. */
  readonly adopts?: true;
}

/** What became of an event of ours, held against its wish. */
export type Edit =
  | { readonly kind: 'none' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'moved'; readonly start: number; readonly end: number };

type Span = Pick<FoundEvent, 'start' | 'end'>;

/** Calendars know no milliseconds: they cut them off. */
const sameSecond = (one: number, other: number): boolean => Math.floor(one / 1000) === Math.floor(other / 1000);

/** Start and end, nothing else: whatever the etag says. */
export const asWished = ({ start, end }: Span, wish: Pick<Wish, 'start' | 'end'>): boolean => sameSecond(start, Date.parse(wish.start)) && sameSecond(end, Date.parse(wish.end));

/** Pure: an event as a read found it (undefined: gone), against the wish and the target row that name it. */
export function judgeEdit(eventId: string, found: FoundEvent | undefined, { wish, row }: { wish: Wish | undefined; row: TargetRow | undefined }): Edit {
  if (!wish || !row || wish.cancelled || row.removed || row.external_event_id !== eventId || row.appliedVersion === undefined) return { kind: 'none' };
  if (!found || found.cancelled) return { kind: 'deleted' };
  return asWished(found, wish) ? { kind: 'none' } : { kind: 'moved', start: found.start, end: found.end };
}

export const movedTo = ({ start, end }: Span): string => `moved ${start}/${end}`;

/** The fact as the target row remembers it, so that a later list does not tell it anew. */
const told = (edit: Edit, eventId: string): string | undefined => (edit.kind === 'none' ? undefined : edit.kind === 'deleted' ? `deleted ${eventId}` : movedTo(edit));

export interface EditParts {
  readonly bookings: Bookings;
  readonly future: FutureBookings;
  readonly changes: Changes;
  readonly connections: Pick<Connections, 'get'>;
  readonly hints: HintQueue<BookingHint>;
  readonly clock: Clock;
}

export interface Suspicion {
  readonly connection: Connection;
  readonly calendars: Calendars;
  readonly place: Place;
  readonly bookingId: string;
  readonly eventId: string;
  /** As read before the confirming read. */
  readonly before: BookingRows;
}

export const rowAt = ({ targets }: BookingRows, place: Place): TargetRow | undefined => targets.find(({ connectionId, calendarKey }) => connectionId === place.connectionId && calendarKey === place.calendarKey);

/** Confirms by a read, then tells, or puts back. False: the wish is in flux; this event must be looked at again. */
export async function settleSuspicion(parts: EditParts, { connection, calendars, place, bookingId, eventId, before }: Suspicion): Promise<boolean> {
  const found = await calendars.read({ id: place.calendarId, key: place.calendarKey }, eventId);
  const after = await parts.bookings.read(bookingId);
  const { wish } = after;
  if (!wish) return true;
  if (wish.pendingSince !== undefined || wish.generation !== before.wish?.generation) return wish.cancelled;
  const row = rowAt(after, place);
  const edit = judgeEdit(eventId, found, { wish, row });
  const target = targetPart(place.connectionId, place.calendarKey);
  const fact = told(edit, eventId);
  if (!row || row.told === fact) return true;
  if (edit.kind !== 'none') {
    if (connection.on_edit === 'restore') {
      await dispute(parts, bookingId, target);
      return true;
    }
    await parts.changes.tell(changeOf(edit, { connection, wish, eventId, etag: found?.etag ?? '' }), parts.clock());
  }
  await parts.bookings.noteTold(bookingId, target, { etag: row.etag, told: fact });
  return true;
}

/** The event is not as it must be: its next drain looks at it. `stray`: one beside it, to be deleted. */
export async function dispute(parts: Pick<EditParts, 'bookings' | 'hints' | 'clock'>, bookingId: string, target: string, stray?: string): Promise<void> {
  await parts.bookings.dispute(bookingId, target, stray);
  await bringInLine(parts, bookingId);
}

/** One more drain of this booking. */
export async function bringInLine({ bookings, hints, clock }: Pick<EditParts, 'bookings' | 'hints' | 'clock'>, bookingId: string): Promise<void> {
  if (await bookings.mark(bookingId, clock())) await hints.send({ v: 1, hint: 'booking', booking_id: bookingId });
}

function changeOf(edit: Exclude<Edit, { kind: 'none' }>, { connection, wish, eventId, etag }: { connection: Connection; wish: Wish; eventId: string; etag: string }): Change {
  const about = { provider_id: connection.provider_id, connection_id: connection.connection_id, booking_id: wish.id };
  if (edit.kind === 'deleted') return { type: 'booking.event_deleted', ...about, cause: eventId };
  const [start, end] = [new Date(edit.start).toISOString(), new Date(edit.end).toISOString()];
  return { type: 'booking.event_moved', ...about, cause: etag, detail: { old: { start: wish.start, end: wish.end }, new: { start, end } } };
}

/** A complete list that was made of a calendar. */
export interface ListedPlace {
  readonly place: Place;
  /** It showed what overlaps [from, to). */
  readonly window: { readonly from: number; readonly to: number };
  /** Event ids of ours that it showed. */
  readonly shown: ReadonlySet<string>;
}

/** More bookings of one provider than any calendar can bear; what lies beyond is met as the window rolls. */
const mostBookings = 2_000;

/** Complete lists name no tombstones: events of ours that should stand in the window and were not shown. */
export async function unshown({ future, clock }: EditParts, connection: Connection, { place, window, shown }: ListedPlace): Promise<{ bookingId: string; eventId: string }[]> {
  const missing: { bookingId: string; eventId: string }[] = [];
  let after: string | undefined;
  for (let seen = 0; seen < mostBookings; ) {
    const page = await future.page(connection.provider_id, { endsAfter: Math.max(clock(), window.from), endsBefore: window.to, ...(after !== undefined && { after }) });
    seen += page.ids.length;
    for (const [bookingId, { external_event_id: eventId, removed, appliedVersion, told: known }] of await future.targetsIn(place, page.ids)) {
      if (eventId !== undefined && !removed && appliedVersion !== undefined && !shown.has(eventId) && known !== `deleted ${eventId}`) missing.push({ bookingId, eventId });
    }
    after = page.next;
    if (after === undefined) break;
  }
  return missing;
}
