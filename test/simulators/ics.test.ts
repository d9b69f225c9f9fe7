import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { calendarZone, readIcs } from './ics.ts';
import type { ImportedEvent } from './ics.ts';

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}.ics`, import.meta.url), 'utf8');
const read = (text: string): ImportedEvent[] => readIcs(text, { defaultZone: 'Europe/Berlin' });
const calendar = (...lines: string[]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR'].join('\r\n');
const vevent = (...lines: string[]): string[] => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'];
const one = (...lines: string[]): ImportedEvent => {
  const [event, ...others] = read(calendar(...vevent('UID:1', ...lines)));
  if (event === undefined || others.length > 0) throw new Error('expected one event');
  return event;
};
const berlin = (dateTime: string): object => ({ dateTime, zone: 'Europe/Berlin' });

describe('a Google export', () => {
  const events = read(fixture('google'));

  it('gives every event, with unfolded and unescaped titles', () => {
    expect(events.map((event) => event.title)).toEqual(['Dentist; Dr. Müller, 2nd floor', 'Standup', 'One instance that I was invited to', 'Holiday']);
    expect(events[0]).toMatchObject({ start: { dateTime: '2026-07-06T08:30:00', zone: 'UTC' }, end: { dateTime: '2026-07-06T09:30:00', zone: 'UTC' }, rules: [], transparent: false, status: 'confirmed' });
  });

  it('joins a series with its moved and its cancelled instance, told on the series’ clock', () => {
    expect(events[1]).toMatchObject({
      uid: 'weekly@google.com',
      start: berlin('2026-03-02T09:00:00'),
      rules: ['RRULE:FREQ=WEEKLY;UNTIL=20260427T215959Z;BYDAY=MO', 'EXDATE;TZID=Europe/Berlin:20260309T090000'],
      overrides: [
        { recurrence: berlin('2026-03-30T09:00:00'), event: { title: 'Standup (moved)', start: berlin('2026-03-31T14:00:00') } },
        { recurrence: berlin('2026-04-06T09:00:00') },
      ],
    });
    expect(events[1]?.overrides[1]).not.toHaveProperty('event');
  });

  it('makes an instance without its series a single event, and sees that its owner declined', () => {
    expect(events[2]).toMatchObject({ uid: 'orphan@google.com#2026-07-06T10:00:00[UTC]', rules: [], overrides: [], selfDeclined: true });
  });

  it('keeps whole days as dates with an exclusive end, and free time as transparent', () => {
    expect(events[3]).toMatchObject({ start: { date: '2026-07-20' }, end: { date: '2026-08-01' }, transparent: true });
    expect(calendarZone(fixture('google'))).toBe('Europe/Berlin');
  });
});

describe('an Outlook export', () => {
  const events = read(fixture('outlook'));

  it('tells Windows zones in IANA names, in lists of dates too', () => {
    expect(events[0]).toMatchObject({
      title: 'Besprechung',
      start: berlin('2026-03-03T09:00:00'),
      rules: ['RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=TU', 'EXDATE;TZID=Europe/Berlin:20260310T090000', 'EXDATE;TZID=Europe/Berlin:20260317T090000'],
      busyStatus: 'busy',
    });
  });

  it('finds the zone that a custom one behaves like, or the fixed offset that it is', () => {
    expect(events[1]?.start).toEqual({ dateTime: '2026-03-10T09:00:00', zone: 'America/New_York' });
    expect(events[2]?.start).toEqual({ dateTime: '2026-07-10T09:00:00', zone: 'Etc/GMT-1' });
  });

  it('reads each busy status, of which free is transparent where nothing else is said', () => {
    expect(events.map((event) => [event.busyStatus, event.transparent])).toEqual([['busy', false], ['workingElsewhere', false], ['free', true], ['oof', false]]);
  });
});

describe('an Apple export', () => {
  const events = read(fixture('apple'));

  it('lasts its exact duration across a change of the clock', () => {
    expect(events[0]).toMatchObject({ start: berlin('2026-03-28T23:30:00'), end: berlin('2026-03-29T04:30:00') });
  });

  it('places floating times in the calendar’s own zone', () => {
    expect(events[1]?.start).toEqual({ dateTime: '2026-07-01T07:30:00', zone: 'America/New_York' });
  });

  it('without an end a whole day is one day and a time is a moment; tasks are left out', () => {
    expect(events[2]?.end).toEqual({ date: '2026-05-15' });
    expect(events[3]).toMatchObject({ start: berlin('2026-05-15T12:00:00'), end: berlin('2026-05-15T12:00:00') });
    expect(events).toHaveLength(4);
  });
});

describe('what exports do besides', () => {
  it('is read alike with LF, CRLF, doubled CR, blank lines, and a byte order mark', () => {
    const text = fixture('google').replaceAll('\r\n', '\n');
    for (const variant of [text, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r\r\n'), `\uFEFF${text}\n\n`]) expect(read(variant)).toEqual(read(text));
  });

  it('DURATION counts days by the wall clock', () => {
    expect(one('DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:P1DT1H').end).toEqual(berlin('2026-03-29T13:00:00'));
    expect(one('DTSTART;VALUE=DATE:20260328', 'DURATION:P1W').end).toEqual({ date: '2026-04-04' });
  });

  it('an end before its start is kept as it is', () => {
    expect(one('DTSTART:20260301T100000Z', 'DTEND:20260301T090000Z').end).toEqual({ dateTime: '2026-03-01T09:00:00', zone: 'UTC' });
  });

  it('an end of the other kind follows the start', () => {
    expect(one('DTSTART;VALUE=DATE:20260301', 'DTEND:20260301T100000').end).toEqual({ date: '2026-03-02' });
    expect(one('DTSTART;TZID=Europe/Berlin:20260301T100000', 'DTEND;VALUE=DATE:20260302').end).toEqual(berlin('2026-03-02T00:00:00'));
  });

  it('an RDATE period with a length of its own becomes an instance of that length', () => {
    const event = one('DTSTART:20260301T100000Z', 'DTEND:20260301T110000Z', 'RDATE;VALUE=PERIOD:20260303T100000Z/PT2H');
    expect(event.rules).toEqual(['RDATE:20260303T100000Z']);
    expect(event.overrides).toMatchObject([{ recurrence: { dateTime: '2026-03-03T10:00:00' }, event: { end: { dateTime: '2026-03-03T12:00:00', zone: 'UTC' } } }]);
  });

  it('exception dates of a series of whole days become dates where the calendar lives', () => {
    const event = one('DTSTART;VALUE=DATE:20260301', 'RRULE:FREQ=DAILY', 'EXDATE:20260304T230000Z', 'EXDATE;TZID=Europe/Berlin:20260306T000000');
    expect(event.rules.slice(1)).toEqual(['EXDATE;VALUE=DATE:20260305', 'EXDATE;VALUE=DATE:20260306']);
  });

  it('a changed instance that its series does not have stands alone; a cancelled one is nothing', () => {
    const instance = (id: string, ...more: string[]): string[] => vevent('UID:1', `RECURRENCE-ID:${id}`, 'DTSTART:20260401T100000Z', ...more);
    const events = read(calendar(...vevent('UID:1', 'DTSTART:20260301T100000Z', 'RRULE:FREQ=DAILY;COUNT=2'), ...instance('20260315T100000Z'), ...instance('20260316T100000Z', 'STATUS:CANCELLED')));
    expect(events.map((event) => [event.uid, event.overrides.length])).toEqual([['1', 0], ['1#2026-03-15T10:00:00[UTC]', 0]]);
  });

  it('of several revisions the highest SEQUENCE counts, of equal ones the last', () => {
    const revision = (sequence: number, title: string): string[] => vevent('UID:1', `SEQUENCE:${sequence}`, 'DTSTART:20260301T100000Z', `SUMMARY:${title}`);
    expect(read(calendar(...revision(2, 'second'), ...revision(2, 'third'), ...revision(1, 'first'))).map((event) => event.title)).toEqual(['third']);
  });

  it('events without a UID, or with one of another calendar in the file, keep apart', () => {
    const event = vevent('DTSTART:20260301T100000Z');
    expect(new Set(read(calendar(...event, ...event)).map(({ uid }) => uid)).size).toBe(2);
    const named = calendar(...vevent('UID:1', 'DTSTART:20260301T100000Z'));
    expect(read(`${named}\r\n${named}`).map(({ uid }) => uid)).toEqual(['1', '1#2']);
  });

  it.each([
    ['/freeassociation.sourceforge.net/Tzfile/Europe/Vienna', 'Europe/Vienna'],
    ['/mozilla.org/20050126_1/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['Tokyo Standard Time', 'Asia/Tokyo'],
    ['W. Europe Standard Time 1', 'Europe/Berlin'],
    ['tzone://Microsoft/Utc', 'UTC'],
    ['GMT', 'GMT'],
  ])('the zone %s is %s', (tzid, zone) => {
    expect(one(`DTSTART;TZID="${tzid}":20260301T100000`).start).toEqual({ dateTime: '2026-03-01T10:00:00', zone });
  });

  it('zones that end their rules with UNTIL, and half-hour offsets, are told by their rules', () => {
    const observance = (name: string, start: string, offsets: [string, string], ...more: string[]): string[] => [`BEGIN:${name}`, `DTSTART:${start}`, `TZOFFSETFROM:${offsets[0]}`, `TZOFFSETTO:${offsets[1]}`, ...more, `END:${name}`];
    const moscow = ['BEGIN:VTIMEZONE', 'TZID:Hauptstadt', ...observance('DAYLIGHT', '19930328T020000', ['+0300', '+0400'], 'RRULE:FREQ=YEARLY;UNTIL=20100327T230000Z;BYMONTH=3;BYDAY=-1SU'), ...observance('STANDARD', '19961027T030000', ['+0400', '+0300'], 'RRULE:FREQ=YEARLY;UNTIL=20101030T230000Z;BYMONTH=10;BYDAY=-1SU'), 'END:VTIMEZONE'];
    const india = ['BEGIN:VTIMEZONE', 'TZID:Büro', ...observance('STANDARD', '16010101T000000', ['+0530', '+0530']), 'END:VTIMEZONE'];
    const starts = (zone: string[], tzid: string, date: string): unknown => read(calendar(...zone, ...vevent('UID:1', `DTSTART;TZID=${tzid}:${date}T100000`)))[0]?.start;
    expect(starts(moscow, 'Hauptstadt', '20090601')).toMatchObject({ zone: 'Europe/Moscow' });
    expect(starts(india, 'Büro', '20260601')).toMatchObject({ zone: 'Asia/Calcutta' });
  });
});
