// The methods of the Calendar API v3 that the simulator knows: https://developers.google.com/workspace/calendar/api/v3/reference
import type { Channels } from './channels.ts';
import type { AccessToken } from './credentials.ts';
import { findEvent } from './event-writes.ts';
import type { EventWrites, Writer } from './event-writes.ts';
import type { EventRecord, Json } from './event-record.ts';
import { isSeries } from './event-record.ts';
import { eventView } from './event-view.ts';
import { calendarListShape, calendarShape, channelShape, eventShape, eventsShape } from './field-names.ts';
import type { Shape } from './field-names.ts';
import { conditionNotMet, forbidden, fullSyncRequired, GoogleFault, notFound } from './google-fault.ts';
import { instancesAround } from './instances.ts';
import type { ListRules } from './list-events.ts';
import { listEvents } from './list-events.ts';
import { readListQuestion } from './list-question.ts';
import { seesFreeBusyOnly } from './scopes.ts';
import type { Need } from './scopes.ts';
import type { CalendarView, World } from './world.ts';
import { roles } from './world.ts';

export interface Call {
  readonly access: AccessToken;
  /** The decoded parts of the path that vary. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly ifMatch?: string;
  /** Empty where the request has no body. */
  readonly body: Json;
}

export interface Method {
  readonly verb: string;
  readonly path: RegExp;
  readonly needs: Need;
  /** The names that `fields` may use; none where nothing is answered. */
  readonly shape?: Shape;
  /** undefined: 204. */
  run(call: Call): Json | undefined | Promise<Json>;
}

export interface MethodParts {
  readonly world: World;
  readonly list: ListRules;
  readonly writes: EventWrites;
  readonly channels: Channels;
  readonly revives: () => boolean;
  /** Resolves when the answer of a watch may go out: perhaps only after its sync message. */
  readonly beforeWatchAnswer: () => Promise<void>;
}

const root = '/calendar/v3';
const name = '([^/]+)';
const at = (path: string): RegExp => new RegExp(`^${root}${path}$`);

/** Every method, with the scope it needs. */
export function calendarMethods(parts: MethodParts): readonly Method[] {
  const events = eventMethods(parts);
  return [
    { verb: 'GET', path: at('/users/me/calendarList'), needs: 'listCalendars', shape: calendarListShape, run: (call) => calendarList(call) },
    { verb: 'GET', path: at(`/calendars/${name}`), needs: 'readCalendar', shape: calendarShape, run: (call) => calendarView(viewOf(parts.world, call)) },
    ...events,
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

function eventMethods({ world, list, writes, revives }: MethodParts): Method[] {
  const all = at(`/calendars/${name}/events`);
  const one = at(`/calendars/${name}/events/${name}`);
  const shown = (call: Call, record: EventRecord): Json => {
    const view = viewOf(world, call);
    const question = readListQuestion(call.query);
    return eventView(record, { view, zone: question.zone ?? view.calendar.zone, freeBusyOnly: freeBusyOnly(call, view), ...(question.maxAttendees === undefined ? {} : { maxAttendees: question.maxAttendees }) });
  };
  const writer = (call: Call): Writer => {
    const { calendar, accessRole } = viewOf(world, call);
    const told = call.query.get('sendUpdates') ?? 'none';
    if (!['all', 'externalOnly', 'none'].includes(told)) throw new GoogleFault(400, 'invalidParameter', { message: `Invalid value for parameter sendUpdates: ${told}`, location: 'sendUpdates' });
    if (roles.indexOf(accessRole) < roles.indexOf('writerWithoutPrivateAccess')) throw new GoogleFault(403, 'requiredAccessLevel', { domain: 'calendar', message: 'You need to have writer access to this calendar.' });
    return { calendar, human: false, revives: revives() };
  };
  /** The event to change, after If-Match. */
  const target = (call: Call): EventRecord => {
    const record = findEvent(writer(call).calendar, call.names[1] ?? '');
    if (call.ifMatch !== undefined && call.ifMatch !== '*' && call.ifMatch !== record.etag) throw conditionNotMet();
    return record;
  };
  return [
    { verb: 'GET', path: all, needs: 'readEvents', shape: eventsShape, run: (call) => listEvents(list, viewOf(world, call), call.query, freeBusyOnly(call, viewOf(world, call))) },
    { verb: 'POST', path: all, needs: 'writeEvents', shape: eventShape, run: (call) => shown(call, writes.insert(writer(call), call.body)) },
    { verb: 'GET', path: one, needs: 'readEvents', shape: eventShape, run: (call) => shown(call, findEvent(viewOf(world, call).calendar, call.names[1] ?? '')) },
    { verb: 'PATCH', path: one, needs: 'writeEvents', shape: eventShape, run: (call) => shown(call, writes.patch(writer(call), target(call), call.body)) },
    { verb: 'PUT', path: one, needs: 'writeEvents', shape: eventShape, run: (call) => shown(call, writes.update(writer(call), target(call), call.body)) },
    {
      verb: 'DELETE', path: one, needs: 'writeEvents',
      run: (call) => {
        writes.remove(writer(call), target(call));
        return undefined;
      },
    },
    { verb: 'GET', path: at(`/calendars/${name}/events/${name}/instances`), needs: 'readEvents', shape: eventsShape, run: (call) => instances({ world, list }, call) },
  ];
}

/** The instances of one series, exceptions in their place; all on one page. */
function instances({ world, list }: Pick<MethodParts, 'world' | 'list'>, call: Call): Json {
  const view = viewOf(world, call);
  const master = findEvent(view.calendar, call.names[1] ?? '');
  if (!isSeries(master)) throw forbidden();
  const { store } = view.calendar;
  const until = world.clock() + list.horizonDays * 86_400_000;
  const members = instancesAround(master, Math.min(master.created, world.clock()) - 366 * 86_400_000, until).map((instance) => store.records.get(instance.id) ?? instance);
  const living = members.filter((member) => member.status !== 'cancelled');
  const showing = { view, zone: view.calendar.zone, freeBusyOnly: freeBusyOnly(call, view) };
  return { kind: 'calendar#events', etag: master.etag, timeZone: view.calendar.zone, accessRole: view.accessRole, items: living.map((member) => eventView(member, showing)) };
}

function viewOf(world: World, { access, names }: Call): CalendarView {
  const view = world.view(access.account, names[0] ?? '');
  if (view === undefined) throw notFound();
  return view;
}

const freeBusyOnly = ({ access }: Call, view: CalendarView): boolean => view.accessRole === 'freeBusyReader' || seesFreeBusyOnly(access.scopes);

const calendarView = ({ calendar }: CalendarView): Json => ({ kind: 'calendar#calendar', etag: `"c${calendar.resourceId}.${calendar.zone}"`, id: calendar.id, summary: calendar.summary, timeZone: calendar.zone });

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
