// Events as answers show them: to whom, in which zone, and how little of what is gone.
import { offsetAt, wallText } from '../zones.ts';
import type { EventRecord, EventTime, Json } from './event-record.ts';
import { object } from './event-record.ts';
import type { CalendarView } from './world.ts';

export interface Showing {
  readonly view: CalendarView;
  /** Zone that times are written in; the event's own stands beside. */
  readonly zone: string;
  readonly maxAttendees?: number;
  /** Only when, not what: for who may see no more. */
  readonly freeBusyOnly: boolean;
}

/** What is left of a deleted event in a list: only its id is sure. Of a cancelled instance also which one it was. */
export interface Gone {
  readonly id: string;
  readonly etag: string;
  readonly recurringEventId?: string;
  readonly originalStart?: EventTime;
}

const offsetText = (offset: number): string => {
  if (offset === 0) return 'Z';
  const minutes = Math.round(Math.abs(offset) / 60_000);
  return `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
};

function timeView(time: EventTime, zone: string): Json {
  if ('date' in time) return { date: time.date };
  const offset = offsetAt(time.at, zone);
  return { dateTime: `${wallText(time.at + offset)}${offsetText(offset)}`, timeZone: time.zone };
}

export const goneView = ({ id, etag, recurringEventId, originalStart }: Gone, zone: string): Json => ({
  kind: 'calendar#event',
  etag,
  id,
  status: 'cancelled',
  ...(recurringEventId === undefined || originalStart === undefined ? {} : { recurringEventId, originalStartTime: timeView(originalStart, zone) }),
});

function attendeesView(value: unknown, { view, maxAttendees }: Showing): Json {
  if (!Array.isArray(value)) return {};
  const { owner: own, id: calendarId } = view.calendar;
  const attendees = value.map((entry) => {
    const { self, ...attendee } = object(entry);
    return self === true || attendee['email'] === own || attendee['email'] === calendarId ? { email: own, ...attendee, self: true } : attendee;
  });
  if (maxAttendees === undefined || attendees.length <= maxAttendees) return { attendees };
  // Too many: only the one whose calendar it is.
  return { attendees: attendees.filter((attendee) => 'self' in attendee), attendeesOmitted: true };
}

/** The event as a resource. Instances carry their series and original start. */
export function eventView(record: EventRecord, showing: Showing): Json {
  const { view, zone } = showing;
  const { id, etag, status, start, end, recurringEventId, originalStart, details } = record;
  const shown = { kind: 'calendar#event', etag, id, status, start: timeView(start, zone), end: timeView(end, zone) };
  const instance = recurringEventId === undefined || originalStart === undefined ? {} : { recurringEventId, originalStartTime: timeView(originalStart, zone) };
  if (showing.freeBusyOnly) return { ...shown, ...instance, visibility: 'private' };
  const owner = { email: view.calendar.owner, self: true };
  const { attendees, ...rest } = details;
  return {
    ...shown,
    ...instance,
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(`${id} ${view.calendar.id}`).toString('base64url')}`,
    created: new Date(record.created).toISOString(),
    updated: new Date(record.updated).toISOString(),
    creator: owner,
    organizer: owner,
    iCalUID: record.iCalUID,
    sequence: record.sequence,
    reminders: { useDefault: true },
    eventType: 'default',
    ...(record.recurrence === undefined ? {} : { recurrence: record.recurrence }),
    ...rest,
    ...attendeesView(attendees, showing),
  };
}
