// Events of ours as inbound meets them in a calendar. Whatever no fence can stop at the provider, such as a late write of a zombie, is
// seen here and undone: the target is disputed, the booking pending again, and a drain puts it right.
import type { Calendars, Present } from '../calendars/port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { BookingHint } from '../platform/messages.ts';
import { targetPart, type Bookings, type TargetRow, type Wish } from './bookings.ts';

/** Which calendar an event was seen in. */
interface Place {
  readonly connectionId: string;
  readonly calendarId: string;
  readonly calendarKey: string;
}
/** Which booking an event stands for, and the version it was written with, where that could be seen (Graph's deltas don't show it). */
export interface SeenMark {
  readonly bookingId: string;
  readonly version?: number;
}
export interface OwnSighting {
  readonly place: Place;
  readonly item: Present;
  readonly mark: SeenMark;
}
export interface OwnAbsence {
  readonly place: Place;
  readonly eventId: string;
}

/** What a sighting means. */
export type Judgement =
  /** As wished, or not ours to judge now. */
  | { readonly kind: 'fine' }
  /** It must not be so: dispute the target; `stray` is an event beside the one that the row names. */
  | { readonly kind: 'dispute'; readonly stray?: string }
  /** A person moved it; only told, never undone. */
  | { readonly kind: 'moved' };

/** Pure: what an event of ours in a calendar means, held against its wish and its target row. */
export function judgeSighting({ item, mark }: Pick<OwnSighting, 'item' | 'mark'>, wish: Wish | undefined, row: TargetRow | undefined): Judgement {
  if (!wish || !row) return { kind: 'fine' };
  if (wish.pendingSince !== undefined) return { kind: 'fine' }; // a drain is on its way; what it leaves wrong is seen again after
  if (row.removed || wish.cancelled) return { kind: 'dispute', stray: item.id };
  if (row.external_event_id !== item.id) return { kind: 'dispute', stray: item.id };
  if (row.appliedVersion === undefined || (mark.version ?? row.appliedVersion) < row.appliedVersion) return { kind: 'dispute' };
  const asWished = item.start === Date.parse(wish.start) && item.end === Date.parse(wish.end);
  return asWished ? { kind: 'fine' } : { kind: 'moved' };
}

/** Ours are made with UUIDs of version 5; Outlook's own clients set others. */
const ourTransactionId = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/i;

export interface OwnEventParts {
  readonly bookings: Bookings;
  readonly hints: HintQueue<BookingHint>;
  readonly clock: Clock;
}

export function ownEvents({ bookings, hints, clock }: OwnEventParts) {
  return {
    /** Marks by event id. An event that merely carries a copy of our mark, under an id that is not ours, is a person's own. */
    async recognise(place: Place, items: readonly Present[], calendars: Calendars): Promise<Map<string, SeenMark>> {
      const ours = new Map<string, SeenMark>();
      for (const { id, ours: mark } of items) {
        if (mark && calendars.predictedId({ connectionId: place.connectionId, calendarId: place.calendarId, bookingId: mark.bookingId, generation: mark.generation }) === id) ours.set(id, mark);
      }
      const perhaps = items.filter(({ transactionId }) => transactionId !== undefined && ourTransactionId.test(transactionId));
      if (perhaps.length === 0) return ours;
      const pointers = await bookings.pointers(place.connectionId, perhaps.map(({ id }) => id));
      for (const { id } of perhaps) {
        const pointer = pointers.get(id);
        const mark = pointer ? { bookingId: pointer.bookingId } : (await calendars.read({ id: place.calendarId, key: place.calendarKey }, id))?.mark;
        if (mark && !pointer) await bookings.point(place.connectionId, id, { bookingId: mark.bookingId, target: targetPart(place.connectionId, place.calendarKey) });
        if (mark) ours.set(id, mark);
      }
      return ours;
    },

    async report({ connection, sightings, calendars }: { connection: Connection; sightings: readonly OwnSighting[]; absences: readonly OwnAbsence[]; calendars: Calendars }): Promise<void> {
      for (const sighting of sightings) {
        const { place, item, mark } = sighting;
        const { wish, targets } = await bookings.read(mark.bookingId);
        const row = targets.find(({ connectionId, calendarKey }) => connectionId === place.connectionId && calendarKey === place.calendarKey);
        const judgement = judgeSighting({ item, mark: await versioned(mark, { place, item, row, calendars }) }, wish, row);
        if (judgement.kind !== 'dispute') continue;
        await bookings.dispute(mark.bookingId, targetPart(connection.connection_id, place.calendarKey), judgement.stray);
        if (await bookings.mark(mark.bookingId, clock())) await hints.send({ v: 1, hint: 'booking', booking_id: mark.bookingId });
      }
    },
  };
}

/** Our own last write needs no read: its etag is the one on the row. */
async function versioned(mark: SeenMark, { place, item, row, calendars }: { place: Place; item: Present; row: TargetRow | undefined; calendars: Calendars }): Promise<SeenMark> {
  if (mark.version !== undefined || !row || item.etag === row.etag) return mark;
  return (await calendars.read({ id: place.calendarId, key: place.calendarKey }, item.id))?.mark ?? mark;
}
