// A person with a calendar at a simulated provider, editing it by hand. Both providers told in one way.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { sendJson } from './send-json.ts';

export interface SeenEvent {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly start: number;
  readonly end: number;
  readonly icalUid: string;
}

export interface Person {
  add(title: string, span: { start: number; end: number }): Promise<string>;
  /** Every week at the same wall clock time, `count` times, in the person's zone. */
  addWeekly(title: string, first: { start: number; end: number }, count: number): Promise<string>;
  /** The whole of a day, as 2026-03-02, in the calendar's zone. */
  addAllDay(title: string, date: string): Promise<string>;
  /** It stands in the calendar, but shows as free. */
  addFree(title: string, span: { start: number; end: number }): Promise<string>;
  move(eventId: string, span: { start: number; end: number }): Promise<void>;
  remove(eventId: string): Promise<void>;
  moveInstance(seriesId: string, originalStart: number, to: { start: number; end: number }): Promise<void>;
  cancelInstance(seriesId: string, originalStart: number): Promise<void>;
  /** Loads an export, all of it or nothing; throws with the sentence that the simulator gives. */
  load(ics: string): Promise<void>;
  /** Events that stand, series once; what is deleted is left out. */
  events(): Promise<SeenEvent[]>;
}

type Json = Record<string, unknown>;
const iso = (ms: number): string => new Date(ms).toISOString();
const dayAfter = (date: string): string => iso(Date.parse(date) + 86_400_000).slice(0, 10);
const wall = (ms: number, zone: string): string => new Date(ms).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T');

interface Ask {
  readonly provider: CalendarProvider;
  readonly root: string;
  readonly zone: string;
  readonly name: string;
  /** As holidays and other calendars that refuse to be watched; Google's alone. */
  readonly unwatchable?: boolean;
  /** A second calendar beside the primary one. */
  readonly second?: boolean;
}

export interface Somebody {
  readonly someone: Person;
  readonly email: string;
  /** The second calendar, where one was asked for. */
  readonly elsewhere?: { readonly id: string; readonly hands: Person };
}

/** Somebody with one calendar, or two, who has let nobody at them yet. */
export async function person({ provider, root, zone, name, unwatchable = false, second = false }: Ask): Promise<Somebody> {
  const email = `${name}@${provider}.example`;
  const primary = provider === 'google' ? { id: email, timeZone: zone, primary: true, unwatchable } : { name: 'Calendar', isDefault: true, timeZone: zone };
  const other = provider === 'google' ? { id: `second-${email}`, timeZone: zone } : { name: 'Second', timeZone: zone };
  const input = { email, calendars: second ? [primary, other] : [primary] };
  const account = await asked(root, provider === 'google' ? '/_sim/people' : '/_sim/accounts', input);
  const ids = input.calendars.map((calendar, n) => ('id' in calendar ? calendar.id : String((account['calendars'] as Json[])[n]?.['id'])));
  const handsAt = (calendar: string): Person => {
    const act = (body: Json): Promise<Json> => asked(root, '/_sim/human', { account: email, calendar, ...body });
    const say = { root, zone, act, at: { account: email, calendar } };
    return provider === 'google' ? googlePerson(say) : outlookPerson(say);
  };
  const [first = '', also] = ids;
  return { someone: handsAt(first), email, ...(also !== undefined && { elsewhere: { id: also, hands: handsAt(also) } }) };
}

interface Say {
  readonly root: string;
  readonly zone: string;
  readonly act: (body: Json) => Promise<Json>;
  readonly at: { readonly account: string; readonly calendar: string };
}

function googlePerson({ root, zone, act, at }: Say): Person {
  const times = ({ start, end }: { start: number; end: number }) => ({ start: { dateTime: iso(start), timeZone: zone }, end: { dateTime: iso(end), timeZone: zone } });
  const instance = (ms: number): string => iso(ms).replace('.000Z', 'Z');
  return {
    add: async (summary, span) => String((await act({ action: 'insert', event: { summary, ...times(span) } }))['id']),
    addWeekly: async (summary, first, count) => String((await act({ action: 'insert', event: { summary, ...times(first), recurrence: [`RRULE:FREQ=WEEKLY;COUNT=${count}`] } }))['id']),
    addAllDay: async (summary, date) => String((await act({ action: 'insert', event: { summary, start: { date }, end: { date: dayAfter(date) } } }))['id']),
    addFree: async (summary, span) => String((await act({ action: 'insert', event: { summary, ...times(span), transparency: 'transparent' } }))['id']),
    move: async (eventId, span) => void (await act({ action: 'patch', eventId, body: times(span) })),
    remove: async (eventId) => void (await act({ action: 'delete', eventId })),
    moveInstance: async (eventId, originalStart, to) => void (await act({ action: 'patch', eventId, instance: instance(originalStart), body: times(to) })),
    cancelInstance: async (eventId, originalStart) => void (await act({ action: 'delete', eventId, instance: instance(originalStart) })),
    load: async (ics) => void (await asked(root, '/_sim/load', { ...at, ics })),
    async events() {
      const all = (await asked(root, `/_sim/events?${new URLSearchParams(at).toString()}`)) as unknown as { id: string; status: string; summary?: string; description?: string; iCalUID: string; start: { dateTime?: string; date?: string }; end: { dateTime?: string; date?: string } }[];
      return all.filter(({ status }) => status !== 'cancelled').map(({ id, summary = '', description = '', iCalUID, start, end }) => ({ id, title: summary, description, icalUid: iCalUID, start: Date.parse(start.dateTime ?? start.date ?? ''), end: Date.parse(end.dateTime ?? end.date ?? '') }));
    },
  };
}

function outlookPerson({ root, zone, act, at }: Say): Person {
  const times = ({ start, end }: { start: number; end: number }) => ({ start: { dateTime: wall(start, zone), timeZone: zone }, end: { dateTime: wall(end, zone), timeZone: zone } });
  return {
    add: async (subject, span) => String((await act({ action: 'insert', body: { subject, ...times(span) } }))['id']),
    async addWeekly(subject, first, count) {
      const day = wall(first.start, zone).slice(0, 10);
      const dayOfWeek = new Date(`${day}T12:00:00Z`).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }).toLowerCase();
      const recurrence = { pattern: { type: 'weekly', interval: 1, daysOfWeek: [dayOfWeek] }, range: { type: 'numbered', startDate: day, numberOfOccurrences: count } };
      return String((await act({ action: 'insert', body: { subject, ...times(first), recurrence } }))['id']);
    },
    async addAllDay(subject, date) {
      const midnight = (day: string) => ({ dateTime: `${day}T00:00:00`, timeZone: zone });
      return String((await act({ action: 'insert', body: { subject, isAllDay: true, start: midnight(date), end: midnight(dayAfter(date)) } }))['id']);
    },
    addFree: async (subject, span) => String((await act({ action: 'insert', body: { subject, ...times(span), showAs: 'free' } }))['id']),
    move: async (eventId, span) => void (await act({ action: 'patch', eventId, body: times(span) })),
    remove: async (eventId) => void (await act({ action: 'delete', eventId })),
    moveInstance: async (eventId, originalStart, to) => void (await act({ action: 'moveInstance', eventId, body: { originalStart: wall(originalStart, zone), ...times(to) } })),
    cancelInstance: async (eventId, originalStart) => void (await act({ action: 'cancelInstance', eventId, body: { originalStart: wall(originalStart, zone) } })),
    load: async (ics) => void (await asked(root, '/_sim/load', { ...at, ics })),
    async events() {
      const all = (await asked(root, `/_sim/events?${new URLSearchParams(at).toString()}`)) as unknown as { id: string; subject: string; bodyPreview?: string; isCancelled: boolean; iCalUId: string; start: { dateTime: string }; end: { dateTime: string } }[];
      const ms = (text: string): number => Date.parse(`${text.slice(0, 23)}Z`);
      return all.filter(({ isCancelled }) => !isCancelled).map(({ id, subject, bodyPreview = '', iCalUId, start, end }) => ({ id, title: subject, description: bodyPreview, icalUid: iCalUId, start: ms(start.dateTime), end: ms(end.dateTime) }));
    },
  };
}

async function asked(root: string, path: string, body?: unknown): Promise<Json> {
  const answer = await sendJson(root, body === undefined ? 'GET' : 'POST', path, body);
  if (answer.status >= 400) throw new Error(String(answer.body['error'] ?? `${path} answered ${answer.status}`));
  return answer.body;
}
