import { describe, expect, it } from '@jest/globals';
import { occurrences } from '../recurrence.ts';
import { recurrenceOf, rulesOf } from './recurrence-json.ts';

const startDate = '2026-01-31';
const from = Date.UTC(2026, 0, 1);
const to = Date.UTC(2031, 0, 1);
const dates = (pattern: object, range: object = { type: 'numbered', numberOfOccurrences: 4 }): string[] =>
  occurrences({ start: { date: startDate }, rules: rulesOf({ pattern: { interval: 1, ...pattern }, range: { startDate, ...range } }, startDate) }, from, to).map(({ start }) => ('date' in start ? start.date : ''));

describe("Graph's recurrence", () => {
  it.each([
    [{ type: 'daily', interval: 2 }, ['2026-01-31', '2026-02-02', '2026-02-04', '2026-02-06']],
    [{ type: 'weekly', daysOfWeek: ['saturday', 'monday'] }, ['2026-01-31', '2026-02-02', '2026-02-07', '2026-02-09']],
    [{ type: 'absoluteMonthly', dayOfMonth: 31 }, ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']],
    [{ type: 'relativeMonthly', daysOfWeek: ['saturday'], index: 'last' }, ['2026-01-31', '2026-02-28', '2026-03-28', '2026-04-25']],
    [{ type: 'absoluteYearly', month: 1, dayOfMonth: 31 }, ['2026-01-31', '2027-01-31', '2028-01-31', '2029-01-31']],
    [{ type: 'relativeYearly', month: 1, daysOfWeek: ['saturday'], index: 'last' }, ['2026-01-31', '2027-01-30', '2028-01-29', '2029-01-27']],
  ])('%j happens on %j', (pattern, expected) => {
    expect(dates(pattern)).toEqual(expected);
  });

  it('includes its end date', () => {
    expect(dates({ type: 'daily' }, { type: 'endDate', endDate: '2026-02-02' })).toEqual(['2026-01-31', '2026-02-01', '2026-02-02']);
  });

  it.each([
    ['another start date', { pattern: { type: 'daily', interval: 1 }, range: { type: 'noEnd', startDate: '2026-02-01' } }],
    ['no interval', { pattern: { type: 'daily' }, range: { type: 'noEnd', startDate } }],
    ['no days', { pattern: { type: 'weekly', interval: 1, daysOfWeek: [] }, range: { type: 'noEnd', startDate } }],
    ['an unknown pattern', { pattern: { type: 'hourly', interval: 1 }, range: { type: 'noEnd', startDate } }],
    ['no range', { pattern: { type: 'daily', interval: 1 } }],
  ])('with %s is refused', (_, recurrence) => {
    expect(() => rulesOf(recurrence, startDate)).toThrow('failed validation');
  });

  it.each(['RRULE:FREQ=DAILY;INTERVAL=3', 'RRULE:FREQ=WEEKLY;BYDAY=SA,SU;COUNT=5', 'RRULE:FREQ=MONTHLY;BYDAY=-1SA;COUNT=5', 'RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=1', 'RRULE:FREQ=YEARLY;UNTIL=20290131'])('says %s so that it reads the same again', (rule) => {
    const again = rulesOf(recurrenceOf([rule], startDate, 'UTC'), startDate);
    const starts = (rules: string[]): number[] => occurrences({ start: { date: startDate }, rules }, from, to, 50).map(({ instant }) => instant);
    expect(starts(again)).toEqual(starts([rule]));
  });
});
