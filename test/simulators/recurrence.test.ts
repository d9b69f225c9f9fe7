import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkRules, occurrences, RecurrenceError } from './recurrence.ts';
import type { LocalStart } from './zones.ts';

const ever: [number, number] = [-Infinity, Infinity];
const timed = (dateTime: string, zone = 'Europe/Berlin'): LocalStart => ({ dateTime, zone });
const walls = (start: LocalStart, rules: string[], from: number = ever[0], to: number = ever[1]): string[] =>
  occurrences({ start, rules }, from, to).map((o) => ('date' in o.start ? o.start.date : o.start.dateTime));
const instants = (start: LocalStart, rules: string[], from: number = ever[0], to: number = ever[1]): string[] =>
  occurrences({ start, rules }, from, to).map((o) => new Date(o.instant).toISOString());

describe('recurrence across changes of the clock', () => {
  it.each([
    ['Europe/Berlin', '2026-03-28T09:00:00', ['2026-03-28T08:00:00.000Z', '2026-03-29T07:00:00.000Z']],
    ['America/New_York', '2026-03-07T09:00:00', ['2026-03-07T14:00:00.000Z', '2026-03-08T13:00:00.000Z']],
    ['Australia/Lord_Howe', '2026-10-03T09:00:00', ['2026-10-02T22:30:00.000Z', '2026-10-03T22:00:00.000Z']],
  ])('in %s nine o’clock stays nine o’clock', (zone, dateTime, expected) => {
    expect(instants(timed(dateTime, zone), ['RRULE:FREQ=DAILY;COUNT=2'])).toEqual(expected);
  });

  it('a nonexistent wall time moves forward that day only', () => {
    expect(walls(timed('2026-03-28T02:30:00'), ['RRULE:FREQ=DAILY;COUNT=3'])).toEqual(['2026-03-28T02:30:00', '2026-03-29T03:30:00', '2026-03-30T02:30:00']);
  });

  it('an ambiguous wall time is the first of the two', () => {
    expect(instants(timed('2026-10-25T02:30:00'), ['RRULE:FREQ=DAILY;COUNT=1'])).toEqual(['2026-10-25T00:30:00.000Z']);
  });

  it('two wall times that fall together in a gap are one occurrence', () => {
    expect(walls(timed('2026-03-29T02:30:00'), ['RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30;COUNT=2'])).toEqual(['2026-03-29T03:30:00']);
  });

  it('hours repeat in real time', () => {
    expect(instants(timed('2026-03-29T00:00:00'), ['RRULE:FREQ=HOURLY;INTERVAL=2;COUNT=3'])).toEqual(['2026-03-28T23:00:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00.000Z']);
  });
});

describe('the lines of a series', () => {
  it('without any, it happens once', () => {
    expect(walls(timed('2026-01-05T09:00:00'), [])).toEqual(['2026-01-05T09:00:00']);
  });

  it('RDATE adds, in its own zone, EXDATE takes away, also the first and in UTC', () => {
    const rules = ['RRULE:FREQ=WEEKLY;COUNT=3', 'RDATE;TZID=America/New_York:20260106T090000', 'EXDATE:20260105T080000Z', 'EXDATE;TZID=Europe/Berlin:20260112T090000,20300101T090000'];
    expect(walls(timed('2026-01-05T09:00:00'), rules)).toEqual(['2026-01-06T15:00:00', '2026-01-19T09:00:00']);
  });

  it('RDATE alone adds to the start; a period gives its start', () => {
    expect(walls(timed('2026-01-05T09:00:00'), ['RDATE;VALUE=PERIOD:20260107T080000Z/PT1H'])).toEqual(['2026-01-05T09:00:00', '2026-01-07T09:00:00']);
  });

  it('a bare EXDATE takes that day’s occurrence out of a timed series', () => {
    expect(walls(timed('2026-01-05T00:30:00'), ['RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;VALUE=DATE:20260106'])).toEqual(['2026-01-05T00:30:00', '2026-01-07T00:30:00']);
  });

  it('EXRULE takes away what it meets', () => {
    expect(walls(timed('2026-01-05T09:00:00'), ['RRULE:FREQ=DAILY;COUNT=4', 'EXRULE:FREQ=DAILY;INTERVAL=2'])).toEqual(['2026-01-06T09:00:00', '2026-01-08T09:00:00']);
  });

  it.each([
    ['20260107T080000Z', 3, 'an UNTIL in UTC that is the last start itself'],
    ['20260107T075959Z', 2, 'an UNTIL in UTC one second earlier'],
    ['20260107', 3, 'a bare date, which admits its day'],
    ['20260107T090000', 3, 'a wall clock in the zone of the series'],
  ])('UNTIL=%s ends a Berlin series after %i: %s', (until, count) => {
    expect(walls(timed('2026-01-05T09:00:00'), [`RRULE:FREQ=DAILY;UNTIL=${until}`])).toHaveLength(count);
  });

  it('UNTIL in UTC ends an evening series west of Greenwich on the right day', () => {
    expect(walls(timed('2026-01-05T20:00:00', 'America/New_York'), ['RRULE:FREQ=DAILY;UNTIL=20260107T010000Z'])).toEqual(['2026-01-05T20:00:00', '2026-01-06T20:00:00']);
  });

  it.each([
    ['FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', ['2026-01-30T09:00:00', '2026-02-27T09:00:00', '2026-03-27T09:00:00']],
    ['FREQ=MONTHLY;BYDAY=2TU;COUNT=2', ['2026-01-13T09:00:00', '2026-02-10T09:00:00']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2', ['2026-01-30T09:00:00', '2026-02-27T09:00:00']],
    ['FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2', ['2026-01-31T09:00:00', '2026-03-31T09:00:00']],
    ['FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2', ['2026-11-26T09:00:00', '2027-11-25T09:00:00']],
    ['FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU;COUNT=4', ['2026-01-05T09:00:00', '2026-01-18T09:00:00', '2026-01-19T09:00:00', '2026-02-01T09:00:00']],
  ])('%s', (rule, expected) => {
    expect(walls(timed('2026-01-05T09:00:00'), [`RRULE:${rule}`])).toEqual(expected);
  });

  it('whole days stay dates and their instant is UTC midnight', () => {
    const days = occurrences({ start: { date: '2026-03-28' }, rules: ['RRULE:FREQ=DAILY;UNTIL=20260330', 'EXDATE;VALUE=DATE:20260329'] }, ...ever);
    expect(days).toEqual([
      { start: { date: '2026-03-28' }, instant: Date.UTC(2026, 2, 28) },
      { start: { date: '2026-03-30' }, instant: Date.UTC(2026, 2, 30) },
    ]);
  });

  it.each([
    ['RRULE:FREQ=FORTNIGHTLY', 'FREQ=FORTNIGHTLY'],
    ['RRULE:COUNT=2', 'no FREQ'],
    ['RRULE:FREQ=DAILY;INTERVAL=0', 'INTERVAL=0'],
    ['RRULE:FREQ=DAILY;BYDAY=XX', 'BYDAY=XX'],
    ['RRULE:FREQ=DAILY;FREQ=DAILY', 'twice'],
    ['RRULE:FREQ=DAILY;UNTIL=20260230', 'does not exist'],
    ['RRULE:FREQ=DAILY;UNTIL=soon', 'not a date'],
    ['EXDATE;TZID=Mars/Olympus:20260101T000000', 'not a known time zone'],
    ['DTSTART:20260101T000000Z', 'is not RRULE'],
    ['nonsense', 'not a property line'],
  ])('%s is refused', (line, reason) => {
    expect(() => checkRules([line])).toThrow(RecurrenceError);
    expect(() => checkRules([line])).toThrow(reason);
  });

  it('knows zones by their Windows names too', () => {
    expect(walls(timed('2026-01-05T09:00:00'), ['RDATE;TZID=Eastern Standard Time:20260106T090000'])[1]).toBe('2026-01-06T15:00:00');
  });
});

describe('windows', () => {
  it('are half-open by start', () => {
    const at = (text: string): number => Date.parse(text);
    const rules = ['RRULE:FREQ=DAILY'];
    expect(walls(timed('2026-01-05T09:00:00'), rules, at('2026-02-01T08:00:00Z'), at('2026-02-02T08:00:00Z'))).toEqual(['2026-02-01T09:00:00']);
  });

  it('an endless series stops at the cap', () => {
    expect(occurrences({ start: timed('2026-01-05T09:00:00'), rules: ['RRULE:FREQ=DAILY'] }, ...ever)).toHaveLength(5000);
    expect(occurrences({ start: timed('2026-01-05T09:00:00'), rules: ['RRULE:FREQ=DAILY'] }, ...ever, 7)).toHaveLength(7);
  });

  it.each(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY', 'DAILY;COUNT=20000', 'WEEKLY;BYDAY=MO,WE,FR;COUNT=9000', 'HOURLY', 'MINUTELY;INTERVAL=15'])(
    'a month of 2040 of a series from 2010 is found in an instant: FREQ=%s',
    (rule) => {
      const ask = (month: number): number => occurrences({ start: timed('2010-01-04T09:00:00'), rules: [`RRULE:FREQ=${rule}`] }, Date.UTC(2040, month), Date.UTC(2040, month + 1)).length;
      ask(5);
      const began = process.cpuUsage();
      const found = ask(0);
      // About 2 ms of the processor, whoever else is at work on it.
      expect(process.cpuUsage(began).user / 1000).toBeLessThan(200);
      expect(found).toBeGreaterThan(0);
    },
  );

  it('a rule that never comes ends', () => {
    expect(walls(timed('2026-01-05T09:00:00'), ['RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'])).toEqual([]);
  });

  it('splitting a window anywhere finds the same', () => {
    const rule = fc.constantFrom('FREQ=DAILY', 'FREQ=DAILY;INTERVAL=3;COUNT=80', 'FREQ=WEEKLY;BYDAY=MO,SU', 'FREQ=MONTHLY;BYDAY=-1SU', 'FREQ=DAILY;UNTIL=20260901T000000Z', 'FREQ=HOURLY;INTERVAL=5');
    const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
    const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) });
    fc.assert(
      fc.property(rule, zone, instant, fc.nat(23), (text, name, cut, hour) => {
        const start = timed(`2026-01-05T${String(hour).padStart(2, '0')}:30:00`, name);
        const all = instants(start, [`RRULE:${text}`], Date.UTC(2026, 0), Date.UTC(2027, 0));
        const halves = [...instants(start, [`RRULE:${text}`], Date.UTC(2026, 0), cut), ...instants(start, [`RRULE:${text}`], cut, Date.UTC(2027, 0))];
        expect(halves).toEqual(all);
        expect(all).toEqual([...new Set(all)].sort());
      }),
      { numRuns: 60 },
    );
  });
});
