// What a client or a person may write into an event, read from the API's JSON; and back again, for patches to merge into.
import type { EventContent, EventRecord, EventStatus, EventTime, Json } from './event-record.ts';
import { object } from './event-record.ts';
import { readEventTimes } from './event-times.ts';
import { GoogleFault, invalid, required } from './google-fault.ts';

export interface Writing {
  readonly calendarZone: string;
  /** A person's own hands write what no client may: events from mail, invitations by others. */
  readonly human: boolean;
  readonly before?: EventRecord;
}

const ownFields = [
  'summary', 'description', 'location', 'colorId', 'transparency', 'visibility', 'attendees', 'attendeesOmitted', 'reminders', 'eventType',
  'anyoneCanAddSelf', 'guestsCanInviteOthers', 'guestsCanModify', 'guestsCanSeeOtherGuests', 'source', 'conferenceData', 'gadget', 'attachments',
  'workingLocationProperties', 'outOfOfficeProperties', 'focusTimeProperties', 'birthdayProperties',
] as const;
const choices: Readonly<Record<string, readonly string[]>> = {
  transparency: ['opaque', 'transparent'],
  visibility: ['default', 'public', 'private', 'confidential'],
  eventType: ['default', 'birthday', 'focusTime', 'fromGmail', 'outOfOffice', 'workingLocation'],
};
const responses = ['needsAction', 'declined', 'tentative', 'accepted'];
const texts = ['summary', 'description', 'location', 'colorId'];

/** Reads a whole event body; throws GoogleFault 400 where Google would. */
export function readContent(body: Json, writing: Writing): EventContent {
  return { ...readEventTimes(body, writing.calendarZone), status: readStatus(body['status']), details: readDetails(body, writing) };
}

function readStatus(value: unknown): EventStatus {
  if (value === undefined || value === null) return 'confirmed';
  if (value !== 'confirmed' && value !== 'tentative' && value !== 'cancelled') throw invalid('Invalid value for: status');
  return value;
}

function readDetails(body: Json, { human, before }: Writing): Json {
  const details: Record<string, unknown> = {};
  for (const field of [...ownFields, 'organizer']) {
    const value = field === 'organizer' && !human ? before?.details['organizer'] : body[field];
    if (value === undefined || value === null) continue;
    if (choices[field]?.includes(String(value)) === false) throw invalid(`Invalid value for: ${field}`);
    if (texts.includes(field) && typeof value !== 'string') throw invalid(`Invalid value for: ${field}`);
    details[field] = value;
  }
  if (details['attendees'] !== undefined) details['attendees'] = readAttendees(details['attendees']);
  const properties = readProperties(body['extendedProperties']);
  if (properties !== undefined) details['extendedProperties'] = properties;
  checkEventType(details['eventType'], human, before);
  // Defaults are never shown.
  for (const [field, normal] of [['transparency', 'opaque'], ['visibility', 'default'], ['eventType', 'default']] as const) if (details[field] === normal) delete details[field];
  return details;
}

function checkEventType(value: unknown, human: boolean, before: EventRecord | undefined): void {
  const type = value ?? 'default';
  if (before !== undefined && type !== (before.details['eventType'] ?? 'default')) throw new GoogleFault(400, 'eventTypeRestriction', { domain: 'calendar', message: 'Event type cannot be changed.' });
  if (type === 'fromGmail' && !human && before === undefined) throw invalid('Events from Gmail cannot be created.');
}

function readAttendees(value: unknown): Json[] {
  if (!Array.isArray(value)) throw invalid('Invalid value for: attendees');
  return value.map((entry) => {
    const attendee = object(entry);
    if (typeof attendee['email'] !== 'string' && attendee['self'] !== true) throw required('Missing attendee email.');
    const responseStatus = attendee['responseStatus'] ?? 'needsAction';
    if (!responses.includes(String(responseStatus))) throw invalid('Invalid value for: responseStatus');
    return { ...attendee, responseStatus };
  });
}

/** Limits of https://developers.google.com/workspace/calendar/api/guides/extended-properties : the first two work in silence. */
function readProperties(value: unknown): Json | undefined {
  const read: Record<string, Json> = {};
  let [count, size] = [0, 0];
  for (const kind of ['private', 'shared'] as const) {
    const kept: Record<string, string> = {};
    for (const [key, text] of Object.entries(object(object(value)[kind]))) {
      if (text === null || key.length > 44) continue;
      if (typeof text !== 'string') throw invalid(`Invalid value for: extendedProperties.${kind}`);
      kept[key] = text.slice(0, 1024);
      count += 1;
      size += key.length + Math.min(text.length, 1024);
    }
    if (Object.keys(kept).length > 0) read[kind] = kept;
  }
  if (count > 300 || size > 32 * 1024) throw invalid('Too many extended properties.', 'extendedProperties');
  return Object.keys(read).length === 0 ? undefined : read;
}

const written = (time: EventTime): Json => ('date' in time ? time : { dateTime: new Date(time.at).toISOString(), timeZone: time.zone });

/** An event as a writer would have sent it. */
export const contentBody = ({ start, end, recurrence, status, details }: EventContent): Json => ({
  ...details,
  status,
  start: written(start),
  end: written(end),
  ...(recurrence === undefined ? {} : { recurrence }),
});

/** Patch semantics: objects merge, arrays and values replace, null deletes. */
export function merge(target: Json, patch: Json): Json {
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (value !== null && typeof value === 'object' && !Array.isArray(value)) merged[key] = merge(object(merged[key]), object(value));
    else merged[key] = value;
  }
  return merged;
}
