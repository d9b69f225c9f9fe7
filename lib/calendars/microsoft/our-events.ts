import { object, text } from '../json.ts';
import type { Calendars, DesiredEvent, EventIdentity, FoundEvent, WrittenEvent } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { Answer, GraphCall } from './call.ts';
import { bodyOf } from './call.ts';
import { readStatus, spanOf } from './event-row.ts';
import { readTimes } from './event-time.ts';
import { faultCode, isMissing, malformed } from './fault.ts';
import { keyProperty, markProperty, ourProperties, readMark, transactionIdOf } from './identity.ts';
import { pagesFrom } from './pages.ts';
import { calendarPath, eventPath } from './paths.ts';

export type OurEvents = Pick<Calendars, 'read' | 'find' | 'create' | 'update' | 'remove'>;

const foundFields =
  '$select=id,iCalUId,isCancelled,start,end,isAllDay,originalStartTimeZone,lastModifiedDateTime' +
  `&$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${markProperty}')`)}`;

/** In UTC without a Z, as a `dateTimeTimeZone` wants it. */
function utcTime(instant: string): { readonly dateTime: string; readonly timeZone: string } {
  const time = Date.parse(instant);
  if (Number.isNaN(time)) throw new CalendarError('rejected', { reason: 'no_instant' });
  return { dateTime: new Date(time).toISOString().slice(0, -1), timeZone: 'UTC' };
}

/** Our fields, empty ones too: a PATCH leaves what it does not name. Nobody is invited, so nobody is mailed. */
const ourFields = (identity: EventIdentity, event: DesiredEvent): object => ({
  subject: event.title,
  body: { contentType: 'text', content: event.description ?? '' },
  location: { displayName: event.location ?? '' },
  start: utcTime(event.start),
  end: utcTime(event.end),
  // A person may have made it all-day, which bears no times but midnights.
  isAllDay: false,
  singleValueExtendedProperties: ourProperties(identity, event.version),
});

function readWritten(body: unknown): WrittenEvent {
  const event = object(body);
  const [id, etag] = [text(event['id']), text(event['@odata.etag'])];
  if (id === undefined || etag === undefined) throw malformed('event');
  return { id, icalUid: text(event['iCalUId']) ?? '', etag };
}

/** An event read back; all-day ones in their own zone, else in `zone`. */
function readFound(body: unknown, zone: string | undefined): FoundEvent {
  const event = object(body);
  const times = readTimes(event['start'], event['end']);
  if (times === undefined) throw malformed('event');
  const mark = readMark(event['singleValueExtendedProperties']);
  const status = readStatus(event);
  return { ...readWritten(event), ...spanOf(times, status, zone), cancelled: status.facts.cancelled, ...(mark === undefined ? {} : { mark }) };
}

/** The event that holds the transactionId, where Graph names it: https://github.com/alcionai/corso/issues/2490 */
const existingId = (body: unknown): string | undefined => text(object(object(body)['error'])['@event.existingEventId']);

const isConflict = ({ status, body }: Answer): boolean => status === 412 || (status === 409 && faultCode(body) === 'errorirresolvableconflict');

/** Of several copies the one to go on with: alive before binned, then the newest. */
function bestFirst(one: unknown, other: unknown): number {
  const isBinned = (event: unknown): number => (object(event)['isCancelled'] === true ? 1 : 0);
  const changedAt = (event: unknown): number => Date.parse(text(object(event)['lastModifiedDateTime']) ?? '') || 0;
  return isBinned(one) - isBinned(other) || changedAt(other) - changedAt(one);
}

/** Reading and writing single events: those of our bookings. */
export function ourEvents(call: GraphCall, zone: string | undefined): OurEvents {
  const read: OurEvents['read'] = async (_calendar, eventId) => {
    const answer = await call({ method: 'get', url: `${eventPath(eventId)}?${foundFields}` });
    return isMissing(answer) ? undefined : readFound(bodyOf(answer), zone);
  };

  const find: OurEvents['find'] = async ({ id }, identity) => {
    const ours = `singleValueExtendedProperties/Any(ep: ep/id eq '${keyProperty}' and ep/value eq '${transactionIdOf(identity)}')`;
    const found: unknown[] = [];
    const url = `${calendarPath(id)}/events?$filter=${encodeURIComponent(ours)}&${foundFields}`;
    for await (const { rows } of pagesFrom(call, url)) found.push(...rows);
    const [best] = found.sort(bestFirst);
    return best === undefined ? undefined : readFound(best, zone);
  };

  const create: OurEvents['create'] = async ({ id }, identity, event) => {
    const body = { ...ourFields(identity, event), showAs: 'busy', transactionId: transactionIdOf(identity) };
    const answer = await call({ method: 'post', url: `${calendarPath(id)}/events`, body });
    if (faultCode(answer.body) === 'errorduplicatetransactionid') {
      const eventId = existingId(answer.body);
      return eventId === undefined ? { outcome: 'exists' } : { outcome: 'exists', eventId };
    }
    // The same content again is answered 201 with the first event, as if it were new.
    return { outcome: 'created', event: readWritten(bodyOf(answer)) };
  };

  const update: Calendars['update'] = async (_calendar, eventId, identity, event, etag) => {
    const condition = etag === undefined || etag === '' ? {} : { 'If-Match': etag };
    const answer = await call({ method: 'patch', url: eventPath(eventId), headers: condition, body: ourFields(identity, event) });
    if (isConflict(answer)) return { outcome: 'changed' };
    if (isMissing(answer)) return { outcome: 'gone' };
    const body = bodyOf(answer);
    return object(body)['isCancelled'] === true ? { outcome: 'gone' } : { outcome: 'updated', event: readWritten(body) };
  };

  const remove: OurEvents['remove'] = async (_calendar, eventId) => {
    const answer = await call({ method: 'delete', url: eventPath(eventId) });
    if (isMissing(answer)) return 'absent';
    bodyOf(answer);
    return 'removed';
  };

  return { read, find, create, update, remove };
}
