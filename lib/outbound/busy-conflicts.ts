// New busy time over bookings that stand: found by the bookings' times, told with the times of both; the platform decides.
import type { Changes } from '../platform/changes.ts';
import { days, endOfTime, type Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import type { FutureBookings } from './future-bookings.ts';
import type { Bookings, Wish } from './bookings.ts';
import { asWished } from './edited-events.ts';

/** One busy interval that is new, or elsewhere than before; in ms. */
export interface NewBusy {
  readonly eventId: string;
  readonly start: number;
  readonly end: number;
  /** Graph only. */
  readonly series?: string;
}

/** What a pull changed of busy time; `cause` is the same for a repeated attempt of it. */
export interface BusyChange {
  readonly connection: Connection;
  readonly added: readonly NewBusy[];
  readonly cause: string;
}

export interface ConflictParts {
  readonly bookings: Pick<Bookings, 'pointers'>;
  readonly future: FutureBookings;
  readonly changes: Changes;
  readonly clock: Clock;
}

type Booked = Pick<Wish, 'id' | 'start' | 'end' | 'cancelled'>;

/** Whether it is the booking's own event, which a person made to recur: what stands for it now is one occurrence of a series. */
async function isItself({ bookings }: Pick<ConflictParts, 'bookings'>, connectionId: string, { busy, wish }: { busy: NewBusy; wish: Booked }): Promise<boolean> {
  const event = busy.series ?? /^(booking[0-9a-v]{52})_/.exec(busy.eventId)?.[1];
  return event !== undefined && asWished(busy, wish) && (await bookings.pointers(connectionId, [event])).get(event)?.bookingId === wish.id;
}

/** Pure: which new busy time lies over which booking that stands. */
export const conflicts = (added: readonly NewBusy[], wishes: readonly Booked[]): { readonly busy: NewBusy; readonly wish: Booked }[] =>
  wishes.filter(({ cancelled }) => !cancelled).flatMap((wish) => {
    const [from, to] = [Date.parse(wish.start), Date.parse(wish.end)];
    return added.filter(({ start, end }) => start < to && end > from).map((busy) => ({ busy, wish }));
  });

/** The index knows bookings by their end: of one that lasts longer only its last days are looked at. */
const longestBooking = days(31);
const mostPages = 10;
/** Of keys and times alone: a page of them is 100 KB. */
const pageOfKeys = 500;

export async function tellBusyChanges({ bookings, future, changes, clock }: ConflictParts, { connection, added, cause }: BusyChange): Promise<void> {
  const now = clock();
  const about = { provider_id: connection.provider_id, connection_id: connection.connection_id };
  const coming = added.filter(({ end }) => end > now);
  if (coming.length > 0) {
    const last = Math.max(...coming.map(({ end }) => end));
    const span = { endsAfter: Math.max(now, Math.min(...coming.map(({ start }) => start))), startsBefore: last, endsBefore: Math.min(last + longestBooking, endOfTime), limit: pageOfKeys };
    let after: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const { ids, next } = await future.page(connection.provider_id, { ...span, ...(after !== undefined && { after }) });
      for (const { busy, wish } of conflicts(coming, await future.wishes(ids))) {
        if (await isItself({ bookings }, connection.connection_id, { busy, wish })) continue;
        const [start, end] = [new Date(busy.start).toISOString(), new Date(busy.end).toISOString()];
        const detail = { booking: { start: wish.start, end: wish.end }, busy: { start, end } };
        await changes.tell({ type: 'booking.conflict', ...about, booking_id: wish.id, cause: `${busy.eventId} ${start}/${end}`, detail }, now);
      }
      after = next;
      if (after === undefined) break;
    }
  }
  await changes.tell({ type: 'busy.changed', ...about, cause }, now);
}
