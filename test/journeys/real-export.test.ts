import { describe, expect, it } from '@jest/globals';
import type ICAL from 'ical.js';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { inMs, merged, within } from '../../lib/availability/intervals.ts';
import { readProvider } from '../../lib/availability/read-provider.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { expandByIcalJs } from '../support/ical-js-expansion.ts';
import { busyWithin, professional, type Span } from '../support/journey.ts';
import { exportOwner, exportZone, realExport, type DialectName } from '../support/real-export.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });

/** What makes its owner busy, told from the VEVENT alone: not shown as free, and not declined by the owner. */
function blocks(provider: CalendarProvider, owner: string): (event: ICAL.Component) => boolean {
  // Only Outlook knows people who work elsewhere, and does not count them as busy.
  const free = provider === 'microsoft' ? ['FREE', 'WORKINGELSEWHERE'] : [];
  return (event) => {
    const declined = event.getAllProperties('attendee').some((attendee) => String(attendee.getFirstValue()).toLowerCase() === `mailto:${owner}` && attendee.getFirstParameter('partstat') === 'DECLINED');
    const shown = String(event.getFirstPropertyValue('x-microsoft-cdo-busystatus') ?? '');
    return !declined && event.getFirstPropertyValue('transp') !== 'TRANSPARENT' && !free.includes(shown);
  };
}

/** The export of this very person: unfolded, as the address may be cut by the end of a line. */
const ownedBy = (owner: string, ics: string): string => ics.replaceAll(/\r\n[ \t]/g, '').replaceAll(exportOwner, owner);

const plain = (spans: readonly Span[]): Span[] => spans.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start || a.end - b.end);

// Both simulators are held to every manner of export by their own tests; here each manner goes all the way once.
describe.each<readonly [CalendarProvider, DialectName]>([
  ['google', 'google'],
  ['google', 'apple'],
  ['microsoft', 'outlook'],
])('a real calendar of 500 events at %s, from an export in the manner of %s', (provider, dialect) => {
  it('blocks what an independent expansion by ical.js says, instance by instance and merged', async () => {
    const { platform } = run();
    const now = Date.now();
    const connectionId = `${dialect}-${provider}`;
    const owner = `${connectionId}@${provider}.example`;
    const ics = ownedBy(owner, realExport({ dialect, random: seededRandom(23), events: 500, around: now }));
    // The window that is promised, inside of what was listed a moment later.
    const window: Span = { start: now - days(1) + hours(1), end: now + days(180) };
    const { providerId } = await professional(platform, provider, { account: connectionId, zone: exportZone, ics });
    const expected = expandByIcalJs(ics, { from: window.start, to: window.end, floatingZone: exportZone, counts: blocks(provider, owner) });
    expect(expected.length).toBeGreaterThan(1000);
    const read = readProvider(platform.dynamo, platform.outputs.tables['busy-intervals']);
    expect(plain((await read(providerId, window)).intervals.map(inMs))).toEqual(plain(expected));
    expect(await busyWithin(platform, providerId, window)).toEqual(plain(within(merged(expected), window)));
  }, 90_000);
});
