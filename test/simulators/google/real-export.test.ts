import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expandByIcalJs } from '../../support/ical-js-expansion.ts';
import type { Expanded } from '../../support/ical-js-expansion.ts';
import { exportZone, realExport } from '../../support/real-export.ts';
import type { DialectName } from '../../support/real-export.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { instantOfWall, wallOf } from '../zones.ts';
import { startDriver } from './driver.ts';
import type { Driver, ShownEvent } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver({}, exportZone);
});
afterEach(() => driver.close());

const order = (a: Expanded, b: Expanded): number => a.start - b.start || a.end - b.end || a.title.localeCompare(b.title) || Number(a.transparent) - Number(b.transparent);
const instant = ({ date, dateTime }: ShownEvent['start']): number => (date === undefined ? Date.parse(dateTime ?? '') : instantOfWall(wallOf(date), exportZone));
const expanded = (event: ShownEvent): Expanded => ({ start: instant(event.start), end: instant(event.end), title: String(event['summary']), transparent: event['transparency'] === 'transparent' });

describe.each<DialectName>(['google', 'outlook', 'apple'])('a real export of %s', (dialect) => {
  it('is listed as ical.js expands it, over a year and both changes of the clock', async () => {
    const ics = realExport({ dialect, random: seededRandom(7), events: 150 });
    driver.sim.load({ ...driver.at, ics });
    const [from, to] = [Date.UTC(2026, 0, 15), Date.UTC(2027, 0, 15)];
    const { items } = await driver.all({ singleEvents: 'true', maxResults: '2500', timeMin: new Date(from).toISOString(), timeMax: new Date(to).toISOString() });
    expect(items.length).toBeGreaterThan(400);
    expect(items.map(expanded).sort(order)).toEqual(expandByIcalJs(ics, { from, to, floatingZone: exportZone }).sort(order));
  });
});
