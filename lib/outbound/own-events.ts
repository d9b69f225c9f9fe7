// Events of ours as inbound meets them in a calendar. Whatever no fence can stop at the provider, such as a late write of a zombie, is
// seen here and undone: the target is disputed, the booking pending again, and a drain puts it right. What a person did is told.
import type { Calendars, Present } from '../calendars/port.ts';
import type { Connection } from '../platform/connections.ts';
import { targetPart, type Bookings, type TargetRow, type Wish } from './bookings.ts';
import { tellBusyChanges, type BusyChange } from './busy-conflicts.ts';
import { asWished, movedTo, rowAt, settleSuspicion, unshown, type EditParts, type ListedPlace, type Place } from './edited-events.ts';

/** Which booking an event stands for, and the version it was written with, where that could be seen (Graph's deltas don't show it). */
export interface SeenMark {
  readonly bookingId: string;
  readonly generation?: number;
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
  /** A person seems to have moved it. */
  | { readonly kind: 'moved' }
  /** The same, but its wish is in flux: to be looked at again. */
  | { readonly kind: 'later' };

/** Pure: what an event of ours in a calendar means, held against its wish and its target row. */
export function judgeSighting({ item, mark }: Pick<OwnSighting, 'item' | 'mark'>, wish: Wish | undefined, row: TargetRow | undefined): Judgement {
  if (!wish || !row) return { kind: 'fine' };
  const stands = asWished(item, wish);
  // Beside the event that a drain brings in line: the drain would never look at it, and nothing shows it a second time.
  const beside = row.external_event_id === undefined ? mark.generation !== undefined && mark.generation !== row.generation : row.external_event_id !== item.id;
  if (row.removed || beside) return { kind: 'dispute', stray: item.id };
  // A drain is on its way: what it leaves wrong of its own is seen again by its own write; what a person did may not be.
  if (wish.pendingSince !== undefined) return { kind: stands || wish.cancelled || row.external_event_id !== item.id || item.etag === row.etag ? 'fine' : 'later' };
  if (wish.cancelled || row.external_event_id !== item.id) return { kind: 'dispute', stray: item.id };
  if (row.appliedVersion === undefined || (mark.version ?? row.appliedVersion) < row.appliedVersion) return { kind: 'dispute' };
  return { kind: stands ? 'fine' : 'moved' };
}

/** Ours are made with UUIDs of version 5; Outlook's own clients set others. */
const ourTransactionId = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/i;

/** What a pull brings of events of ours. */
export interface OwnNews {
  readonly connection: Connection;
  readonly sightings: readonly OwnSighting[];
  readonly absences: readonly OwnAbsence[];
  /** Complete lists made by this pull. */
  readonly lists: readonly Omit<ListedPlace, 'shown'>[];
  readonly calendars: Calendars;
}

/** Confirming reads of one pull; whoever has more is looked at again soon. */
const mostReads = 50;

export function ownEvents(parts: EditParts) {
  const { bookings, hints, clock } = parts;
  return {
    /**
     * Marks by event id. An event that merely carries a copy of our mark, under an id that is not ours, is a person's own; one of another
     * provider's booking, met in a calendar that several look at, blocks like any event.
     */
    async recognise(place: Place, items: readonly Present[], calendars: Calendars): Promise<Map<string, SeenMark>> {
      const ours = new Map<string, SeenMark>();
      for (const { id, ours: mark } of items) {
        if (mark && (isOfConnection(calendars, place, { id, mark }) || (googleId.test(id) && (await isOfProvider(parts, place, { id, mark, calendars }))))) ours.set(id, mark);
      }
      const isOurTransaction = ({ transactionId }: Present): boolean => transactionId !== undefined && ourTransactionId.test(transactionId);
      const perhaps = items.filter((item) => !ours.has(item.id) && (place.adopts === true || isOurTransaction(item)));
      if (perhaps.length === 0) return ours;
      const pointers = await bookings.pointers(place.connectionId, perhaps.map(({ id }) => id));
      for (const item of perhaps) {
        const { id, ours: shown } = item;
        const pointer = pointers.get(id);
        if (pointer?.target === notOurs || (!pointer && !isOurTransaction(item))) continue;
        const mark = pointer ? (shown?.bookingId === pointer.bookingId ? shown : { bookingId: pointer.bookingId }) : (await calendars.read({ id: place.calendarId, key: place.calendarKey }, id))?.mark;
        if (!mark) continue;
        const known = pointer !== undefined || (await isOfProvider(parts, place, { id, mark }));
        if (!pointer) await bookings.point(place.connectionId, id, { bookingId: mark.bookingId, target: known ? targetPart(place.connectionId, place.calendarKey) : notOurs });
        if (known) ours.set(id, mark);
      }
      return ours;
    },

    /** New busy time, and the bookings that it lies over. */
    busyChanged: (change: BusyChange): Promise<void> => tellBusyChanges(parts, change),

    /** Tells and mends; `lookAgain`: something could not be judged yet, and only a complete list shows it again. */
    async report(news: OwnNews): Promise<{ lookAgain: boolean }> {
      const { connection, sightings, calendars } = news;
      let lookAgain = false;
      for (const { place, item, mark } of sightings) {
        const before = await bookings.read(mark.bookingId);
        const row = rowAt(before, place);
        const judgement = judgeSighting({ item, mark: (before.wish?.version ?? 0) > 0 ? await versioned(bookings, mark, { place, item, row, calendars }) : mark }, before.wish, row);
        if (judgement.kind === 'later') lookAgain = true;
        // Told already, and nowhere else since: many of them, each read anew, would keep a list from its end.
        const untold = judgement.kind === 'moved' && row?.told !== movedTo(item);
        if (untold && !(await settleSuspicion(parts, { connection, calendars, place, bookingId: mark.bookingId, eventId: item.id, before }))) lookAgain = true;
        if (judgement.kind === 'fine' && row?.told !== undefined) await bookings.noteTold(mark.bookingId, targetPart(place.connectionId, place.calendarKey), { etag: row.etag, told: undefined });
        if (judgement.kind !== 'dispute') continue;
        await bookings.dispute(mark.bookingId, targetPart(connection.connection_id, place.calendarKey), judgement.stray);
        if (await bookings.mark(mark.bookingId, clock())) await hints.send({ v: 1, hint: 'booking', booking_id: mark.bookingId });
      }
      const missing = await missingOf(parts, news);
      for (const { place, bookingId, eventId } of missing.slice(0, mostReads)) {
        const before = await bookings.read(bookingId);
        if (before.wish?.cancelled || rowAt(before, place)?.external_event_id !== eventId) continue;
        if (!(await settleSuspicion(parts, { connection, calendars, place, bookingId, eventId, before }))) lookAgain = true;
      }
      return { lookAgain: lookAgain || missing.length > mostReads };
    },
  };
}

/** Google's ids of ours. */
const googleId = /^booking[0-9a-v]{52}$/;
/** A pointer's target where the event is another provider's: it need not be read again. */
const notOurs = 'another provider';

const isOfConnection = (calendars: Calendars, { connectionId, calendarId }: Pick<Place, 'connectionId' | 'calendarId'>, { id, mark: { bookingId, generation } }: { id: string; mark: SeenMark }): boolean =>
  generation !== undefined && calendars.predictedId({ connectionId, calendarId, bookingId, generation }) === id;

/** Whether it stands for a booking of this provider's, written through whichever connection. `calendars`: where its id tells which. */
async function isOfProvider({ bookings }: EditParts, place: Place, { id, mark, calendars }: { id: string; mark: SeenMark; calendars?: Calendars }): Promise<boolean> {
  const rows = await bookings.read(mark.bookingId);
  if (rows.wish?.providerId !== place.providerId && !rowAt(rows, place)) return false;
  return calendars === undefined || rows.targets.some(({ connectionId, calendarId }) => calendarId === place.calendarId && isOfConnection(calendars, { connectionId, calendarId }, { id, mark }));
}

/** Graph chooses its own ids, so that any may be ours. */
const perhapsOurs = ({ calendar_provider, adopts }: Connection, eventId: string): boolean => calendar_provider !== 'google' || adopts === 1 || googleId.test(eventId);

/** Events of ours that are gone from a calendar, by tombstones or by their absence from a complete list. */
async function missingOf(parts: EditParts, { connection, sightings, absences, lists }: OwnNews): Promise<{ place: Place; bookingId: string; eventId: string }[]> {
  const missing = new Map<string, { place: Place; bookingId: string; eventId: string }>();
  const gone = absences.filter(({ eventId }) => perhapsOurs(connection, eventId));
  if (gone.length > 0) {
    const pointers = await parts.bookings.pointers(connection.connection_id, gone.map(({ eventId }) => eventId));
    for (const { place, eventId } of gone) {
      const pointer = pointers.get(eventId);
      if (pointer?.target === targetPart(place.connectionId, place.calendarKey)) missing.set(eventId, { place, bookingId: pointer.bookingId, eventId });
    }
  }
  for (const { place, window } of lists) {
    const shown = new Set(sightings.flatMap((sighting) => (sighting.place.calendarKey === place.calendarKey ? [sighting.item.id] : [])));
    for (const one of await unshown(parts, connection, { place, window, shown })) missing.set(one.eventId, { place, ...one });
  }
  return [...missing.values()];
}

/** Our own last write needs no read: its etag is the one on the row. Nor does what was read before: a list with many would never come to its end. */
async function versioned(bookings: Bookings, mark: SeenMark, { place, item, row, calendars }: { place: Place; item: Present; row: TargetRow | undefined; calendars: Calendars }): Promise<SeenMark> {
  if (mark.version !== undefined || !row || item.etag === row.etag || (item.etag !== undefined && item.etag === row.seen)) return mark;
  const found = (await calendars.read({ id: place.calendarId, key: place.calendarKey }, item.id))?.mark;
  if (found && found.version >= (row.appliedVersion ?? Infinity) && item.etag !== undefined && row.etag !== undefined) await bookings.noteSeen(mark.bookingId, targetPart(place.connectionId, place.calendarKey), { etag: row.etag, seen: item.etag });
  return found ?? mark;
}
