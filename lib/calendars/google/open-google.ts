// Google Calendar behind the port: https://developers.google.com/workspace/calendar/api/v3/reference
import { calendar as calendarApi } from 'googleapis/build/src/apis/calendar/index.js';
import type { Clock } from '../../platform/clock.ts';
import { seconds } from '../../platform/clock.ts';
import type { BlockingSettings } from '../blocking.ts';
import type { OpenCalendars } from '../port.ts';
import { listCalendars } from './calendar-list.ts';
import { googleCall } from './call.ts';
import { googleEventId } from './event-id.ts';
import { eventLists } from './list-events.ts';
import { ourEvents } from './our-events.ts';
import { watches } from './watches.ts';

export interface GoogleOptions {
  /** Where the API answers, such as https://www.googleapis.com. */
  readonly apiUrl: string;
  readonly clock: Clock;
  /** The longest that one call may take; 10 s unless said. */
  readonly callMs?: number;
  readonly blocking?: BlockingSettings;
}

/** Opens the calendars of Google connections. */
export function openGoogle({ apiUrl, clock, callMs = seconds(10), blocking = {} }: GoogleOptions): OpenCalendars {
  const api = calendarApi({ version: 'v3', rootUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` });
  return (session) => {
    const call = googleCall({ session, clock, callMs });
    return {
      ...eventLists(api, call, { zone: session.zone, blocking }),
      ...ourEvents(api, call, session.zone),
      ...watches(api, call, clock),
      predictedId: googleEventId,
      wrote: (identity, { id }) => googleEventId(identity) === id,
      list: () => listCalendars(api, call),
    };
  };
}
