import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Random } from '../../../lib/platform/clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { hour, startDriver, weekly } from './driver.ts';
import type { Driver, ShownEvent } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver({ pageSize: 7, horizonDays: 60, manners: { ragged: 0.4 } });
});
afterEach(() => driver.close());

const [from, to] = [Date.parse('2026-03-01T00:00:00Z'), Date.parse('2026-04-10T00:00:00Z')];
const expanded = { singleEvents: 'true', maxResults: '2500' };
const windowed = { ...expanded, timeMin: new Date(from).toISOString(), timeMax: new Date(to).toISOString() };

const daily = { ...weekly, recurrence: ['RRULE:FREQ=DAILY;COUNT=12'] };
const shifted = { start: { dateTime: '2026-03-02T11:00:00' }, end: { dateTime: '2026-03-02T12:00:00' } };
const seriesChanges: readonly Readonly<Record<string, unknown>>[] = [shifted, { recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260320T000000Z'] }, { recurrence: daily.recurrence }, { recurrence: null }, { summary: 'Renamed' }, { transparency: 'transparent' }];

/** One thing that a person does, drawn at random; some of them cannot be done and leave all as it was. */
function act(random: Random): void {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const known = driver.sim.events(driver.at);
  const master = pick(known.filter((event) => event['recurrence'] !== undefined));
  const any = pick(known);
  const eventId = String(any?.['id']);
  const acts: (() => unknown)[] = [
    () => driver.sim.human({ ...driver.at, action: 'insert', event: hour(1 + Math.floor(random() * 45)) }),
    () => driver.sim.human({ ...driver.at, action: 'insert', event: pick([weekly, daily]) ?? weekly }),
    () => any && driver.sim.human({ ...driver.at, action: 'patch', eventId, body: hour(1 + Math.floor(random() * 45)) }),
    () => any && driver.sim.human({ ...driver.at, action: 'delete', eventId }),
    () => any && driver.sim.human({ ...driver.at, action: 'patch', eventId, body: { status: 'confirmed' } }),
    () => any && driver.sim.human({ ...driver.at, action: 'patch', eventId, body: pick(seriesChanges) ?? {} }),
    () => master && driver.sim.human({ ...driver.at, action: 'delete', eventId: String(master['id']), instance: `202603${pick(['02', '04', '09', '16'])}T080000Z` }),
    () => master && driver.sim.human({ ...driver.at, action: 'patch', eventId: String(master['id']), instance: `202603${pick(['03', '09', '16', '23'])}T080000Z`, body: hour(1 + Math.floor(random() * 45)) }),
  ];
  try {
    pick(acts)?.();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'GoogleFault') throw error;
  }
}

/** What a client holds who believes every page, by id. */
type Held = Map<string, ShownEvent>;
function believe(held: Held, items: readonly ShownEvent[]): void {
  for (const item of items) {
    const inside = item.status !== 'cancelled' && Date.parse(item.end.dateTime ?? '') > from && Date.parse(item.start.dateTime ?? '') < to;
    if (inside) held.set(item.id, item);
    else held.delete(item.id);
  }
}

/** Reads to the end while the person goes on between pages; gives back the next token. */
async function follow(held: Held, query: Record<string, string>, random: Random): Promise<string> {
  for (let pageToken = ''; ; ) {
    const answer = await driver.call('GET', 'events', { query: { ...query, ...(pageToken === '' ? {} : { pageToken }) } });
    believe(held, answer.items);
    if (answer.nextPageToken === undefined) return answer.nextSyncToken ?? '';
    pageToken = answer.nextPageToken;
    if (random() < 0.3) act(random);
  }
}

describe('a client that follows the deltas', () => {
  it.each(Array.from({ length: 30 }, (_, n) => n + 100))('holds what a new list shows, whatever people did meanwhile (%d)', async (seed) => {
    const random = seededRandom(seed);
    for (let n = 0; n < 12; n += 1) act(random);
    const held: Held = new Map();
    let token = await follow(held, windowed, random);
    for (let round = 0; round < 6; round += 1) {
      for (let n = 0; n < 4; n += 1) act(random);
      token = await follow(held, { ...expanded, syncToken: token }, random);
    }
    believe(held, (await driver.all({ ...expanded, syncToken: token })).items);
    const fresh = (await driver.all(windowed)).items;
    const byId = (items: Iterable<ShownEvent>): ShownEvent[] => [...items].sort((a, b) => a.id.localeCompare(b.id));
    expect(byId(held.values())).toEqual(byId(fresh));
    expect(driver.sim.events(driver.at).length).toBeGreaterThan(2);
  });
});
