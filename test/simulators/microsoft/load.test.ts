import { afterEach, describe, expect, it } from '@jest/globals';
import { expandByIcalJs } from '../../support/ical-js-expansion.ts';
import type { Expanded } from '../../support/ical-js-expansion.ts';
import { exportZone, realExport } from '../../support/real-export.ts';
import type { DialectName } from '../../support/real-export.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { email, firstRound, startGraphCaller } from './graph-caller.ts';
import type { GraphCaller } from './graph-caller.ts';

let graph: GraphCaller;
afterEach(() => graph.sim.close());

const order = (a: Expanded, b: Expanded): number => a.start - b.start || a.end - b.end || a.title.localeCompare(b.title) || Number(a.transparent) - Number(b.transparent);
const instant = (time: unknown): number => Date.parse(`${(time as { dateTime: string }).dateTime.slice(0, 19)}Z`);

/** All that a calendarView shows and is not cancelled. */
async function shown(graph: GraphCaller, from: number, to: number): Promise<Expanded[]> {
  const rows: Record<string, unknown>[] = [];
  let link: unknown = `/me/calendarView?startDateTime=${new Date(from).toISOString()}&endDateTime=${new Date(to).toISOString()}&$top=1000`;
  while (link !== undefined) {
    const { body } = await graph.call(String(link));
    rows.push(...body.value);
    link = body['@odata.nextLink'];
  }
  return rows
    .filter((row) => row['isCancelled'] !== true)
    .map((row) => ({ start: instant(row['start']), end: instant(row['end']), title: String(row['subject']), transparent: ['free', 'workingElsewhere'].includes(String(row['showAs'])) }))
    .sort(order);
}

describe.each<DialectName>(['google', 'outlook', 'apple'])('an export in the manner of %s', (dialect) => {
  it('of 500 events shows, once loaded, what ical.js makes of it', async () => {
    graph = await startGraphCaller({ calendars: [{ name: 'Calendar', timeZone: exportZone }] });
    const ics = realExport({ dialect, random: seededRandom(11), events: 500 });
    const [from, to] = [Date.UTC(2026, 0, 15), Date.UTC(2027, 0, 15)];
    expect(graph.sim.load({ account: email, ics })).toBeGreaterThanOrEqual(500);
    const seen = await shown(graph, from, to);
    expect(seen.length).toBeGreaterThan(1500);
    const plain = (all: Expanded[]): object[] => all.map(({ start, end, title }) => ({ start, end, title }));
    expect(plain(seen)).toEqual(plain(expandByIcalJs(ics, { from, to, floatingZone: exportZone }).sort(order)));
  });
});

const calendar = (...events: string[][]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']), 'END:VCALENDAR', ''].join('\r\n');

describe('a loaded calendar', () => {
  it('says which Windows zone an event was made in, and in which status', async () => {
    graph = await startGraphCaller();
    graph.sim.load({ account: email, ics: calendar(['UID:1', 'SUMMARY:Away', 'DTSTART;TZID=Europe/Berlin:20260310T090000', 'DTEND;TZID=Europe/Berlin:20260310T100000', 'X-MICROSOFT-CDO-BUSYSTATUS:OOF'], ['UID:2', 'SUMMARY:Off', 'DTSTART;VALUE=DATE:20260312', 'DTEND;VALUE=DATE:20260313', 'TRANSP:TRANSPARENT']) });
    expect((await graph.round(firstRound)).rows).toMatchObject([
      { subject: 'Away', showAs: 'oof', originalStartTimeZone: 'W. Europe Standard Time', start: { dateTime: '2026-03-10T08:00:00.0000000' } },
      { subject: 'Off', showAs: 'free', isAllDay: true, start: { dateTime: '2026-03-11T23:00:00.0000000' } },
    ]);
  });

  it('keeps a weekly series as Graph writes it', async () => {
    graph = await startGraphCaller();
    graph.sim.load({ account: email, ics: calendar(['UID:1', 'DTSTART;TZID=Europe/Berlin:20260310T090000', 'DTEND;TZID=Europe/Berlin:20260310T100000', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=6']) });
    expect(graph.sim.events(email)[0]?.['recurrence']).toMatchObject({
      pattern: { type: 'weekly', interval: 2, daysOfWeek: ['tuesday', 'thursday'] },
      range: { type: 'numbered', startDate: '2026-03-10', numberOfOccurrences: 6, recurrenceTimeZone: 'W. Europe Standard Time' },
    });
  });

  it('that cannot be read is refused with its line, and nothing of it is kept', async () => {
    graph = await startGraphCaller();
    const ics = calendar(['UID:1', 'DTSTART:20260310T090000Z'], ['UID:2', 'DTSTART:not a time']);
    const response = await fetch(`${graph.sim.url}/_sim/load`, { method: 'POST', body: JSON.stringify({ account: email, ics }) });
    expect([response.status, await response.json()]).toEqual([400, { error: expect.any(String), line: expect.any(Number) }]);
    expect(graph.sim.events(email)).toEqual([]);
  });
});
