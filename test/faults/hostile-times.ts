// Whether long, nested and repeated input costs time in proportion to its size: each is timed at a size and at four times that size, in
// turns, and the medians are compared. In proportion is 4; its square would be 16. Nested arrays begin at 32,000, since V8's own parser takes
// a step of its own at about 20,000.
import { readIcs } from '../simulators/ics.ts';
import { aGraphItem, aPost, graphBody } from '../support/notices.ts';
import { bookingEvent } from './hostile-messages.ts';
import { genuine, type HostileWorld } from './hostile-world.ts';

export interface Growth {
  readonly what: string;
  readonly size: number;
  /** Of the processor: others at work on this machine do not count. */
  readonly ms: number;
  /** Of four times the size. */
  readonly msOfFour: number;
  readonly ratio: number;
}

interface Growing {
  readonly what: string;
  readonly size: number;
  readonly input: (world: HostileWorld, size: number) => () => Promise<unknown> | unknown;
}

const [warmups, rounds, tries] = [1, 5, 3];
/** Four times the size takes less than so many times the time. */
export const steep = 10;

/** What seems steep is measured again, and the least counts: a collection of garbage befalls now this, now that. */
export async function growth(world: HostileWorld): Promise<Growth[]> {
  const all: Growth[] = [];
  for (const one of growing) {
    let least = await grown(world, one);
    for (let again = 1; again < tries && least.ratio >= steep; again += 1) {
      const next = await grown(world, one);
      if (next.ratio < least.ratio) least = next;
    }
    all.push(least);
  }
  return all;
}

async function grown(world: HostileWorld, { what, size, input }: Growing): Promise<Growth> {
  const works = [input(world, size), input(world, 4 * size)] as const;
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < warmups + rounds; round += 1) {
    for (const [n, work] of works.entries()) {
      const began = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(began);
      if (round >= warmups) times[n]?.push((user + system) / 1000);
    }
  }
  const [ms, msOfFour] = times.map(median) as [number, number];
  return { what, size, ms, msOfFour, ratio: msOfFour / ms };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const many = <T>(size: number, one: (n: number) => T): T[] => Array.from({ length: size }, (_, n) => one(n));
const toGraph = (body: (size: number) => string): Growing['input'] => (world, size) => {
  const event = graphBody(body(size));
  return () => world.ask('microsoft-webhook', event);
};
const toBooking = (body: (size: number) => string): Growing['input'] => (world, size) => {
  const event = { Records: [{ messageId: 'm', body: body(size) }] };
  return () => world.ask('booking-sync', event);
};
const asFile = (lines: (size: number) => readonly string[]): Growing['input'] => (_world, size) => {
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines(size), 'END:VCALENDAR'].join('\r\n');
  return () => {
    try {
      return readIcs(text, { defaultZone: 'UTC' });
    } catch (error) {
      return error;
    }
  };
};
const stamp = (n: number): string => new Date(Date.UTC(2026, 0, 1, 9) + n * 86_400_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
const daily = (...more: string[]): string[] => ['BEGIN:VEVENT', 'UID:series', 'DTSTART:20260101T090000Z', 'DTEND:20260101T100000Z', 'RRULE:FREQ=DAILY', ...more, 'END:VEVENT'];
const moved = (n: number): string[] => ['BEGIN:VEVENT', 'UID:series', `RECURRENCE-ID:${stamp(n)}`, `DTSTART:${stamp(n)}`, `DTEND:${stamp(n)}`, 'END:VEVENT'];

const forged = JSON.stringify(aGraphItem({ connectionId: genuine.microsoft })).replace('"clientState":"v1.', '"clientState":"v1.x');

const growing: readonly Growing[] = [
  { what: 'a Graph body of nested arrays', size: 32_000, input: toGraph((size) => `${'['.repeat(size)}${']'.repeat(size)}`) },
  { what: 'a Graph body of forged items', size: 100, input: toGraph((size) => `{"value":[${many(size, () => forged).join(',')}]}`) },
  { what: 'a Graph body of strange members', size: 4000, input: toGraph((size) => `{${many(size, (n) => `"m${n}":${n}`).join(',')}}`) },
  { what: 'a validation token', size: 20_000, input: (world, size) => () => world.ask('microsoft-webhook', aPost('microsoft', { rawQueryString: `validationToken=${'%3C'.repeat(size)}` })) },
  { what: 'headers of Google', size: 500, input: (world, size) => () => world.ask('google-webhook', aPost('google', { headers: Object.fromEntries(many(size, (n) => [`x-goog-${n}`, 'v'.repeat(50)])) })) },
  { what: 'a watch token of dots', size: 20_000, input: (world, size) => () => world.ask('google-webhook', aPost('google', { headers: { 'x-goog-channel-id': 'c', 'x-goog-message-number': '1', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists', 'x-goog-channel-token': '.'.repeat(size) } })) },
  { what: 'a booking event of nested members', size: 20_000, input: toBooking((size) => JSON.stringify({ ...bookingEvent, id: 5, x: 0 }).replace('"x":0', () => `"x":${'['.repeat(size)}${']'.repeat(size)}`)) },
  { what: 'a booking event with a long title', size: 100_000, input: toBooking((size) => JSON.stringify({ ...bookingEvent, booking: { ...bookingEvent.booking, title: 'é'.repeat(size) } })) },
  { what: 'slots', size: 250, input: (world, size) => () => world.ask('availability', slots(size)) },
  { what: 'cookies', size: 5000, input: (world, size) => () => world.ask('connect', { routeKey: 'GET /connect/callback', rawQueryString: `state=${'A'.repeat(43)}.x`, cookies: many(size, (n) => `connect_${n}=x`) }) },
  { what: 'events of a calendar file', size: 200, input: asFile((size) => many(size, (n) => ['BEGIN:VEVENT', `UID:${n}`, `DTSTART:${stamp(n)}`, 'END:VEVENT']).flat()) },
  { what: 'a folded line of a calendar file', size: 20_000, input: asFile((size) => ['BEGIN:VEVENT', 'UID:1', 'DTSTART:20260101T090000Z', 'SUMMARY:', ...many(size, () => ' x'), 'END:VEVENT']) },
  { what: 'components of a calendar file in each other', size: 20_000, input: asFile((size) => many(size, (n) => `BEGIN:V${n}`)) },
  { what: 'moved instances of one series', size: 100, input: asFile((size) => [...daily(), ...many(size, moved).flat()]) },
  { what: 'excepted dates of one series', size: 200, input: asFile((size) => daily(...many(size, (n) => `EXDATE:${stamp(n)}`))) },
  { what: 'moved instances and excepted dates of one series', size: 50, input: asFile((size) => [...daily(...many(size, (n) => `EXDATE:${stamp(2 * n)}`)), ...many(size, (n) => moved(2 * n + 1)).flat()]) },
];

const slots = (size: number): object => ({
  routeKey: 'POST /v1/providers/{provider_id}/availability', rawPath: '/v1/providers/p-1/availability', rawQueryString: '', pathParameters: { provider_id: genuine.provider }, requestContext: { http: { method: 'POST' } }, isBase64Encoded: false,
  body: JSON.stringify({ slots: many(size, (n) => ({ start: new Date(Date.UTC(2026, 0, 1) + n * 3_600_000).toISOString(), end: new Date(Date.UTC(2026, 0, 1, 0, 30) + n * 3_600_000).toISOString() })) }),
});
