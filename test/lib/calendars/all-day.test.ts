import { Temporal } from '@js-temporal/polyfill';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dateSpan } from '../../../lib/calendars/all-day.ts';

const iso = (start: string, end: string, zone?: string) => {
  const span = dateSpan(start, end, zone);
  return span === undefined ? undefined : [new Date(span.start).toISOString(), new Date(span.end).toISOString()];
};

describe('an all-day event', () => {
  it.each([
    ['a plain day', '2026-06-01', '2026-06-02', 'Europe/Berlin', '2026-05-31T22:00:00.000Z', '2026-06-01T22:00:00.000Z'],
    ['a day of 23 hours', '2026-03-29', '2026-03-30', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['a day of 25 hours', '2026-10-25', '2026-10-26', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['a day that begins at 01:00', '2018-11-04', '2018-11-05', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z'],
    ['a day whose last hour strikes twice', '2018-02-17', '2018-02-18', 'America/Sao_Paulo', '2018-02-17T02:00:00.000Z', '2018-02-18T03:00:00.000Z'],
    ['a day that begins at 01:00', '2025-03-30', '2025-03-31', 'Asia/Beirut', '2025-03-29T22:00:00.000Z', '2025-03-30T21:00:00.000Z'],
    ['a day whose midnight strikes twice', '2026-11-01', '2026-11-02', 'America/Havana', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
    ['three days, one of which never was', '2011-12-29', '2012-01-01', 'Pacific/Apia', '2011-12-29T10:00:00.000Z', '2011-12-31T10:00:00.000Z'],
    ['the furthest zone ahead', '2026-01-01', '2026-01-02', 'Pacific/Kiritimati', '2025-12-31T10:00:00.000Z', '2026-01-01T10:00:00.000Z'],
    ['a zone of three quarters', '2026-01-01', '2026-01-02', 'Asia/Kathmandu', '2025-12-31T18:15:00.000Z', '2026-01-01T18:15:00.000Z'],
    ['an end on its start, as one day', '2026-06-01', '2026-06-01', 'UTC', '2026-06-01T00:00:00.000Z', '2026-06-02T00:00:00.000Z'],
    ['an end before its start, as one day', '2026-06-01', '2026-05-01', 'UTC', '2026-06-01T00:00:00.000Z', '2026-06-02T00:00:00.000Z'],
  ])('covers %s (%s to %s, %s)', (_, start, end, zone, from, to) => {
    expect(iso(start, end, zone)).toEqual([from, to]);
  });

  it.each([undefined, 'Nowhere/Atlantis', 'Customized Time Zone', ''])('covers the whole of UTC−12…+14 where the zone is %j', (zone) => {
    expect(iso('2026-06-01', '2026-06-02', zone)).toEqual(['2026-05-31T10:00:00.000Z', '2026-06-02T12:00:00.000Z']);
  });

  it('of a day that the zone skipped still covers an instant', () => {
    expect(iso('2011-12-30', '2011-12-31', 'Pacific/Apia')).toEqual(['2011-12-30T10:00:00.000Z', '2011-12-30T10:00:00.001Z']);
  });

  it.each(['2026-02-30', '2026-2-3', '20260203', '', 'today', '2026-06-01T00:00:00Z'])('has no span where a date is %j', (date) => {
    expect(dateSpan(date, '2026-06-02', 'UTC')).toBeUndefined();
    expect(dateSpan('2026-06-01', date, 'UTC')).toBeUndefined();
  });

  it('begins and ends where an independent calendar says, on any date in any zone', () => {
    const zones = ['America/Sao_Paulo', 'Asia/Beirut', 'Pacific/Apia', 'Australia/Lord_Howe', 'Africa/Cairo', 'America/Havana', 'Atlantic/Azores', 'Asia/Tehran'];
    const startOf = (date: Temporal.PlainDate, timeZone: string) => date.toZonedDateTime({ timeZone }).startOfDay().epochMilliseconds;
    const date = fc.integer({ min: 0, max: 366 * 20 }).map((n) => Temporal.PlainDate.from('2012-01-01').add({ days: n }));
    fc.assert(
      fc.property(date, fc.integer({ min: 1, max: 9 }), fc.constantFrom(...zones), (first, length, zone) => {
        const last = first.add({ days: length });
        expect(dateSpan(first.toString(), last.toString(), zone)).toEqual({ start: startOf(first, zone), end: startOf(last, zone) });
      }),
      { numRuns: 400 },
    );
  });
});
