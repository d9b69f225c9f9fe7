import { describe, expect, it } from '@jest/globals';
import { Temporal } from '@js-temporal/polyfill';
import fc from 'fast-check';
import { ianaFromWindows, isZone, offsetAt, toInstant, toLocal, windowsFromIana } from './zones.ts';

const at = (dateTime: string, zone: string): string => new Date(toInstant({ dateTime, zone }, 'UTC')).toISOString();

describe('wall clocks and instants', () => {
  it.each([
    ['2026-03-29T01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59.000Z'],
    ['2026-03-29T02:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-03-08T02:30:00', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['2026-11-01T01:30:00', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2026-10-04T02:15:00', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z'],
    ['2026-04-05T01:45:00', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
    ['2011-12-30T09:00:00', 'Pacific/Apia', '2011-12-30T19:00:00.000Z'],
    ['2026-01-01T09:00:00.0000000', 'UTC', '2026-01-01T09:00:00.000Z'],
  ])('%s in %s is %s: gaps move forward, folds are the first', (dateTime, zone, instant) => {
    expect(at(dateTime, zone)).toBe(instant);
  });

  it('a day begins at midnight in the zone asked for', () => {
    expect(new Date(toInstant({ date: '2026-07-01' }, 'America/New_York')).toISOString()).toBe('2026-07-01T04:00:00.000Z');
  });

  it('agrees with Temporal everywhere, transitions included', () => {
    const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Etc/GMT-1');
    const wall = fc.integer({ min: Date.UTC(1975, 0, 1) / 900_000, max: Date.UTC(2060, 0, 1) / 900_000 });
    fc.assert(
      fc.property(zone, wall, (name, quarter) => {
        const dateTime = new Date(quarter * 900_000).toISOString().slice(0, 19);
        const instant = Temporal.PlainDateTime.from(dateTime).toZonedDateTime(name).epochMilliseconds;
        expect(toInstant({ dateTime, zone: name }, 'UTC')).toBe(instant);
        expect(toLocal(instant, name)).toBe(Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(name).toPlainDateTime().toString({ smallestUnit: 'second' }));
      }),
      { numRuns: 400 },
    );
  });

  it('changes the offset at the very millisecond of a transition', () => {
    const change = Date.UTC(2026, 2, 29, 1);
    expect([offsetAt(change - 1, 'Europe/Berlin'), offsetAt(change, 'Europe/Berlin')]).toEqual([3_600_000, 7_200_000]);
  });

  it('refuses what is no wall clock', () => {
    expect(() => toInstant({ dateTime: '2026-13-01T00:00:00', zone: 'UTC' }, 'UTC')).toThrow('not a wall clock time');
  });
});

describe('zone names', () => {
  it('translates Windows names both ways', () => {
    expect(ianaFromWindows('W. Europe Standard Time')).toBe('Europe/Berlin');
    expect(ianaFromWindows('Eastern Standard Time')).toBe('America/New_York');
    expect(ianaFromWindows('UTC')).toBe('UTC');
    expect(ianaFromWindows('Customized Time Zone')).toBeUndefined();
    expect(windowsFromIana('Europe/Vienna')).toBe('W. Europe Standard Time');
    expect(windowsFromIana('Asia/Calcutta')).toBe(windowsFromIana('Asia/Kolkata'));
    expect(windowsFromIana('UTC')).toBe('UTC');
    expect(windowsFromIana('Mars/Olympus')).toBeUndefined();
  });

  it('knows a zone from a name that merely looks like one', () => {
    expect(['Europe/Berlin', 'UTC', 'Etc/GMT-1', 'US/Eastern'].map(isZone)).toEqual([true, true, true, true]);
    expect(['W. Europe Standard Time', '+01:00', '', 'Europe/Nowhere', 'BST'].map(isZone)).toEqual([false, false, false, false, false]);
  });
});
