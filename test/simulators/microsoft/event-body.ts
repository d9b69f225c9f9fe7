// Reads the body of a create or PATCH as strictly as Graph does, and says what it asks for.
import type { Fields, Slot, ZonedWall } from './event-model.ts';
import { badRequest, zoneUnknown } from './graph-failure.ts';
import { anyZoneOfName, originalZoneName, zoneOfName } from './zone-names.ts';

export type Json = Readonly<Record<string, unknown>>;

interface Named extends ZonedWall {
  readonly name: string;
}

/** What a body asks to be set; members that it does not have are absent. */
export interface EventWish {
  readonly start?: Named;
  readonly end?: Named;
  readonly isAllDay?: boolean;
  readonly originalStartTimeZone?: string;
  readonly originalEndTimeZone?: string;
  readonly recurrence?: unknown;
  readonly transactionId?: string;
  readonly properties: ReadonlyMap<string, string>;
  readonly fields: Fields;
}

const kinds: Readonly<Record<string, readonly string[]>> = {
  showAs: ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown'],
  sensitivity: ['normal', 'personal', 'private', 'confidential'],
  importance: ['low', 'normal', 'high'],
};
const plain = ['subject', 'body', 'location', 'locations', 'attendees', 'categories', 'isReminderOn', 'reminderMinutesBeforeStart', 'responseRequested', 'allowNewTimeProposals', 'hideAttendees', 'isOnlineMeeting', 'onlineMeetingProvider', 'isDraft', ...Object.keys(kinds)];
/** What only Outlook itself, or another organizer, can set. */
const outlookOnly = ['isCancelled', 'isOrganizer', 'responseStatus', 'organizer', 'iCalUId', 'hasAttachments'];
const structural = ['start', 'end', 'isAllDay', 'originalStartTimeZone', 'originalEndTimeZone', 'recurrence', 'transactionId', 'singleValueExtendedProperties'];
const readOnly = [...outlookOnly, 'id', 'changeKey', 'createdDateTime', 'lastModifiedDateTime', 'seriesMasterId', 'type', 'webLink', 'bodyPreview', 'onlineMeetingUrl', 'onlineMeeting'];

/** Who asks: an app through Graph, or a person in Outlook, who may do more. */
export type Writer = 'app' | 'person';

/** Throws GraphFailure for the first thing that Graph would refuse. */
export function readEventBody(body: Json, writer: Writer): EventWish {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (structural.includes(name) || name.startsWith('@odata.')) continue;
    if (!plain.includes(name) && !(writer === 'person' && outlookOnly.includes(name))) throw unknownMember(name);
    const allowed = kinds[name];
    if (allowed !== undefined && !allowed.includes(String(value))) throw badRequest(`Requested value '${String(value)}' was not found.`, 'RequestBodyRead');
    fields[name] = value;
  }
  const text = (name: string): Record<string, string> => (typeof body[name] === 'string' ? { [name]: body[name] } : {});
  return {
    ...('start' in body ? { start: readTime(body['start'], 'Start', writer) } : {}),
    ...('end' in body ? { end: readTime(body['end'], 'End', writer) } : {}),
    ...(typeof body['isAllDay'] === 'boolean' ? { isAllDay: body['isAllDay'] } : {}),
    ...(writer === 'person' ? { ...text('originalStartTimeZone'), ...text('originalEndTimeZone') } : {}),
    ...('recurrence' in body ? { recurrence: body['recurrence'] } : {}),
    ...text('transactionId'),
    properties: readProperties(body['singleValueExtendedProperties']),
    fields,
  };
}

const unknownMember = (name: string): Error =>
  readOnly.includes(name)
    ? badRequest(`The property '${name}' is read-only and cannot be set.`, 'ErrorInvalidPropertySet')
    : badRequest(`The property '${name}' does not exist on type 'Microsoft.OutlookServices.Event'. Make sure to only use property names that are defined by the type.`, 'RequestBodyRead');

function readTime(value: unknown, member: string, writer: Writer): Named {
  const { dateTime, timeZone } = typeof value === 'object' && value !== null ? (value as { dateTime?: unknown; timeZone?: unknown }) : {};
  if (typeof dateTime !== 'string' || typeof timeZone !== 'string') throw badRequest(`At least one property failed validation. Property: Event.${member} needs dateTime and timeZone.`, 'ErrorPropertyValidationFailure');
  const zone = writer === 'app' ? zoneOfName(timeZone) : anyZoneOfName(timeZone);
  if (zone === undefined) throw zoneUnknown(timeZone);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?$/u.test(dateTime) || Number.isNaN(Date.parse(`${dateTime.slice(0, 16)}Z`))) {
    throw badRequest(`Cannot convert the literal '${dateTime}' to the expected type 'Edm.DateTime'.`, 'RequestBodyRead');
  }
  const wall = dateTime.length === 16 ? `${dateTime}:00` : dateTime.slice(0, 19);
  return { wall, zone, name: timeZone };
}

/** Property ids are kept with their GUID in lower case; the name's case counts. */
export function canonicalPropertyId(id: string): string {
  const match = /^(\S+)\s+(?:\{([0-9a-f-]{36})\}\s+(Name\s+.+|Id\s+0x[0-9a-f]+)|(0x[0-9a-f]+))$/iu.exec(id.trim());
  if (match === null) throw badRequest(`The property ID '${id}' is not in a valid format.`, 'ErrorInvalidProperty');
  return match[4] === undefined ? `${match[1]} {${match[2]?.toLowerCase()}} ${match[3]}` : `${match[1]} ${match[4].toLowerCase()}`;
}

function readProperties(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!Array.isArray(value)) throw badRequest('singleValueExtendedProperties must be an array.', 'RequestBodyRead');
  return new Map(
    value.map((item: unknown) => {
      const { id, value: text } = typeof item === 'object' && item !== null ? (item as { id?: unknown; value?: unknown }) : {};
      if (typeof id !== 'string' || typeof text !== 'string') throw badRequest('An extended property needs an id and a value.', 'RequestBodyRead');
      return [canonicalPropertyId(id), text];
    }),
  );
}

/** The slot that a wish leads to, from the one that the event has. */
export function slotOf(wish: EventWish, before?: Slot): Slot {
  const start = wish.start ?? before?.start;
  const end = wish.end ?? before?.end;
  if (start === undefined || end === undefined) throw badRequest('At least one property failed validation. Event.Start and Event.End are required.', 'ErrorPropertyValidationFailure');
  const isAllDay = wish.isAllDay ?? before?.isAllDay ?? false;
  if (isAllDay) checkAllDay(start, end);
  return {
    start: { wall: start.wall, zone: start.zone },
    end: { wall: end.wall, zone: end.zone },
    isAllDay,
    startZoneName: wish.originalStartTimeZone ?? (wish.start === undefined ? before?.startZoneName : originalZoneName(wish.start.name)) ?? 'UTC',
    endZoneName: wish.originalEndTimeZone ?? (wish.end === undefined ? before?.endZoneName : originalZoneName(wish.end.name)) ?? 'UTC',
  };
}

function checkAllDay(start: ZonedWall, end: ZonedWall): void {
  const refuse = (why: string): Error => badRequest(`At least one property failed validation. ${why}`, 'ErrorPropertyValidationFailure');
  if (!start.wall.endsWith('T00:00:00') || !end.wall.endsWith('T00:00:00')) throw refuse('The start and end of an all-day event must be set to midnight.');
  if (start.zone !== end.zone) throw refuse('The start and end of an all-day event must be in the same time zone.');
  if (end.wall <= start.wall) throw refuse('The duration of an all-day event must be at least 24 hours.');
}
