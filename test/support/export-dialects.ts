// How each calendar program writes its exports, apart from the times.
import type { PlannedEvent } from './planned-events.ts';

export type DialectName = 'google' | 'outlook' | 'apple';

export interface Dialect {
  readonly header: readonly string[];
  readonly zones: readonly string[];
  readonly footer: readonly string[];
  readonly foldWith: ' ' | '\t';
  /** The TZID, as it stands after the equals sign. */
  tzid(zone: string, n: number): string;
  /** Status, visibility and the vendor's own lines. */
  facts(event: PlannedEvent, cancelledInstance: boolean): string[];
}

/** A change of the clock, on the nth Sunday of a month (-1 = the last), at that hour of the clock before. */
interface Observance {
  readonly month: number;
  readonly nth: number;
  readonly hour: string;
}
interface ZoneRules {
  readonly standardOffset: string;
  readonly daylightOffset: string;
  readonly toDaylight?: Observance;
  readonly toStandard?: Observance;
}

/** The rules of today, which is all that exports carry. */
const rules: Readonly<Record<string, ZoneRules>> = {
  'Europe/Berlin': { standardOffset: '+0100', daylightOffset: '+0200', toDaylight: { month: 3, nth: -1, hour: '02' }, toStandard: { month: 10, nth: -1, hour: '03' } },
  'America/New_York': { standardOffset: '-0500', daylightOffset: '-0400', toDaylight: { month: 3, nth: 2, hour: '02' }, toStandard: { month: 11, nth: 1, hour: '02' } },
  'Australia/Lord_Howe': { standardOffset: '+1030', daylightOffset: '+1100', toDaylight: { month: 10, nth: 1, hour: '02' }, toStandard: { month: 4, nth: 1, hour: '02' } },
  'Asia/Kolkata': { standardOffset: '+0530', daylightOffset: '+0530' },
};

/** `year` is where the rules begin: 1970 for most programs, 1601 for Outlook. */
function vtimezone(zone: { tzid: string; iana: string; year: number }, ...extra: readonly string[]): string[] {
  const known = rules[zone.iana];
  if (known === undefined) throw new RangeError(`no rules written down for ${zone.iana}`);
  const { standardOffset, daylightOffset } = known;
  const daylight = known.toDaylight === undefined ? [] : observance('DAYLIGHT', [standardOffset, daylightOffset], { ...known.toDaylight, year: zone.year });
  const standard = observance('STANDARD', [daylightOffset, standardOffset], { ...known.toStandard, year: zone.year });
  return ['BEGIN:VTIMEZONE', `TZID:${zone.tzid}`, ...extra, ...daylight, ...standard, 'END:VTIMEZONE'];
}

function observance(name: string, [from, to]: readonly [string, string], change: Partial<Observance> & { readonly year: number }): string[] {
  const { month, nth, hour, year } = change;
  const begins = month === undefined || nth === undefined ? `${year}0101T000000` : `${year}${twoDigits(month)}${twoDigits(sundayOf(year, month, nth))}T${hour}0000`;
  const rule = month === undefined ? [] : [`RRULE:FREQ=YEARLY;BYDAY=${nth}SU;BYMONTH=${month}`];
  return [`BEGIN:${name}`, `TZOFFSETFROM:${from}`, `TZOFFSETTO:${to}`, `DTSTART:${begins}`, ...rule, `END:${name}`];
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function sundayOf(year: number, month: number, nth: number): number {
  const last = new Date(Date.UTC(year, month, 0));
  if (nth < 0) return last.getUTCDate() - last.getUTCDay();
  const first = new Date(Date.UTC(year, month - 1, 1));
  return 1 + ((7 - first.getUTCDay()) % 7) + (nth - 1) * 7;
}

const windows: Readonly<Record<string, string>> = {
  'Europe/Berlin': 'W. Europe Standard Time',
  'America/New_York': 'Eastern Standard Time',
  'Australia/Lord_Howe': 'Lord Howe Standard Time',
  'Asia/Kolkata': 'India Standard Time',
};

const status = (event: PlannedEvent, cancelledInstance: boolean): string =>
  `STATUS:${event.cancelled || cancelledInstance ? 'CANCELLED' : event.shows === 'tentative' ? 'TENTATIVE' : 'CONFIRMED'}`;
const transparency = (event: PlannedEvent): string => `TRANSP:${event.shows === 'free' ? 'TRANSPARENT' : 'OPAQUE'}`;
const alarm = (trigger: string, ...more: string[]): string[] => ['BEGIN:VALARM', ...more, 'ACTION:DISPLAY', 'DESCRIPTION:Reminder', `TRIGGER:${trigger}`, 'END:VALARM'];

const google: Dialect = {
  header: ['PRODID:-//Google Inc//Google Calendar 70.9054//EN', 'VERSION:2.0', 'CALSCALE:GREGORIAN', 'METHOD:PUBLISH', 'X-WR-CALNAME:pat@example.com', 'X-WR-TIMEZONE:Europe/Berlin'],
  zones: Object.keys(rules).flatMap((zone) => vtimezone({ tzid: zone, iana: zone, year: 1970 }, `X-LIC-LOCATION:${zone}`)),
  footer: [],
  foldWith: ' ',
  tzid: (zone) => zone,
  facts: (event, cancelledInstance) => [
    ...(event.declined ? ['ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=pat@example.com;X-NUM-GUESTS=0:mailto:pat@example.com'] : []),
    'CREATED:20250110T090000Z',
    'DESCRIPTION:<p>Room booked\\, see you there</p>\\n\\nJoin: https://meet.example.com/abc-defg-hij\\nOr dial: +49 30 1234 PIN: 567#',
    'LAST-MODIFIED:20260610T120000Z',
    'LOCATION:',
    status(event, cancelledInstance),
    transparency(event),
    ...(event.n % 5 === 0 ? ['X-GOOGLE-CONFERENCE:https://meet.example.com/abc-defg-hij', ...alarm('-P0DT0H10M0S')] : []),
  ],
};

const outlookBusy = { busy: 'BUSY', free: 'FREE', tentative: 'TENTATIVE', oof: 'OOF', workingElsewhere: 'WORKINGELSEWHERE' } as const;

const outlook: Dialect = {
  header: ['PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN', 'VERSION:2.0', 'METHOD:PUBLISH', 'X-CALSTART:20250701T000000Z', 'X-WR-RELCALID:{0000002E-7C1A-4D0F-9B1E-000000000001}', 'X-WR-CALNAME:Kalender', 'X-MS-OLK-FORCEINSPECTOROPEN:TRUE'],
  zones: [
    ...Object.entries(windows).flatMap(([zone, name]) => vtimezone({ tzid: name, iana: zone, year: 1601 })),
    ...vtimezone({ tzid: 'Customized Time Zone', iana: 'Europe/Berlin', year: 1601 }),
  ],
  footer: [],
  foldWith: '\t',
  tzid: (zone, n) => (zone === 'Europe/Berlin' && n % 4 === 0 ? '"Customized Time Zone"' : `"${windows[zone] ?? zone}"`),
  facts: (event, cancelledInstance) => [
    'CLASS:PUBLIC',
    'PRIORITY:5',
    status(event, cancelledInstance),
    transparency(event),
    `X-ALT-DESC;FMTTYPE=text/html:<html><body>${'<p>Please read before we meet; it takes ten minutes.</p>'.repeat(1 + (event.n % 3))}</body></html>`,
    `X-MICROSOFT-CDO-BUSYSTATUS:${outlookBusy[event.shows]}`,
    'X-MICROSOFT-CDO-IMPORTANCE:1',
    'X-MICROSOFT-DISALLOW-COUNTER:FALSE',
    ...(event.allDay ? ['X-MICROSOFT-CDO-ALLDAYEVENT:TRUE'] : []),
    ...alarm('-PT15M'),
  ],
};

const apple: Dialect = {
  header: ['CALSCALE:GREGORIAN', 'PRODID:-//Apple Inc.//macOS 14.5//EN', 'VERSION:2.0', 'X-APPLE-CALENDAR-COLOR:#1BADF8', 'X-WR-CALNAME:Privat', 'X-WR-TIMEZONE:Europe/Berlin'],
  zones: Object.keys(rules).flatMap((zone) => vtimezone({ tzid: zone, iana: zone, year: 1970 })),
  footer: ['BEGIN:VTODO', 'UID:todo-1@example.com', 'DTSTAMP:20260101T000000Z', 'SUMMARY:Buy stamps', 'DUE;VALUE=DATE:20260301', 'END:VTODO'],
  foldWith: ' ',
  tzid: (zone) => zone,
  facts: (event, cancelledInstance) => [
    'CREATED:20250110T090000Z',
    status(event, cancelledInstance),
    transparency(event),
    'X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC',
    ...(event.n % 4 === 0 ? ['X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-RADIUS=70;X-TITLE="Hauptstraße 1, Berlin":geo:52.520008,13.404954'] : []),
    ...alarm('-PT30M', 'X-WR-ALARMUID:5A1D9F3E-0000-4000-8000-000000000001', 'UID:5A1D9F3E-0000-4000-8000-000000000001'),
  ],
};

export const dialects: Readonly<Record<DialectName, Dialect>> = { google, outlook, apple };
