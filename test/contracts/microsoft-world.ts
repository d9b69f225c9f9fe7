// The contract's world over the Graph simulator: one account with one calendar, edited by its owner in Outlook.
import { DateTime } from 'luxon';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import type { Session } from '../../lib/calendars/port.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { eventId, mailboxPart } from '../simulators/microsoft/event-ids.ts';
import type { MicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { startMicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Faults, Human, World } from './calendar-world.ts';

export interface MicrosoftWorld extends World {
  readonly simulator: MicrosoftSimulator;
  readonly account: string;
}

const now = Date.parse('2026-03-25T08:00:00Z');
const zone = 'Europe/Berlin';
const account = 'ada@contoso.example';

/** A time by the clock on the owner's wall. */
export const localTime = (time: number, name = zone): { dateTime: string; timeZone: string } => ({
  dateTime: DateTime.fromMillis(time, { zone: name }).toFormat("yyyy-MM-dd'T'HH:mm:ss"),
  timeZone: name,
});

const instant = (value: unknown): number => Date.parse(`${(value as { dateTime: string }).dateTime}Z`);

function owner(simulator: MicrosoftSimulator): Human {
  const insert = (body: object): Promise<string> => Promise.resolve(String(simulator.human({ account, action: 'insert', body: { ...body } })['id']));
  const timed = ({ start, end }: { start: number; end: number }) => ({ start: localTime(start), end: localTime(end) });
  return {
    insert: (event) => insert({ subject: 'Busy', ...timed(event), showAs: event.free === true ? 'free' : 'busy' }),
    insertAllDay: (startDate, endDate) =>
      insert({ subject: 'Away', isAllDay: true, start: { dateTime: `${startDate}T00:00:00`, timeZone: zone }, end: { dateTime: `${endDate}T00:00:00`, timeZone: zone } }),
    insertSeries: (first, count) => {
      const day = DateTime.fromMillis(first.start, { zone });
      const pattern = { type: 'weekly', interval: 1, daysOfWeek: [day.setLocale('en').toFormat('cccc').toLowerCase()], firstDayOfWeek: 'monday' };
      const range = { type: 'numbered', startDate: day.toFormat('yyyy-MM-dd'), numberOfOccurrences: count, recurrenceTimeZone: zone };
      return insert({ subject: 'Weekly', ...timed(first), showAs: first.free === true ? 'free' : 'busy', recurrence: { pattern, range } });
    },
    move: async (eventId, to) => {
      simulator.human({ account, action: 'patch', eventId, body: timed(to) });
      await Promise.resolve();
    },
    remove: async (eventId) => {
      simulator.human({ account, action: 'delete', eventId });
      await Promise.resolve();
    },
    see: (eventId) => {
      const event = simulator.events(account).find(({ id }) => id === eventId);
      if (event === undefined) return Promise.resolve(undefined);
      const location = (event['location'] as { displayName?: string } | undefined)?.displayName ?? '';
      return Promise.resolve({ title: String(event['subject']), description: String(event['bodyPreview']), location, start: instant(event['start']), end: instant(event['end']) });
    },
    count: () => Promise.resolve(simulator.events(account).filter(({ type }) => type !== 'exception').length),
  };
}

function faults({ behaviour, addFault, expireDeltaTokens }: MicrosoftSimulator): Faults {
  const refuse = (status: number, code: string, headers: Record<string, string> = {}) => ({
    when: 'before' as const,
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error: { code, message: 'A sentence.', innerError: null } }),
  });
  return {
    expireCursors: () => expireDeltaTokens(account),
    emptyPage: () => {
      behaviour.emptyPages = 1;
    },
    refuseToken: (times = 1) => addFault({ ...refuse(401, 'InvalidAuthenticationToken', { 'www-authenticate': 'Bearer realm=""' }), times }),
    throttle: (retryAfterSeconds) => addFault(refuse(429, 'ApplicationThrottled', { 'retry-after': String(retryAfterSeconds) })),
    fail: (status) => addFault({ when: 'before', status, headers: { 'content-type': 'text/html' }, body: '<html><body>Service error</body></html>' }),
    reset: () => addFault({ when: 'before', reset: true }),
    loseAnswer: () => addFault({ when: 'after', reset: true }),
    stall: (ms) => addFault({ when: 'before', delayMs: ms }),
  };
}

/** A world of its own, with a mailbox that is empty and a simulator that gives no empty pages unless told. */
export async function microsoftWorld({ pageSize = 200 }: { readonly pageSize?: number } = {}): Promise<MicrosoftWorld> {
  const simulator = await startMicrosoftSimulator({ clock: () => now, random: seededRandom(42) });
  simulator.behaviour.emptyPages = 0;
  simulator.behaviour.latencyMs = 0;
  const { accessToken, calendars, oid } = simulator.addAccount({ email: account, calendars: [{ name: 'Calendar', timeZone: zone }, { name: 'Team', canEdit: false, timeZone: zone }] });
  const calendarId = calendars[0]?.id ?? '';
  const lease = { connectionId: 'c-contract', token: () => Promise.resolve(accessToken), permit: () => Promise.resolve(), endsAt: now + hours(1), zone };
  return {
    simulator,
    account,
    clock: () => now,
    zone,
    calendar: { id: calendarId, key: calendarKey(calendarId) },
    missingCalendar: { id: 'AAMkADmissing=', key: calendarKey('AAMkADmissing=') },
    // Graph refuses ids that are not of its making: 400, not 404.
    missingEventId: eventId(mailboxPart(oid), { key: 'e999' }, 'immutable'),
    window: { from: now - days(2), to: now + days(40) },
    token: accessToken,
    human: owner(simulator),
    faults: faults(simulator),
    open: ({ callMs, ...session }: Partial<Session> & { readonly callMs?: number } = {}) =>
      openMicrosoft({ graphUrl: simulator.url, clock: () => now, pageSize, ...(callMs === undefined ? {} : { callMs }) })({ ...lease, ...session }),
    requestCount: () => simulator.requests.filter(({ path }) => path.startsWith('/v1.0/')).length,
    noticesSent: () => simulator.notices.idle(),
    secretOf: ({ body }) => (JSON.parse(body) as { value: { clientState?: string }[] }).value[0]?.clientState,
    close: () => simulator.close(),
  };
}
