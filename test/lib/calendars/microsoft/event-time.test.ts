import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { dateSpan } from '../../../../lib/calendars/all-day.ts';
import { allDaySpan, ianaZone, readTimes } from '../../../../lib/calendars/microsoft/event-time.ts';

const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' });
const at = (text: string): number => Date.parse(text);

describe('a zone as Graph names it', () => {
  it.each([
    ['W. Europe Standard Time', 'Europe/Berlin'],
    ['India Standard Time', 'Asia/Calcutta'],
    ['Europe/Amsterdam', 'Europe/Amsterdam'],
    ['UTC', 'UTC'],
    ['tzone://Microsoft/Utc', 'UTC'],
    ['tzone://Microsoft/Custom', undefined],
    ['Customized Time Zone', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s', (name, zone) => {
    expect(ianaZone(name)).toBe(zone);
  });
});

describe('a time as Graph gives it', () => {
  it('has seven digits, no Z, and stands in the zone beside it', () => {
    expect(readTimes(utc('2026-06-01T08:00:00.0000000'), utc('2026-06-01T09:30:00.1239999'))).toEqual({
      start: at('2026-06-01T08:00:00Z'),
      end: at('2026-06-01T09:30:00.123Z'),
    });
    const berlin = { dateTime: '2026-06-01T10:00:00', timeZone: 'W. Europe Standard Time' };
    expect(readTimes(berlin, { dateTime: '2026-06-01T09:00:00.0000000' })).toEqual({ start: at('2026-06-01T08:00:00Z'), end: at('2026-06-01T09:00:00Z') });
  });

  it('is read in UTC as a calendar library reads it', () => {
    const two = (most: number) => fc.nat(most).map((n) => String(n).padStart(2, '0'));
    const fraction = fc.constantFrom('', '.5', '.25', '.1239999', '.0000000');
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 9999 }), two(13), two(32), two(25), two(60), two(61), fraction, (year, month, day, hour, minute, second, more) => {
        const dateTime = `${year}-${month}-${day}T${hour}:${minute}:${second}${more}`;
        const read = DateTime.fromISO(dateTime.slice(0, 23), { zone: 'utc' });
        expect(readTimes(utc(dateTime), utc('2026-06-01T08:00:00'))?.start).toBe(read.isValid ? read.toMillis() : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [undefined, utc('2026-06-01T08:00:00')],
    [utc('2026-06-01T08:00:00'), null],
    [utc('soon'), utc('2026-06-01T08:00:00')],
    [utc('2026-02-30T08:00:00'), utc('2026-06-01T08:00:00')],
    [{ dateTime: '2026-06-01T08:00:00', timeZone: 'tzone://Microsoft/Custom' }, utc('2026-06-01T08:00:00')],
  ])('is none in %j, %j', (start, end) => {
    expect(readTimes(start, end)).toBeUndefined();
  });

  it('never throws on anything else', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), fc.string(), (odd, dateTime, timeZone) => {
        readTimes(odd, { dateTime, timeZone });
        readTimes({ dateTime: odd, timeZone: odd }, odd);
      }),
    );
  });
});

describe('an all-day event', () => {
  const zones = ['Europe/Oslo', 'America/New_York', 'America/Sao_Paulo', 'Asia/Kolkata', 'Pacific/Auckland', 'Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Etc/GMT+12', 'Africa/Cairo', 'UTC'];
  const dates = fc.integer({ min: at('2015-01-01'), max: at('2030-01-01') }).map((time) => new Date(time).toISOString().slice(0, 10));
  const plus = (date: string, days: number): string => new Date(at(date) + days * 86_400_000).toISOString().slice(0, 10);

  it('covers its dates in its zone, whether Graph shifts its midnights by that zone or gives bare dates', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), dates, fc.integer({ min: 1, max: 20 }), (zone, first, days) => {
        const span = dateSpan(first, plus(first, days), zone) ?? { start: 0, end: 0 };
        expect(allDaySpan(span, zone)).toEqual(span);
        expect(allDaySpan({ start: at(first), end: at(plus(first, days)) }, zone)).toEqual(span);
      }),
    );
  });

  it('keeps its dates where the zone it is read in is not the one it was made in', () => {
    const madeInOslo = { start: at('2026-01-01T23:00:00Z'), end: at('2026-01-02T23:00:00Z') };
    for (const zone of ['America/New_York', 'Asia/Tokyo', 'Europe/London']) {
      expect(allDaySpan(madeInOslo, zone)).toEqual(dateSpan('2026-01-02', '2026-01-03', zone));
    }
  });

  it('covers wherever on earth its date may be meant when no zone is known', () => {
    const everywhere = { start: at('2026-01-01T10:00:00Z'), end: at('2026-01-03T12:00:00Z') };
    expect(allDaySpan({ start: at('2026-01-02'), end: at('2026-01-03') }, undefined)).toEqual(everywhere);
    expect(allDaySpan({ start: at('2026-01-01T23:00:00Z'), end: at('2026-01-02T23:00:00Z') }, 'Not/AZone')).toEqual(everywhere);
    fc.assert(
      fc.property(fc.constantFrom(...zones), dates, (zone, first) => {
        const real = dateSpan(first, plus(first, 1), zone) ?? { start: 0, end: 0 };
        const guess = allDaySpan(real, undefined);
        expect(guess.start <= real.start && guess.end >= real.end).toBe(true);
      }),
    );
  });

  it('covers a day at least, and never throws', () => {
    const noon = at('2026-01-02T00:00:00Z');
    expect(allDaySpan({ start: noon, end: noon }, 'UTC')).toEqual({ start: noon, end: noon + 86_400_000 });
    fc.assert(
      fc.property(fc.integer({ min: at('0001-01-01'), max: at('9999-12-31T23:59:59Z') }), fc.nat(), fc.constantFrom(...zones, undefined), (start, length, zone) => {
        const span = allDaySpan({ start, end: start + length }, zone);
        expect(span.end).toBeGreaterThan(span.start);
      }),
    );
  });
});
