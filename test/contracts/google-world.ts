// The world of the contract as Google: one account, one calendar, played by the simulator.
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import type { CalendarRef } from '../../lib/calendars/port.ts';
import { days, minutes, seconds } from '../../lib/platform/clock.ts';
import type { Random } from '../../lib/platform/clock.ts';
import { errorEnvelope, limitAnswer, startGoogleSimulator } from '../simulators/google/simulator.ts';
import type { GoogleSimulator } from '../simulators/google/simulator.ts';
import type { Faults, Human, MakeWorld } from './calendar-world.ts';

/** Two days before the clocks of the calendar's zone go forward. */
const now = Date.parse('2026-03-27T09:00:00Z');
const zone = 'Europe/Berlin';
const email = 'ada@example.com';
const refTo = (id: string): CalendarRef => ({ id, key: calendarKey(id) });
const here = { account: email, calendar: email };
const api = '^/calendar/v3/';

/** The same draws each time; all 0 while `emptyPages`, which makes the simulator begin each list with an empty page. */
interface Dice {
  readonly random: Random;
  emptyPages: boolean;
}

function dice(): Dice {
  let drawn = 0;
  const made: Dice = { emptyPages: false, random: () => (made.emptyPages ? 0 : ((drawn += 1) * 0.618_033_988_749) % 1) };
  return made;
}

const times = ({ start, end }: { readonly start: number; readonly end: number }) => ({
  start: { dateTime: new Date(start).toISOString(), timeZone: zone },
  end: { dateTime: new Date(end).toISOString(), timeZone: zone },
});

function humanAt(sim: GoogleSimulator, chance: Dice): Human {
  const insert = (event: Record<string, unknown>): Promise<string> => {
    chance.emptyPages = false;
    return Promise.resolve(String(sim.human({ ...here, action: 'insert', event })['id']));
  };
  const alive = () => sim.events(here).filter((event) => event['status'] !== 'cancelled');
  return {
    insert: ({ free = false, ...event }) => insert({ summary: 'Dentist', ...times(event), ...(free ? { transparency: 'transparent' } : {}) }),
    insertAllDay: (start, end) => insert({ summary: 'Fair', start: { date: start }, end: { date: end } }),
    insertSeries: (first, count) => insert({ summary: 'Team', ...times(first), recurrence: [`RRULE:FREQ=WEEKLY;COUNT=${count}`] }),
    move: (eventId, to) => {
      sim.human({ ...here, action: 'patch', eventId, body: times(to) });
      return Promise.resolve();
    },
    remove: (eventId) => {
      sim.human({ ...here, action: 'delete', eventId });
      return Promise.resolve();
    },
    see: (eventId) => {
      const event = alive().find(({ id }) => id === eventId);
      const at = (side: string) => Date.parse(String((event?.[side] as Record<string, unknown>)['dateTime']));
      const text = (name: string) => (typeof event?.[name] === 'string' ? { [name]: event[name] } : {});
      return Promise.resolve(event && { title: String(event['summary']), ...text('description'), ...text('location'), start: at('start'), end: at('end') });
    },
    count: () => Promise.resolve(alive().length),
  };
}

const faultsOf = (sim: GoogleSimulator, chance: Dice): Faults => ({
  expireCursors: () => sim.expireSyncTokens(),
  emptyPage: () => {
    chance.emptyPages = true;
    sim.manners.ragged = 1;
  },
  refuseToken: (count = 1) => sim.addFault({ path: api, when: 'before', status: 401, body: errorEnvelope(401, 'authError'), times: count }),
  throttle: (wait) => sim.addFault({ path: api, when: 'before', ...limitAnswer('rateLimitExceeded'), headers: { 'retry-after': String(wait) } }),
  fail: (status) => sim.addFault({ path: api, when: 'before', status, body: errorEnvelope(status, 'backendError') }),
  reset: () => sim.addFault({ path: api, when: 'before', reset: true }),
  loseAnswer: () => sim.addFault({ path: api, when: 'after', reset: true }),
  stall: (ms) => sim.addFault({ path: api, when: 'before', delayMs: ms }),
});

export const makeGoogleWorld: MakeWorld = async ({ pageSize } = {}) => {
  const clock = (): number => now;
  const chance = dice();
  const sim = await startGoogleSimulator({ clock, random: chance.random, ...(pageSize === undefined ? {} : { pageSize }) });
  const calendars = [{ id: email, timeZone: zone, primary: true }, { id: 'team@example.com', timeZone: 'UTC' }];
  const { accessToken: token } = sim.addAccount({ email, calendars });
  return {
    clock,
    zone,
    calendar: refTo(email),
    missingCalendar: refTo('nobody@example.com'),
    window: { from: now - days(1), to: now + days(40) },
    token,
    human: humanAt(sim, chance),
    faults: faultsOf(sim, chance),
    open: ({ callMs = seconds(5), ...session } = {}) =>
      openGoogle({ apiUrl: sim.url, clock, callMs })({
        connectionId: 'c-contract',
        token: () => Promise.resolve(token),
        permit: () => Promise.resolve(),
        endsAt: now + minutes(5),
        ...session,
      }),
    requestCount: () => sim.requests.filter(({ path }) => path.startsWith('/calendar/')).length,
    noticesSent: () => sim.notices.idle(),
    secretOf: ({ headers }) => headers['x-goog-channel-token']?.toString(),
    close: () => sim.close(),
  };
};
