// Events as Graph's JSON: times in the zone asked for, with seven fractional digits and no Z; ids in the form asked for.
import { toLocal } from '../zones.ts';
import { changeKey, etag, eventId } from './event-ids.ts';
import type { View, ZonedWall } from './event-model.ts';
import { instantOf } from './instances.ts';
import type { Mailbox } from './mailbox.ts';
import type { Prefer } from './prefer.ts';

export interface Shown {
  readonly mailbox: Mailbox;
  readonly prefer: Prefer;
  readonly iCalUIdIsNull: boolean;
}

export type EventJson = Record<string, unknown>;

/** Seven digits, and Z for what is an instant. */
export const stamp = (instant: number): string => new Date(instant).toISOString().replace('Z', '0000Z');

function time(at: ZonedWall, prefer: Prefer): { dateTime: string; timeZone: string } {
  const wall = at.zone === prefer.zone ? at.wall : toLocal(instantOf(at), prefer.zone);
  return { dateTime: `${wall}.0000000`, timeZone: prefer.zoneName };
}

/** The id under which a view is shown. */
export function idOf(view: View, shown: Shown): string {
  return eventId(shown.mailbox.idPart, { key: view.event.key, ...(view.occurrence === undefined ? {} : { occurrence: view.occurrence }) }, shown.prefer.idForm);
}

const masterId = (view: View, shown: Shown): string | null => (view.occurrence === undefined ? null : eventId(shown.mailbox.idPart, { key: view.event.key }, shown.prefer.idForm));

/** All that deltas tell of an occurrence: not what it is called, nor whether it blocks. */
export function bareOccurrence(view: View, shown: Shown): EventJson {
  return {
    '@odata.type': '#microsoft.graph.event',
    '@odata.etag': etag(view.change),
    id: idOf(view, shown),
    seriesMasterId: masterId(view, shown),
    type: view.type,
    start: time(view.slot.start, shown.prefer),
    end: time(view.slot.end, shown.prefer),
  };
}

/** What Graph fills in where nobody said anything. */
const unsaid = {
  categories: [],
  reminderMinutesBeforeStart: 15,
  isReminderOn: true,
  hasAttachments: false,
  hideAttendees: false,
  subject: null,
  importance: 'normal',
  sensitivity: 'normal',
  isCancelled: false,
  isDraft: false,
  responseRequested: true,
  showAs: 'busy',
  onlineMeetingUrl: null,
  isOnlineMeeting: false,
  onlineMeetingProvider: 'unknown',
  onlineMeeting: null,
  allowNewTimeProposals: true,
};

/** Everything but navigation properties. */
export function fullEvent(view: View, shown: Shown): EventJson {
  const { event, slot, fields } = view;
  const id = idOf(view, shown);
  const organizes = fields['isOrganizer'] !== false;
  return {
    '@odata.etag': etag(view.change),
    id,
    createdDateTime: stamp(event.createdAt),
    lastModifiedDateTime: stamp(view.modifiedAt),
    changeKey: changeKey(view.change),
    ...unsaid,
    ...(event.transactionId === undefined ? {} : { transactionId: event.transactionId }),
    originalStartTimeZone: slot.startZoneName,
    originalEndTimeZone: slot.endZoneName,
    isAllDay: slot.isAllDay,
    isOrganizer: organizes,
    seriesMasterId: masterId(view, shown),
    type: view.type,
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`,
    responseStatus: { response: organizes ? 'organizer' : 'notResponded', time: '0001-01-01T00:00:00Z' },
    organizer: { emailAddress: { name: shown.mailbox.email, address: shown.mailbox.email } },
    ...fields,
    attendees: attendeesOf(fields['attendees']),
    iCalUId: shown.iCalUIdIsNull ? null : iCalUId(view),
    ...bodyOf(fields['body'], shown.prefer),
    ...locationOf(fields['location']),
    start: time(slot.start, shown.prefer),
    end: time(slot.end, shown.prefer),
    recurrence: view.type === 'seriesMaster' ? (event.series?.recurrence ?? null) : null,
  };
}

/** What $select may name. */
export const eventMembers = new Set(
  `id createdDateTime lastModifiedDateTime changeKey categories transactionId originalStartTimeZone originalEndTimeZone originalStart iCalUId
reminderMinutesBeforeStart isReminderOn hasAttachments hideAttendees subject bodyPreview importance sensitivity isAllDay isCancelled isDraft
isOrganizer responseRequested seriesMasterId showAs type webLink onlineMeetingUrl isOnlineMeeting onlineMeetingProvider onlineMeeting
allowNewTimeProposals responseStatus body start end location locations recurrence attendees organizer`.split(/\s+/u),
);

/** Differs per occurrence: Outlook writes its date into the middle. */
function iCalUId(view: View): string {
  const given = view.event.fields['iCalUId'];
  if (typeof given === 'string') return given;
  const date = view.occurrence ?? '00000000';
  const hex = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)].map((part, i) => Number(part).toString(16).padStart(i === 0 ? 4 : 2, '0')).join('');
  const rest = Buffer.from(`${view.event.createdAt}-${view.event.key}`).toString('hex').padEnd(80, '0');
  return `040000008200E00074C5B7101A82E008${hex}${rest}`.toUpperCase();
}

/** Nobody has answered yet, unless it is said. */
const attendeesOf = (attendees: unknown): object[] => (Array.isArray(attendees) ? attendees.map((each: object) => ({ type: 'required', status: { response: 'none', time: '0001-01-01T00:00:00Z' }, ...each })) : []);

function bodyOf(body: unknown, prefer: Prefer): EventJson {
  const given = typeof body === 'object' && body !== null ? (body as { contentType?: unknown; content?: unknown }) : {};
  const content = typeof given.content === 'string' ? given.content : '';
  const isHtml = String(given.contentType ?? 'html').toLowerCase() === 'html';
  const text = isHtml ? content.replaceAll(/<[^>]*>/gu, '') : content;
  const html = isHtml && /<html/iu.test(content) ? content : content === '' ? '' : `<html><head></head><body>${content}</body></html>`;
  return { bodyPreview: text.slice(0, 255), body: prefer.textBody ? { contentType: 'text', content: text } : { contentType: 'html', content: html } };
}

function locationOf(location: unknown): EventJson {
  const given = typeof location === 'object' && location !== null ? location : {};
  const name = 'displayName' in given && typeof given.displayName === 'string' ? given.displayName : '';
  if (name === '') return { location: { displayName: '', locationType: 'default', uniqueIdType: 'unknown', address: {}, coordinates: {} }, locations: [] };
  return {
    location: { ...given, displayName: name, locationType: 'default', uniqueId: name, uniqueIdType: 'private' },
    locations: [{ displayName: name, locationType: 'default', uniqueIdType: 'unknown' }],
  };
}
