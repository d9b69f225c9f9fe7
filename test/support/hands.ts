// The hands of a person at a simulated calendar, in one way for both providers. Nothing of it is logged or faulted.
import { DateTime } from 'luxon';
import type { GoogleSimulator } from '../simulators/google/simulator.ts';
import type { MicrosoftSimulator } from '../simulators/microsoft/simulator.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}
type Json = Record<string, unknown>;

export interface Standing extends Span {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly location: string;
  readonly icalUid: string;
}

export interface Hands {
  add(span: Span, more?: Json): string;
  /** Weekly at the same wall clock time in the calendar's zone. */
  addWeekly(first: Span, count: number, more?: Json): string;
  /** Dates `yyyy-mm-dd`, the end exclusive. */
  addAllDay(from: string, to: string): string;
  move(id: string, to: Span): void;
  change(id: string, body: Json): void;
  remove(id: string): void;
  moveInstance(series: string, originalStart: number, to: Span): void;
  cancelInstance(series: string, originalStart: number): void;
  /** Single events and series that stand. */
  standing(): Standing[];
  /** As it lies at the provider, deleted ones too where they can be seen. */
  raw(id: string): Json | undefined;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function googleHands(simulator: GoogleSimulator, at: { readonly account: string; readonly calendar: string }, zone: string): Hands {
  const times = ({ start, end }: Span) => ({ start: { dateTime: iso(start), timeZone: zone }, end: { dateTime: iso(end), timeZone: zone } });
  const insert = (event: Json): string => text(simulator.human({ ...at, action: 'insert', event: { summary: 'Private', ...event } })['id']);
  const instance = (ms: number): string => iso(ms).replace('.000Z', 'Z');
  const moment = (value: unknown): number => Date.parse(text((value as Json)['dateTime'] ?? (value as Json)['date']));
  return {
    add: (span, more = {}) => insert({ ...times(span), ...more }),
    addWeekly: (first, count, more = {}) => insert({ ...times(first), recurrence: [`RRULE:FREQ=WEEKLY;COUNT=${count}`], ...more }),
    addAllDay: (from, to) => insert({ start: { date: from }, end: { date: to } }),
    move: (eventId, to) => void simulator.human({ ...at, action: 'patch', eventId, body: times(to) }),
    change: (eventId, body) => void simulator.human({ ...at, action: 'patch', eventId, body }),
    remove: (eventId) => void simulator.human({ ...at, action: 'delete', eventId }),
    moveInstance: (eventId, original, to) => void simulator.human({ ...at, action: 'patch', eventId, instance: instance(original), body: times(to) }),
    cancelInstance: (eventId, original) => void simulator.human({ ...at, action: 'delete', eventId, instance: instance(original) }),
    standing: () =>
      simulator
        .events(at)
        .filter(({ status, recurringEventId }) => status !== 'cancelled' && recurringEventId === undefined)
        .map((event) => ({ id: text(event['id']), title: text(event['summary']), description: text(event['description']), location: text(event['location']), icalUid: text(event['iCalUID']), start: moment(event['start']), end: moment(event['end']) })),
    raw: (id) => simulator.events(at).find((event) => event['id'] === id),
  };
}

export function outlookHands(simulator: MicrosoftSimulator, { account, calendar }: { readonly account: string; readonly calendar: string }, zone: string): Hands {
  const wall = (ms: number): string => DateTime.fromMillis(ms, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
  const times = ({ start, end }: Span) => ({ start: { dateTime: wall(start), timeZone: zone }, end: { dateTime: wall(end), timeZone: zone } });
  const act = (action: 'insert' | 'patch' | 'delete' | 'cancelInstance' | 'moveInstance', more: Json): Json => simulator.human({ account, calendar, action, ...more });
  const insert = (body: Json): string => text(act('insert', { body: { subject: 'Private', showAs: 'busy', ...body } })['id']);
  const moment = (value: unknown): number => Date.parse(`${text((value as Json)['dateTime']).slice(0, 23)}Z`);
  const all = () => simulator.events(account, calendar);
  return {
    add: (span, more = {}) => insert({ ...times(span), ...more }),
    addWeekly(first, count, more = {}) {
      const day = DateTime.fromMillis(first.start, { zone });
      const pattern = { type: 'weekly', interval: 1, daysOfWeek: [day.setLocale('en').toFormat('cccc').toLowerCase()], firstDayOfWeek: 'monday' };
      const range = { type: 'numbered', startDate: day.toFormat('yyyy-MM-dd'), numberOfOccurrences: count, recurrenceTimeZone: zone };
      return insert({ ...times(first), recurrence: { pattern, range }, ...more });
    },
    addAllDay: (from, to) => insert({ isAllDay: true, start: { dateTime: `${from}T00:00:00`, timeZone: zone }, end: { dateTime: `${to}T00:00:00`, timeZone: zone } }),
    move: (eventId, to) => void act('patch', { eventId, body: times(to) }),
    change: (eventId, body) => void act('patch', { eventId, body }),
    remove: (eventId) => void act('delete', { eventId }),
    moveInstance: (eventId, original, to) => void act('moveInstance', { eventId, body: { originalStart: wall(original), ...times(to) } }),
    cancelInstance: (eventId, original) => void act('cancelInstance', { eventId, body: { originalStart: wall(original) } }),
    standing: () =>
      all()
        .filter(({ type, isCancelled }) => type !== 'exception' && isCancelled !== true)
        .map((event) => ({ id: text(event['id']), title: text(event['subject']), description: text(event['bodyPreview']), location: text((event['location'] as Json | undefined)?.['displayName']), icalUid: text(event['iCalUId']), start: moment(event['start']), end: moment(event['end']) })),
    raw: (id) => all().find((event) => event['id'] === id),
  };
}
