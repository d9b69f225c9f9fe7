// Events of ours as inbound meets them in a calendar. Whatever no fence can stop at the provider, such as a late write of a zombie, is
// seen here and undone: the target is disputed, the booking pending again, and a drain puts it right. What a person did is told.
import type { Calendars, Present } from '../calendars/port.ts';
import type { Connection } from '../platform/connections.ts';
import { targetPart, type Bookings, type TargetRow, type Wish } from './bookings.ts';
import { tellBusyChanges, type BusyChange } from './busy-conflicts.ts';
import { asWished, bringInLine, dispute, movedTo, rowAt, settleSuspicion, unshown, type EditParts, type ListedPlace, type Place } from './edited-events.ts';
import { isOfAnotherLive, ourGoogleId, recognise, type SeenMark } from './recognise.ts';

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
  | { readonly kind: 'later' }
  /** A connection before has left it. The drain makes another; beside that one this is a stray. */
  | { readonly kind: 'left' }
  /** Its booking went to another provider while nothing could be removed here. */
  | { readonly kind: 'handed_over' };

interface Here {
  readonly connection: Connection;
  readonly now: number;
}

/** Pure: what an event of ours in a calendar means, held against its wish and its target row. */
export function judgeSighting({ place, item, mark }: OwnSighting, { wish, row }: { wish: Wish | undefined; row: TargetRow | undefined }, { connection, now }: Here): Judgement {
  if (!wish) return { kind: 'fine' };
  const theirs = wish.providerId === connection.provider_id;
  if (!row) {
    const receives = connection.calendars.some((calendar) => calendar.receives && calendar.key === place.calendarKey);
    return { kind: theirs && receives && wish.version > 0 && !wish.cancelled && Date.parse(wish.end) > now ? 'left' : 'fine' };
  }
  const stands = asWished(item, wish);
  // Beside the event that a drain brings in line: the drain would never look at it, and nothing shows it a second time.
  const beside = row.external_event_id === undefined ? mark.generation !== undefined && mark.generation !== row.generation : row.external_event_id !== item.id;
  if (row.removed || beside) return { kind: 'dispute', stray: item.id };
  // A drain is on its way: what it leaves wrong of its own is seen again by its own write; what a person did may not be.
  if (wish.pendingSince !== undefined) return { kind: stands || wish.cancelled || row.external_event_id !== item.id || item.etag === row.etag ? 'fine' : 'later' };
  if (wish.cancelled || row.external_event_id !== item.id) return { kind: 'dispute', stray: item.id };
  if (row.appliedVersion === undefined || (mark.version ?? row.appliedVersion) < row.appliedVersion) return { kind: 'dispute' };
  if (!theirs) return { kind: 'handed_over' };
  return { kind: stands ? 'fine' : 'moved' };
}

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
  return {
    recognise: (place: Place, items: readonly Present[], calendars: Calendars): Promise<Map<string, SeenMark>> => recognise(parts, { place, items, calendars }),

    /** New busy time, and the bookings that it lies over. */
    busyChanged: (change: BusyChange): Promise<void> => tellBusyChanges(parts, change),

    /** Tells and mends; `lookAgain`: something could not be judged yet, and only a complete list shows it again. */
    async report(news: OwnNews): Promise<{ lookAgain: boolean }> {
      const { connection, sightings, calendars } = news;
      let lookAgain = false;
      for (const sighting of sightings) {
        if (!(await settleSighting(parts, sighting, news))) lookAgain = true;
      }
      const missing = await missingOf(parts, news);
      for (const { place, bookingId, eventId } of missing.slice(0, mostReads)) {
        const before = await parts.bookings.read(bookingId);
        if (before.wish?.cancelled || rowAt(before, place)?.external_event_id !== eventId) continue;
        if (!(await settleSuspicion(parts, { connection, calendars, place, bookingId, eventId, before }))) lookAgain = true;
      }
      return { lookAgain: lookAgain || missing.length > mostReads };
    },
  };
}

/** False: this event must be looked at again. */
async function settleSighting(parts: EditParts, { place, item, mark }: OwnSighting, { connection, calendars }: OwnNews): Promise<boolean> {
  const { bookings, clock } = parts;
  const { bookingId } = mark;
  const before = await bookings.read(bookingId);
  if (await isOfAnotherLive(parts, place, { item, mark, rows: before, calendars })) return true;
  const { wish } = before;
  const row = rowAt(before, place);
  const target = targetPart(place.connectionId, place.calendarKey);
  const known = (wish?.version ?? 0) > 0 ? await versioned(bookings, mark, { place, item, row, calendars }) : mark;
  const judgement = judgeSighting({ place, item, mark: known }, { wish, row }, { connection, now: clock() });
  switch (judgement.kind) {
    case 'fine':
      if (row?.told !== undefined) await bookings.noteTold(bookingId, target, { etag: row.etag, told: undefined });
      return true;
    case 'moved':
      // Told already, and nowhere else since: many of them, each read anew, would keep a list from its end.
      return row?.told === movedTo(item) || settleSuspicion(parts, { connection, calendars, place, bookingId, eventId: item.id, before });
    case 'left':
      if (wish?.pendingSince === undefined) await bringInLine(parts, bookingId);
      return false;
    case 'later':
      return false;
    case 'handed_over':
      await bringInLine(parts, bookingId);
      return true;
    case 'dispute':
      await dispute(parts, bookingId, target, judgement.stray);
      return true;
  }
}

/** Graph chooses its own ids, so that any may be ours. */
const perhapsOurs = ({ calendar_provider, adopts }: Connection, eventId: string): boolean => calendar_provider !== 'google' || adopts === 1 || ourGoogleId.test(eventId);

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
