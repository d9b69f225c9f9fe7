import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exportZone, realExport } from '../support/real-export.ts';
import type { DialectName } from '../support/real-export.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { expandByIcalJs } from '../support/ical-js-expansion.ts';
import type { Expanded } from '../support/ical-js-expansion.ts';
import { readIcs } from './ics.ts';
import type { ImportedEvent } from './ics.ts';
import { occurrences } from './recurrence.ts';
import { toInstant } from './zones.ts';
import type { LocalStart } from './zones.ts';

const day = 86_400_000;
const at = (local: LocalStart): number => toInstant(local, exportZone);

/** Our own reading of an export, expanded: what overlaps the window and is not cancelled. */
function expand(events: readonly ImportedEvent[], from: number, to: number): Expanded[] {
  return events
    .flatMap((event) => {
      const changed = new Map(event.overrides.map((override) => [at(override.recurrence), override.event]));
      const lasts = at(event.end) - at(event.start);
      const days = 'date' in event.start;
      return occurrences(event, from - 90 * day, to + 90 * day).flatMap(({ start }) => {
        const original = at(start);
        if (!changed.has(original)) return [{ start: original, end: days ? endOfDays(start, lasts) : original + lasts, ...told(event) }];
        const instead = changed.get(original);
        return instead === undefined ? [] : [{ start: at(instead.start), end: at(instead.end), ...told(instead) }];
      });
    })
    .filter((found) => found.start < to && found.end > from && found.status !== 'cancelled')
    .map(({ start, end, title, transparent }) => ({ start, end, title, transparent }))
    .sort(order);
}

const told = ({ title, transparent, status }: Pick<ImportedEvent, 'title' | 'transparent' | 'status'>) => ({ title, transparent, status });
const order = (a: Expanded, b: Expanded): number => a.start - b.start || a.end - b.end || a.title.localeCompare(b.title) || Number(a.transparent) - Number(b.transparent);

/** Whole days keep their number of dates, though a change of the clock makes one of them 23 or 25 hours long. */
function endOfDays(start: LocalStart, lasts: number): number {
  const date = 'date' in start ? start.date : start.dateTime.slice(0, 10);
  return at({ date: new Date(Date.parse(date) + Math.round(lasts / day) * day).toISOString().slice(0, 10) });
}

describe.each<DialectName>(['google', 'outlook', 'apple'])('an export in the manner of %s', (dialect) => {
  it('of 500 events expands to what ical.js makes of it, over a year and both changes of the clock', () => {
    const text = realExport({ dialect, random: seededRandom(20260701), events: 500 });
    const [from, to] = [Date.UTC(2026, 0, 15), Date.UTC(2027, 0, 15)];
    const events = readIcs(text, { defaultZone: 'UTC' });
    const ours = expand(events, from, to);
    expect(events).toHaveLength(500);
    expect(events.filter((event) => event.rules.length > 0).length).toBeGreaterThan(100);
    expect(events.flatMap((event) => event.overrides).length).toBeGreaterThan(50);
    expect(ours.length).toBeGreaterThan(1500);
    expect(ours).toEqual(expandByIcalJs(text, { from, to, floatingZone: exportZone }).sort(order));
  });

  it('expands like ical.js whatever it holds and wherever the window lies', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -300, max: 300 }), (seed, offset) => {
        const text = realExport({ dialect, random: seededRandom(seed), events: 12 });
        const from = Date.UTC(2026, 6, 1) + offset * day;
        expect(expand(readIcs(text, { defaultZone: 'UTC' }), from, from + 60 * day)).toEqual(expandByIcalJs(text, { from, to: from + 60 * day, floatingZone: exportZone }).sort(order));
      }),
      { numRuns: 25 },
    );
  });

  it('repeats with its seed', () => {
    const [once, again, other] = [7, 7, 8].map((seed) => realExport({ dialect, random: seededRandom(seed), events: 20 }));
    expect(again).toBe(once);
    expect(other).not.toBe(once);
  });
});
