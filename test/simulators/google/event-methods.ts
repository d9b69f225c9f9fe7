// events.list, get, insert, patch, update, delete and instances: https://developers.google.com/workspace/calendar/api/v3/reference/events
import { days } from '../../../lib/platform/clock.ts';
import type { EventRecord, Json } from './event-record.ts';
import { isSeries } from './event-record.ts';
import { eventView } from './event-view.ts';
import { findEvent } from './event-writes.ts';
import type { EventWrites, Writer } from './event-writes.ts';
import { eventShape, eventsShape } from './field-names.ts';
import { conditionNotMet, forbidden, GoogleFault } from './google-fault.ts';
import { instancesUntil } from './instances.ts';
import { listEvents } from './list-events.ts';
import type { ListRules } from './list-events.ts';
import { readListQuestion } from './list-question.ts';
import { at, freeBusyOnly, name, viewOf } from './method.ts';
import type { Call, Method } from './method.ts';
import type { CalendarView, World } from './world.ts';
import { roles } from './world.ts';

export interface EventMethodParts {
  readonly world: World;
  readonly list: ListRules;
  readonly writes: EventWrites;
  readonly revives: () => boolean;
}

/** Reading and writing events. */
export function eventMethods({ world, list, writes, revives }: EventMethodParts): Method[] {
  const all = at(`/calendars/${name}/events`);
  const one = at(`/calendars/${name}/events/${name}`);
  const shown = (call: Call, record: EventRecord): Json => {
    const view = viewOf(world, call);
    const question = readListQuestion(call.query);
    const showing = { view, zone: question.zone ?? view.calendar.zone, freeBusyOnly: freeBusyOnly(call, view) };
    return eventView(record, { ...showing, ...(question.maxAttendees === undefined ? {} : { maxAttendees: question.maxAttendees }) });
  };
  const writer = (call: Call): Writer => {
    const view = viewOf(world, call);
    checkSendUpdates(call.query);
    checkWritable(view);
    return { calendar: view.calendar, human: false, revives: revives() };
  };
  /** The event to change, after If-Match. */
  const target = (call: Call): EventRecord => {
    const record = findEvent(writer(call).calendar, call.names[1] ?? '');
    if (call.ifMatch !== undefined && call.ifMatch !== '*' && call.ifMatch !== record.etag) throw conditionNotMet();
    return record;
  };
  return [
    { verb: 'GET', path: all, needs: 'readEvents', shape: eventsShape, run: (call) => listed({ world, list }, call) },
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

function checkSendUpdates(query: URLSearchParams): void {
  const told = query.get('sendUpdates') ?? 'none';
  if (['all', 'externalOnly', 'none'].includes(told)) return;
  throw new GoogleFault(400, 'invalidParameter', { message: `Invalid value for parameter sendUpdates: ${told}`, location: 'sendUpdates' });
}

function checkWritable({ accessRole }: CalendarView): void {
  if (roles.indexOf(accessRole) >= roles.indexOf('writerWithoutPrivateAccess')) return;
  throw new GoogleFault(403, 'requiredAccessLevel', { domain: 'calendar', message: 'You need to have writer access to this calendar.' });
}

function listed({ world, list }: Pick<EventMethodParts, 'world' | 'list'>, call: Call): Json {
  const view = viewOf(world, call);
  return listEvents(list, { view, query: call.query, freeBusyOnly: freeBusyOnly(call, view) });
}

/** The instances of one series, exceptions in their place; all on one page. */
function instances({ world, list }: Pick<EventMethodParts, 'world' | 'list'>, call: Call): Json {
  const view = viewOf(world, call);
  const master = findEvent(view.calendar, call.names[1] ?? '');
  if (!isSeries(master)) throw forbidden();
  const { store } = view.calendar;
  const until = world.clock() + days(list.horizonDays);
  const members = instancesUntil(master, until).map((instance) => store.records.get(instance.id) ?? instance);
  const living = members.filter((member) => member.status !== 'cancelled');
  const showing = { view, zone: view.calendar.zone, freeBusyOnly: freeBusyOnly(call, view) };
  const items = living.map((member) => eventView(member, showing));
  return { kind: 'calendar#events', etag: master.etag, timeZone: view.calendar.zone, accessRole: view.accessRole, items };
}
