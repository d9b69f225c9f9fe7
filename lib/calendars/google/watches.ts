import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { Clock } from '../../platform/clock.ts';
import { days } from '../../platform/clock.ts';
import type { Calendars } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { GoogleCall } from './call.ts';
import { bodyOf } from './call.ts';
import { malformed } from './fault.ts';
import { object, text } from '../json.ts';

export type Watches = Pick<Calendars, 'watch' | 'renew' | 'stop' | 'listWatches'>;

/** What Google gives a channel whose end nobody names: https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
const defaultLife = days(7);

/** Channels on a calendar's events. Save the channel before asking for it: its first notice can come before the answer. */
export function watches(api: calendar_v3.Calendar, call: GoogleCall, clock: Clock): Watches {
  return {
    watch: async ({ id: calendarId }, { id, secret, address, expiresAt }) => {
      const channel = { id, type: 'web_hook', address, token: secret, expiration: String(expiresAt) };
      const body = object(bodyOf(await call((options) => api.events.watch({ calendarId, requestBody: channel }, options))));
      const resourceId = text(body['resourceId']);
      if (resourceId === undefined || body['id'] !== id) throw malformed('channel');
      // A 64-bit number, so it arrives as a string.
      const ends = Number(body['expiration'] ?? Math.min(expiresAt, clock() + defaultLife));
      if (!Number.isSafeInteger(ends)) throw malformed('channel');
      return { id, resourceId, expiresAt: ends };
    },
    renew: () => Promise.resolve(undefined),
    listWatches: () => Promise.resolve(undefined),
    stop: async ({ id, resourceId }) => {
      // Google stops a channel by both names; one whose answer never came ends by itself, or is stopped from its notice.
      if (resourceId === undefined) throw new CalendarError('rejected', { reason: 'resource_unknown' });
      const answer = await call((options) => api.channels.stop({ requestBody: { id, resourceId } }, options));
      if (answer.status !== 404) bodyOf(answer);
    },
  };
}
