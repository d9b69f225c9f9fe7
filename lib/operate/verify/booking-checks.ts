// What must hold of bookings, of the events that stand for them, and of the pointers back.
import { isTargetPart, pointerId, targetPart } from '../../platform/booking-keys.ts';
import { part, text, type Check, type Row } from './check.ts';

const isTarget = (row: Row): boolean => isTargetPart(part(row));
/** Its event is in the calendar, as far as is known. */
const stands = (row: Row): boolean => isTarget(row) && row['removed'] !== 1 && text(row['external_event_id']) !== '';
const isWish = (row: Row): boolean => part(row) === 'wish';
const straysOf = ({ strays }: Row): number => (strays instanceof Set ? strays.size : 0);

export const bookingChecks: readonly Check[] = [
  {
    name: 'one-event-per-booking',
    holds: 'no booking has two events in one calendar: neither by two targets, nor by an event beside its target',
    tables: ['booking-events'],
    async broken(row, look) {
      if (!isTarget(row)) return false;
      if (straysOf(row) > 0) return true;
      if (!stands(row)) return false;
      const others = (await look.booking(text(row['booking_id']))).filter((other) => stands(other) && part(other) !== part(row));
      return others.some((other) => other['calendarId'] === row['calendarId'] && other['calendar_provider'] === row['calendar_provider']);
    },
  },
  {
    name: 'one-booking-per-event',
    holds: 'no event stands for two bookings: what a target names points back to it, by the ids that it stores and not by its key',
    tables: ['booking-events'],
    async broken(row, look) {
      if (!isTarget(row)) return false;
      const [connectionId, calendarKey] = [text(row['connection_id']), text(row['calendarKey'])];
      if (part(row) !== targetPart(connectionId, calendarKey)) return true;
      if (!stands(row)) return false;
      const pointer = await look.get('booking-events', { booking_id: pointerId(connectionId, text(row['external_event_id'])), part: 'of' });
      return pointer?.['of'] !== row['booking_id'] || pointer?.['target'] !== part(row);
    },
  },
  {
    name: 'mapping-without-booking',
    holds: 'every target and every pointer belongs to a booking',
    tables: ['booking-events'],
    async broken(row, look) {
      const bookingId = part(row) === 'of' && isTargetPart(text(row['target'])) ? text(row['of']) : isTarget(row) ? text(row['booking_id']) : undefined;
      return bookingId !== undefined && (await look.get('booking-events', { booking_id: bookingId, part: 'wish' })) === undefined;
    },
  },
  {
    name: 'mark-off-index',
    holds: 'what is dirty or pending lies on the index by which it is found again',
    tables: ['sync-state', 'booking-events'],
    broken: (row) => (row['dirtySince'] === undefined) !== (row['dirtyShard'] === undefined) || (isWish(row) && (row['pendingSince'] === undefined) !== (row['pendingShard'] === undefined)),
  },
];
