// Which events in a calendar are ours: a mark says of which booking, and the id (Google) or the transactionId (Graph) who wrote it.
import type { Calendars, Present } from '../calendars/port.ts';
import { days } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import { targetPart, type BookingRows } from './bookings.ts';
import { rowAt, type EditParts, type Place } from './edited-events.ts';

/** Which booking an event stands for, and the version it was written with, where that could be seen (Graph's deltas don't show it). */
export interface SeenMark {
  readonly bookingId: string;
  readonly generation?: number;
  readonly version?: number;
}

/** Ours are made with UUIDs of version 5; Outlook's own clients set others. */
const ourTransactionId = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/i;
/** We make no series: where a person made one of ours recur, its occurrences show our transaction and our mark, and are the person's all the same. */
const isOurTransaction = ({ transactionId, series }: Present): boolean => series === undefined && transactionId !== undefined && ourTransactionId.test(transactionId);

/** Google's ids of ours. */
export const ourGoogleId = /^booking[0-9a-v]{52}$/;

const readsAtOnce = 25;
/** Longer than a window is wide; after it, one more read. */
const rememberedFor = days(200);

/** A pointer's target where the event is another provider's: it need not be read again. */
const notOurs = 'another provider';

/**
 * Marks by event id. An event that merely carries a copy of our mark, under an id that is not ours, is a person's own; one of another
 * provider's booking, met in a calendar that several look at, blocks like any event.
 */
export async function recognise(parts: EditParts, { place, items, calendars }: { place: Place; items: readonly Present[]; calendars: Calendars }): Promise<Map<string, SeenMark>> {
  const { bookings } = parts;
  const ours = new Map<string, SeenMark>();
  // A calendar of many providers holds thousands of others' events: one after the other, a complete list would never come to its end.
  await eachConcurrently(items, readsAtOnce, async (item) => {
    const { id, ours: mark } = item;
    if (mark && (calendars.wrote({ ...mark, connectionId: place.connectionId, calendarId: place.calendarId }, item) || (ourGoogleId.test(id) && (await isOfProvider(parts, place, { item, mark, calendars, copies: true }))))) ours.set(id, mark);
  });
  const perhaps = items.filter((item) => !ours.has(item.id) && (place.adopts === true || isOurTransaction(item)));
  if (perhaps.length === 0) return ours;
  const pointers = await bookings.pointers(place.connectionId, perhaps.map(({ id }) => id));
  for (const item of perhaps) {
    const { id, ours: shown } = item;
    const pointer = pointers.get(id);
    if (pointer?.target === notOurs || (!pointer && !isOurTransaction(item))) continue;
    const mark = pointer ? (shown?.bookingId === pointer.bookingId ? shown : { bookingId: pointer.bookingId }) : (await calendars.read({ id: place.calendarId, key: place.calendarKey }, id))?.mark;
    if (!mark) continue;
    const known = pointer !== undefined || (await isOfProvider(parts, place, { item, mark, calendars }));
    if (!pointer && known) await bookings.point(place.connectionId, id, { bookingId: mark.bookingId, target: targetPart(place.connectionId, place.calendarKey) });
    // Whoever erases either provider could not find it: it names no booking, and goes by itself.
    if (!pointer && !known) await bookings.point(place.connectionId, id, { bookingId: '-', target: notOurs }, parts.clock() + rememberedFor);
    if (known) ours.set(id, mark);
  }
  return ours;
}

/** Whether it stands for a booking of this provider's, written through whichever connection, or was written by this one when it still did. `copies`: a mark can be a copy here, and the id tells. */
async function isOfProvider({ bookings }: EditParts, place: Place, { item, mark, calendars, copies = false }: { item: Present; mark: SeenMark; calendars: Calendars; copies?: boolean }): Promise<boolean> {
  const rows = await bookings.read(mark.bookingId);
  const own = rowAt(rows, place);
  // A row here says only that this booking stood here once: what its new provider's connection has written blocks like any event.
  if (rows.wish?.providerId !== place.providerId && !(own && calendars.wrote({ ...own, ...mark }, item))) return false;
  return !copies || rows.targets.some((target) => target.calendarId === place.calendarId && calendars.wrote({ ...target, ...mark }, item));
}

/** Another connection has written it, lives, and looks after it. What one that is gone has left is a stray of whoever receives there now. */
export async function isOfAnotherLive({ connections }: EditParts, place: Place, { item, mark, rows, calendars }: { item: Present; mark: SeenMark; rows: BookingRows; calendars: Calendars }): Promise<boolean> {
  const writer = rows.targets.find((target) => target.connectionId !== place.connectionId && calendars.wrote({ ...target, ...mark }, item));
  if (!writer) return false;
  const connection = await connections.get(writer.connectionId);
  return connection !== undefined && connection.state !== 'disconnecting';
}
