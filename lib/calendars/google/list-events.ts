import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { CalendarRef, Page, Window } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { Answer, GoogleCall } from './call.ts';
import { bodyOf, faultOf } from './call.ts';
import type { EventPage, ReadingRules } from './event-page.ts';
import { readEventPage } from './event-page.ts';
import { malformed } from './fault.ts';

/** A million events. */
const maxPages = 400;

/**
 * What every list and delta asks. A sync token is only good for the parameters of the list that gave it, so that any change here needs
 * a new `cursorPrefix`: https://developers.google.com/workspace/calendar/api/guides/sync
 * One attendee at most is the owner of the calendar where there are more; `showDeleted` stays unset, since a delta refuses `false`.
 */
export const listParameters = {
  singleEvents: true,
  maxResults: 2500,
  maxAttendees: 1,
  fields:
    'nextPageToken,nextSyncToken,timeZone,' +
    'items(id,status,etag,start,end,transparency,eventType,attendees(self,responseStatus),extendedProperties/private)',
} as const;

/** Stands before each sync token; a cursor with another came from other parameters and asks for a new list. */
export const cursorPrefix = 'g1:';

export interface EventLists {
  everything(calendar: CalendarRef, window: Window): AsyncIterable<Page>;
  changes(calendar: CalendarRef, cursor: string): AsyncIterable<Page>;
}

type Question = calendar_v3.Params$Resource$Events$List;

/** In a delta the token is all that can be wrong with the question, whatever reason Google gives. */
const deltaBody = (answer: Answer): unknown => {
  const { status, reason } = answer.status === 400 || answer.status === 410 ? faultOf(answer) : {};
  if (status !== undefined) throw new CalendarError('cursor_gone', { status, reason });
  return bodyOf(answer);
};

const toPage = ({ items, zone, syncToken }: EventPage): Page => ({
  items,
  ...(zone === undefined ? {} : { zone }),
  ...(syncToken === undefined ? {} : { cursor: cursorPrefix + syncToken }),
});

/** Lists and deltas of events, page by page. */
export function eventLists(api: calendar_v3.Calendar, call: GoogleCall, rules: ReadingRules): EventLists {
  async function* pages(question: Question, read: (answer: Answer) => unknown): AsyncGenerator<Page, void, undefined> {
    const seen = new Set<string>();
    let pageToken: string | undefined;
    while (seen.size < maxPages) {
      const asked = pageToken === undefined ? question : { ...question, pageToken };
      const page = readEventPage(read(await call((options) => api.events.list(asked, options))), rules);
      if (page === undefined) throw malformed('page');
      yield toPage(page);
      if (page.next === undefined) return;
      if (seen.has(page.next)) throw new CalendarError('unavailable', { reason: 'page_token_repeated' });
      seen.add(page.next);
      pageToken = page.next;
    }
    throw new CalendarError('unavailable', { reason: 'too_many_pages' });
  }

  return {
    everything: ({ id }, { from, to }) => {
      const bounds = { timeMin: new Date(from).toISOString(), timeMax: new Date(to).toISOString() };
      return pages({ calendarId: id, ...listParameters, ...bounds }, bodyOf);
    },
    changes: async function* ({ id }, cursor) {
      if (!cursor.startsWith(cursorPrefix)) throw new CalendarError('cursor_gone', { reason: 'other_parameters' });
      const syncToken = cursor.slice(cursorPrefix.length);
      yield* pages({ calendarId: id, ...listParameters, syncToken }, deltaBody);
    },
  };
}
