import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { CalendarInfo } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { GoogleCall } from './call.ts';
import { bodyOf } from './call.ts';
import { malformed } from './fault.ts';
import { list, object, text } from '../json.ts';

/** 250 calendars a page; nobody can see more than a few hundred. */
const maxPages = 40;
const fields = 'nextPageToken,items(id,summary,summaryOverride,primary,accessRole,timeZone)';
const writers = new Set<unknown>(['owner', 'writer', 'writerWithoutPrivateAccess']);

function readCalendar(value: unknown): CalendarInfo {
  const entry = object(value);
  const id = text(entry['id']);
  if (id === undefined) throw malformed('calendar');
  const zone = text(entry['timeZone']);
  return {
    id,
    name: text(entry['summaryOverride']) ?? text(entry['summary']) ?? id,
    primary: entry['primary'] === true,
    writable: writers.has(entry['accessRole']),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** Every calendar on the account's list. */
export async function listCalendars(api: calendar_v3.Calendar, call: GoogleCall): Promise<readonly CalendarInfo[]> {
  const found: CalendarInfo[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const question = { maxResults: 250, fields, ...(pageToken === undefined ? {} : { pageToken }) };
    const body = object(bodyOf(await call((options) => api.calendarList.list(question, options))));
    found.push(...list(body['items']).map(readCalendar));
    pageToken = text(body['nextPageToken']);
    if (pageToken === undefined) return found;
  }
  throw new CalendarError('unavailable', { reason: 'too_many_pages' });
}
