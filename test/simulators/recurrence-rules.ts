// Reads RFC 5545 recurrence lines (RRULE, EXRULE, RDATE, EXDATE) strictly; what they mean in time is for recurrence.ts.
import { ianaFromWindows, isZone, wallOf, wallText } from './zones.ts';

/** A line that is no valid recurrence; the message says what is wrong with it. */
export class RecurrenceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecurrenceError';
  }
}

/** A date or time of an RDATE, EXDATE or UNTIL, as written: `wall` is milliseconds as if UTC; no zone = that of the series. */
export interface RuleTime {
  readonly wall: number;
  readonly dateOnly: boolean;
  readonly zone?: string;
}

/** One RRULE or EXRULE: its parts without UNTIL, which is kept apart. */
export interface Rule {
  readonly parts: ReadonlyMap<string, string>;
  readonly until?: RuleTime;
}

export interface SeriesRules {
  readonly rules: readonly Rule[];
  readonly exclusions: readonly Rule[];
  readonly dates: readonly RuleTime[];
  readonly excludedDates: readonly RuleTime[];
}

/** Parses all lines of a series; throws RecurrenceError at the first bad one. */
export function readRules(lines: readonly string[]): SeriesRules {
  const read = { rules: [] as Rule[], exclusions: [] as Rule[], dates: [] as RuleTime[], excludedDates: [] as RuleTime[] };
  for (const line of lines) {
    const { name, parameters, value } = splitLine(line);
    if (name === 'RRULE') read.rules.push(readRule(value));
    else if (name === 'EXRULE') read.exclusions.push(readRule(value));
    else if (name === 'RDATE') read.dates.push(...readTimes(value, parameters));
    else if (name === 'EXDATE') read.excludedDates.push(...readTimes(value, parameters));
    else throw new RecurrenceError(`"${name}" is not RRULE, EXRULE, RDATE or EXDATE`);
  }
  return read;
}

function splitLine(line: string): { name: string; parameters: Map<string, string>; value: string } {
  const match = /^([A-Za-z]+)((?:;[A-Za-z-]+=(?:"[^"]*"|[^";:]*))*):(.*)$/.exec(line.trim());
  if (match === null) throw new RecurrenceError(`"${line}" is not a property line such as RRULE:FREQ=DAILY`);
  const parameters = new Map<string, string>();
  for (const [, key, quoted, plain] of (match[2] ?? '').matchAll(/;([A-Za-z-]+)=(?:"([^"]*)"|([^";:]*))/g)) parameters.set((key ?? '').toUpperCase(), quoted ?? plain ?? '');
  return { name: (match[1] ?? '').toUpperCase(), parameters, value: match[3] ?? '' };
}

const list = (item: string): RegExp => new RegExp(`^(?:${item})(?:,(?:${item}))*$`);
const weekday = 'MO|TU|WE|TH|FR|SA|SU';
const allowed: Readonly<Record<string, RegExp>> = {
  FREQ: /^(?:YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY)$/,
  INTERVAL: /^0*[1-9]\d{0,8}$/,
  COUNT: /^0*[1-9]\d{0,8}$/,
  BYSECOND: list('[0-5]?\\d|60'),
  BYMINUTE: list('[0-5]?\\d'),
  BYHOUR: list('[01]?\\d|2[0-3]'),
  BYDAY: list(`(?:[+-]?(?:0?[1-9]|[1-4]\\d|5[0-3]))?(?:${weekday})`),
  BYMONTHDAY: list('[+-]?(?:0?[1-9]|[12]\\d|3[01])'),
  BYYEARDAY: list('[+-]?(?:36[0-6]|3[0-5]\\d|[12]\\d\\d|0?[1-9]\\d|0{0,2}[1-9])'),
  BYWEEKNO: list('[+-]?(?:0?[1-9]|[1-4]\\d|5[0-3])'),
  BYMONTH: list('0?[1-9]|1[0-2]'),
  BYSETPOS: list('[+-]?(?:36[0-6]|3[0-5]\\d|[12]\\d\\d|0?[1-9]\\d|0{0,2}[1-9])'),
  WKST: new RegExp(`^(?:${weekday})$`),
};

function readRule(value: string): Rule {
  const parts = new Map<string, string>();
  let until: RuleTime | undefined;
  for (const part of value.toUpperCase().replace(/;$/, '').split(';')) {
    const [key = '', given = ''] = part.split('=', 2);
    if (parts.has(key) || (key === 'UNTIL' && until !== undefined)) throw new RecurrenceError(`${key} stands twice in the rule`);
    if (key === 'UNTIL') until = readTime(given, undefined);
    else if (key.startsWith('X-')) continue;
    else if (allowed[key]?.test(given) !== true) throw new RecurrenceError(`"${part}" is not a valid part of a rule`);
    else parts.set(key, given);
  }
  if (!parts.has('FREQ')) throw new RecurrenceError('the rule has no FREQ');
  return { parts, ...(until === undefined ? {} : { until }) };
}

function readTimes(value: string, parameters: ReadonlyMap<string, string>): RuleTime[] {
  const zone = parameters.get('TZID');
  const iana = zone === undefined ? undefined : isZone(zone) ? zone : ianaFromWindows(zone);
  if (zone !== undefined && iana === undefined) throw new RecurrenceError(`"${zone}" is not a known time zone`);
  // A PERIOD gives a duration of its own; its start alone tells the occurrence.
  return value.split(',').map((time) => readTime((time.split('/')[0] ?? '').trim().toUpperCase(), iana));
}

function readTime(text: string, zone: string | undefined): RuleTime {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(text);
  if (match === null) throw new RecurrenceError(`"${text}" is not a date such as 20260301 or 20260301T090000Z`);
  const [, year, month, day, hour, minute, second, utc] = match;
  const iso = `${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second === '60' ? '59' : (second ?? '00')}`;
  const wall = Date.parse(`${iso}Z`);
  // 30 February parses, as 2 March.
  if (Number.isNaN(wall) || wallText(wall) !== iso) throw new RecurrenceError(`"${text}" is a date or time that does not exist`);
  const at = utc === 'Z' ? 'UTC' : zone;
  return { wall: wallOf(iso), dateOnly: hour === undefined, ...(at === undefined || hour === undefined ? {} : { zone: at }) };
}
