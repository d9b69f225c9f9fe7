// The methods of the Calendar API v3 that the simulator knows: https://developers.google.com/workspace/calendar/api/v3/reference
import type { Channels } from './channels.ts';
import type { EventMethodParts } from './event-methods.ts';
import { eventMethods } from './event-methods.ts';
import type { Json } from './event-record.ts';
import { calendarListShape, calendarShape, channelShape } from './field-names.ts';
import { fullSyncRequired } from './google-fault.ts';
import { at, name, viewOf } from './method.ts';
import type { Call, Method } from './method.ts';
import type { CalendarView } from './world.ts';

export interface MethodParts extends EventMethodParts {
  readonly channels: Channels;
  /** Resolves when the answer of a watch may go out: perhaps only after its sync message. */
  readonly beforeWatchAnswer: () => Promise<void>;
}

/** Every method, with the scope it needs. */
export function calendarMethods(parts: MethodParts): readonly Method[] {
  return [
    { verb: 'GET', path: at('/users/me/calendarList'), needs: 'listCalendars', shape: calendarListShape, run: (call) => calendarList(call) },
    { verb: 'GET', path: at(`/calendars/${name}`), needs: 'readCalendar', shape: calendarShape, run: (call) => calendarView(viewOf(parts.world, call)) },
    ...eventMethods(parts),
    {
      verb: 'POST', path: at(`/calendars/${name}/events/watch`), needs: 'readEvents', shape: channelShape,
      run: async (call) => {
        const { account, clientId } = call.access;
        const channel = parts.channels.watch({ email: account.email, clientId }, viewOf(parts.world, call), call.body);
        await parts.beforeWatchAnswer();
        const { id, resourceId, resourceUri, token, expiration } = channel;
        // A 64-bit number: JSON carries it as a string.
        return { kind: 'api#channel', id, resourceId, resourceUri, ...(token === undefined ? {} : { token }), expiration: String(expiration) };
      },
    },
    {
      verb: 'POST', path: at('/channels/stop'), needs: 'readEvents',
      run: ({ access, body }) => {
        parts.channels.stop({ email: access.account.email, clientId: access.clientId }, body);
        return undefined;
      },
    },
  ];
}

const calendarView = ({ calendar: { id, resourceId, summary, zone } }: CalendarView): Json => ({
  kind: 'calendar#calendar', etag: `"c${resourceId}.${zone}"`, id, summary, timeZone: zone,
});

function calendarList({ access, query }: Call): Json {
  if (query.has('syncToken')) throw fullSyncRequired();
  const size = Math.min(Math.max(1, Number(query.get('maxResults') ?? 100) || 100), 250);
  const from = Number(query.get('pageToken') ?? 0) || 0;
  const views = [...access.account.views.values()];
  const items = views.slice(from, from + size).map((view) => ({
    ...calendarView(view), kind: 'calendar#calendarListEntry', accessRole: view.accessRole, selected: true, defaultReminders: [], ...(view.primary ? { primary: true } : {}),
  }));
  const more = from + size < views.length;
  return { kind: 'calendar#calendarList', etag: `"l${views.length}"`, ...(more ? { nextPageToken: String(from + size) } : { nextSyncToken: 'none' }), items };
}
