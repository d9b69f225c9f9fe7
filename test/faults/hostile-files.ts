// Calendar files that no calendar program wrote: real exports, cut, doubled, mixed up and filled with junk.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { junkText } from './hostile-junk.ts';

const exports_ = ['google', 'outlook', 'apple'].map((name) => readFileSync(new URL(`../simulators/fixtures/${name}.ics`, import.meta.url), 'utf8'));
const strange = ['BEGIN:VEVENT', 'END:VEVENT', 'BEGIN:VCALENDAR', 'END:VCALENDAR', 'BEGIN:VTIMEZONE', 'DTSTART:99999999T999999Z', 'DTSTART;VALUE=DATE:20260230', 'DTSTART;TZID=Nowhere/None:20260301T090000', 'DTEND:00000000', 'DURATION:P99999999D', 'DURATION:-PT1H', 'RRULE:FREQ=SECONDLY', 'RRULE:FREQ=YEARLY;BYMONTH=13', 'RRULE:FREQ=DAILY;COUNT=-1', 'RRULE:FREQ=DAILY;INTERVAL=0', 'RRULE:FREQ=WEEKLY;UNTIL=20260301T090000Z;COUNT=9999999999', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'RDATE;VALUE=PERIOD:20260301T090000Z/PT1H', 'EXDATE:x', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T090000Z', 'SEQUENCE:NaN', 'SUMMARY', ';:', ':', ' folded', 'UID:', 'X-WR-TIMEZONE:__proto__', 'TRANSP:\u0000'];

type Edit = (lines: string[], at: number) => void;
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>((lines, at) => void lines.splice(at, 1)),
  fc.constant<Edit>((lines, at) => void lines.splice(at, 0, lines[at] ?? '')),
  fc.constant<Edit>((lines, at) => void lines.splice(at)),
  fc.constantFrom(...strange).map<Edit>((line) => (lines, at) => void lines.splice(at, 0, line)),
  junkText.map<Edit>((text) => (lines, at) => void (lines[at] = `${(lines[at] ?? '').split(':')[0] ?? ''}:${text}`)),
  junkText.map<Edit>((text) => (lines, at) => void (lines[at] = (lines[at] ?? '').replace(/[;=].*?:/, `;${text}:`))),
  fc.constant<Edit>((lines, at) => void (lines[at] = (lines[at] ?? '').split('').join('\r\n '))),
);

export const calendarFiles: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: junkText },
  { weight: 1, arbitrary: fc.constantFrom(...exports_).map((text) => Buffer.from(text, 'utf16le').toString('latin1')) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...exports_), fc.array(fc.tuple(edits, fc.double({ min: 0, max: 0.999, noNaN: true })), { minLength: 1, maxLength: 5 })).map(([text, changes]) => {
      const lines = text.split(/\r?\n/);
      for (const [edit, where] of changes) edit(lines, Math.floor(where * lines.length));
      return lines.join('\r\n');
    }),
  },
);
