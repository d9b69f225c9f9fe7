import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { Calendars, DesiredEvent, EventIdentity, FoundEvent, WrittenEvent } from '../port.ts';
import type { Answer, GoogleCall } from './call.ts';
import { bodyOf, faultOf } from './call.ts';
import { googleEventId } from './event-id.ts';
import { readTimes } from './event-page.ts';
import { malformed } from './fault.ts';
import { object, text } from '../json.ts';
import { markProperties, readMark } from './mark.ts';

export type OurEvents = Pick<Calendars, 'read' | 'find' | 'create' | 'update' | 'remove'>;

const writtenFields = 'id,iCalUID,etag,status';
const foundFields = `${writtenFields},start,end,extendedProperties/private`;

/** Nobody is invited, so nobody is told. */
const quietly = { sendUpdates: 'none' } as const;

function requestBody(identity: EventIdentity, event: DesiredEvent): calendar_v3.Schema$Event {
  const zone = event.zone === undefined ? {} : { timeZone: event.zone };
  const { bookingId, generation } = identity;
  return {
    summary: event.title,
    ...(event.description === undefined ? {} : { description: event.description }),
    ...(event.location === undefined ? {} : { location: event.location }),
    start: { dateTime: event.start, ...zone },
    end: { dateTime: event.end, ...zone },
    transparency: 'opaque',
    extendedProperties: { private: markProperties({ bookingId, generation, version: event.version }) },
  };
}

/** A patch leaves what it does not name: nulls take away an old text, and the dates of an event that a person made all-day. */
function patchBody(identity: EventIdentity, event: DesiredEvent): calendar_v3.Schema$Event {
  const body = requestBody(identity, event);
  return {
    ...body,
    description: event.description ?? null,
    location: event.location ?? null,
    start: { ...body.start, date: null },
    end: { ...body.end, date: null },
  };
}

function readWritten(body: unknown): WrittenEvent {
  const { id, iCalUID, etag } = object(body);
  const [eventId, icalUid, version] = [text(id), text(iCalUID), text(etag)];
  if (eventId === undefined || icalUid === undefined || version === undefined) throw malformed('event');
  return { id: eventId, icalUid, etag: version };
}

/** An event read back. Of a cancelled one only the id is sure: what is missing is empty, and its times are 0. */
function readFound(body: unknown, zone: string | undefined): FoundEvent {
  const event = object(body);
  const mark = readMark(event['extendedProperties']);
  const marked = mark === undefined ? {} : { mark };
  const times = readTimes(event['start'], event['end'], zone);
  if (event['status'] === 'cancelled') {
    const id = text(event['id']);
    if (id === undefined) throw malformed('event');
    const written = { id, icalUid: text(event['iCalUID']) ?? '', etag: text(event['etag']) ?? '' };
    return { ...written, ...(times ?? { start: 0, end: 0 }), ...marked, cancelled: true };
  }
  if (times === undefined) throw malformed('event');
  return { ...readWritten(body), ...times, ...marked, cancelled: false };
}

const isAbsent = (answer: Answer): boolean => answer.status === 404 || answer.status === 410;

/** Reading and writing single events: those of our bookings. */
export function ourEvents(api: calendar_v3.Calendar, call: GoogleCall, zone: string | undefined): OurEvents {
  const read: OurEvents['read'] = async ({ id }, eventId) => {
    const answer = await call((options) => api.events.get({ calendarId: id, eventId, fields: foundFields }, options));
    return isAbsent(answer) ? undefined : readFound(bodyOf(answer), zone);
  };

  const create: OurEvents['create'] = async ({ id }, identity, event) => {
    const eventId = googleEventId(identity);
    const body = { id: eventId, ...requestBody(identity, event) };
    const question = { calendarId: id, ...quietly, fields: writtenFields, requestBody: body };
    const answer = await call((options) => api.events.insert(question, options));
    if (answer.status === 409) return { outcome: 'exists', eventId };
    return { outcome: 'created', event: readWritten(bodyOf(answer)) };
  };

  const update: Calendars['update'] = async (calendar, eventId, identity, event, etag) => {
    const question = { calendarId: calendar.id, eventId, ...quietly, fields: writtenFields, requestBody: patchBody(identity, event) };
    const condition = etag === undefined ? {} : { 'If-Match': etag };
    const answer = await call((options) => api.events.patch(question, { ...options, headers: { ...options.headers, ...condition } }));
    if (answer.status === 412) return { outcome: 'changed' };
    if (isAbsent(answer)) return { outcome: 'gone' };
    // A deleted event is refused with 403 by some accounts; only a read tells it from a calendar that takes no writes.
    if (answer.status === 403 && faultOf(answer).kind !== 'throttled') {
      const found = await read(calendar, eventId);
      if (found === undefined || found.cancelled) return { outcome: 'gone' };
    }
    const body = bodyOf(answer);
    return object(body)['status'] === 'cancelled' ? { outcome: 'gone' } : { outcome: 'updated', event: readWritten(body) };
  };

  const remove: OurEvents['remove'] = async ({ id }, eventId) => {
    const answer = await call((options) => api.events.delete({ calendarId: id, eventId, ...quietly }, options));
    if (isAbsent(answer)) return 'absent';
    bodyOf(answer);
    return 'removed';
  };

  return { read, find: (calendar, identity) => read(calendar, googleEventId(identity)), create, update, remove };
}
