import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IcsError, readIcs } from './ics.ts';

const read = (text: string): unknown => readIcs(text, { defaultZone: 'Europe/Berlin' });

function refusal(text: string): { line: number; message: string } {
  try {
    read(text);
  } catch (error) {
    if (error instanceof IcsError) return { line: error.line, message: error.message };
    throw error;
  }
  throw new Error('the file was read');
}

/** Line 1 is BEGIN:VCALENDAR, line 2 BEGIN:VEVENT; those given begin on line 3. */
const event = (...lines: string[]): string => ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

describe('a file that is no calendar is refused whole', () => {
  it.each([
    ['nothing', '', 1],
    ['a web page', '<!doctype html>\n<html></html>', 1],
    ['a contact', 'BEGIN:VCARD\r\nEND:VCARD\r\n', 1],
    ['a loose property', 'SUMMARY:hello', 1],
    ['text after the calendar', 'BEGIN:VCALENDAR\nEND:VCALENDAR\nhello: world', 3],
    ['a folded line first', '\n folded', 2],
  ])('%s', (_, text, line) => {
    expect(refusal(text)).toEqual({ line, message: expect.stringMatching(new RegExp(`^line ${line}: This is not a calendar.*export it as iCalendar`)) });
  });
});

describe('a file with one bad line is refused with that line and what to do', () => {
  it.each<[string, number, string, string]>([
    ['an event that never ends', 2, 'never ends', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301T090000Z\n'],
    ['an event within an event', 2, 'never ends', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VEVENT\nEND:VCALENDAR'],
    ['an alarm that never ends', 3, 'VALARM', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nEND:VEVENT\nEND:VCALENDAR'],
    ['an end too many', 4, 'ends nothing', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR'],
    ['no start', 2, 'no DTSTART', event('SUMMARY:When?')],
    ['a word as date', 3, 'not a date that exists', event('DTSTART:tomorrow')],
    ['a day that does not exist', 4, 'not a date that exists', event('SUMMARY:a', 'DTSTART;VALUE=DATE:20260230')],
    ['an empty date', 3, 'not a date that exists', event('DTSTART:')],
    ['a bad end', 4, 'DTEND is not a date', event('DTSTART:20260301T090000Z', 'DTEND:20260301T250000Z')],
    ['a bad duration', 4, 'not a duration', event('DTSTART:20260301T090000Z', 'DURATION:90 minutes')],
    ['two starts', 4, 'stands twice', event('DTSTART:20260301T090000Z', 'DTSTART:20260302T090000Z')],
    ['an unknown zone', 3, 'time zone "Mars" is unknown', event('DTSTART;TZID=Mars:20260301T090000')],
    ['an ambiguous abbreviation as zone', 3, 'time zone "BST" is unknown', event('DTSTART;TZID=BST:20260301T090000')],
    ['an unknown zone in an exception', 5, 'time zone "Mars"', event('DTSTART:20260301T090000Z', 'RRULE:FREQ=DAILY', 'EXDATE;TZID=Mars:20260301T090000')],
    ['a bad rule', 4, 'FREQ=OFTEN', event('DTSTART:20260301T090000Z', 'RRULE:FREQ=OFTEN')],
    ['a rule that ends on a day that does not exist', 4, '20260230', event('DTSTART:20260301T090000Z', 'RRULE:FREQ=DAILY;UNTIL=20260230')],
    ['a bad exception', 5, 'EXDATE is not a date', event('DTSTART:20260301T090000Z', 'RRULE:FREQ=DAILY', 'EXDATE:2026-03-02')],
    ['a bad period', 4, 'RDATE is not a date', event('DTSTART:20260301T090000Z', 'RDATE;VALUE=PERIOD:20260302T090000Z/later')],
    ['a change of all later instances', 4, 'RANGE=THISANDFUTURE', event('DTSTART:20260301T090000Z', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T090000Z')],
    ['a line that is no property', 4, '"and the second line of a badly wrapped t"', event('DTSTART:20260301T090000Z', 'and the second line of a badly wrapped text')],
    ['an open quotation mark', 3, 'cannot be parsed', event('DTSTART;TZID="Europe/Berlin:20260301T090000')],
  ])('%s', (_, line, words, text) => {
    const { line: told, message } = refusal(text);
    expect([told, message]).toEqual([line, expect.stringContaining(words)]);
    expect(message).toMatch(new RegExp(`^line ${line}: .+: .+\\.$`));
  });

  it('counts folded lines as the editor shows them', () => {
    expect(refusal(event('SUMMARY:one', ' two', ' three', 'DTSTART;VALUE=DA', ' TE:2026')).line).toBe(6);
  });

  it('a custom zone that behaves like no place on earth', () => {
    const odd = ['BEGIN:VTIMEZONE', 'TZID:Odd', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0117', 'TZOFFSETTO:+0117', 'END:STANDARD', 'END:VTIMEZONE'];
    const text = ['BEGIN:VCALENDAR', ...odd, 'BEGIN:VEVENT', 'DTSTART;TZID=Odd:20260301T090000', 'END:VEVENT', 'END:VCALENDAR'].join('\n');
    expect(refusal(text)).toEqual({ line: 11, message: expect.stringContaining('"Odd"') });
    expect(refusal(text.replace('TZOFFSETTO:+0117', 'TZOFFSETTO:soon'))).toEqual({ line: 7, message: expect.stringContaining('TZOFFSETTO') });
  });

  it('more than 20 MB', () => {
    expect(refusal(event(`SUMMARY:${'x'.repeat(20 * 1024 * 1024)}`)).message).toContain('larger than 20 MB');
  });
});

describe('a hostile file costs linear time', () => {
  const near20 = 19 * 1024 * 1024;
  it.each<[string, () => string]>([
    ['one line of 19 MB', () => event('DTSTART:20260301', `DESCRIPTION:${'x'.repeat(near20)}`)],
    ['a line folded six million times', () => event('DTSTART:20260301', `DESCRIPTION:${'\n x'.repeat(near20 / 3)}`)],
    ['nineteen million carriage returns', () => event('DTSTART:20260301', `DESCRIPTION:${'\r'.repeat(near20)}x`)],
    ['a million components, one within the other', () => 'BEGIN:VCALENDAR\n' + 'BEGIN:A\nBEGIN:B\n'.repeat(600_000)],
    ['a title of 9 MB of escapes', () => event('DTSTART:20260301', `SUMMARY:${'\\,'.repeat(near20 / 4)}`)],
    ['a date of 19 MB of digits', () => event(`DTSTART:${'2'.repeat(near20)}`)],
    ['a rule of 19 MB of weekdays', () => event('DTSTART:20260301', `RRULE:FREQ=DAILY;BYDAY=${'MO,'.repeat(near20 / 3)}XX`)],
    ['fifty thousand quotation marks', () => event(`DTSTART;TZID=${'"'.repeat(50_000)}:20260301T090000`)],
  ])('%s', (_, text) => {
    const file = text();
    const began = performance.now();
    try {
      read(file);
    } catch (error) {
      if (!(error instanceof IcsError)) throw error;
    }
    // Half a second; quadratic time would be hours.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('whatever becomes of a file on its way', () => {
  const texts = ['google', 'outlook', 'apple'].map((name) => readFileSync(new URL(`fixtures/${name}.ics`, import.meta.url), 'utf8'));
  const readOrRefuse = (text: string): void => {
    try {
      read(text);
    } catch (error) {
      expect(error).toBeInstanceOf(IcsError);
      const { line } = error as IcsError;
      expect(line >= 1 && line <= text.split('\n').length).toBe(true);
    }
  };

  it('cut off anywhere, it is refused, unless nothing but the line end is missing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.double({ min: 0, max: 1, noNaN: true }), (text, part) => {
        const whole = text.trimEnd();
        expect(refusal(whole.slice(0, Math.floor(part * (whole.length - 1)))).line).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });

  it('garbled anywhere, it is read or refused with a line, and nothing else', () => {
    const noise = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('\r\n', '\n ', ';', ':', ',', '=', '"', '9', '0', '-', 'T', 'Z', 'BEGIN:VEVENT\n', 'END:VEVENT\n', '\u0000', '99999999'));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(8), noise), { minLength: 1, maxLength: 3 }), (text, edits) => {
        const garbled = edits.reduce((so, [part, gone, put]) => {
          const at = Math.floor(part * so.length);
          return so.slice(0, at) + put + so.slice(at + gone);
        }, text);
        readOrRefuse(garbled);
      }),
      { numRuns: 1500 },
    );
  });
});
