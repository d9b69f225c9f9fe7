// Graph's patternedRecurrence and RFC 5545 lines, each out of the other.
import { badRequest } from './graph-failure.ts';

export interface Pattern {
  readonly type: string;
  readonly interval: number;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysOfWeek?: readonly string[];
  readonly firstDayOfWeek: string;
  readonly index: string;
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const short = (day: string): string => day.slice(0, 2).toUpperCase();
const long = (code: string): string => weekdays.find((day) => short(day) === code) ?? 'monday';
const indexes = ['first', 'second', 'third', 'fourth', 'last'];
const refuse = (what: string): never => {
  throw badRequest(`At least one property failed validation: ${what}`, 'ErrorPropertyValidationFailure');
};

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** RRULE lines of Graph's JSON; throws GraphFailure where Graph refuses it. `startDate` is that of the event. */
export function rulesOf(recurrence: unknown, startDate: string): string[] {
  if (!isJson(recurrence) || !isJson(recurrence['pattern']) || !isJson(recurrence['range'])) return refuse('recurrence needs a pattern and a range.');
  const parts = [...patternParts(recurrence['pattern']), ...rangeParts(recurrence['range'], startDate)];
  return [`RRULE:${parts.join(';')}`];
}

function patternParts(pattern: Json): string[] {
  const interval = positive(pattern['interval'], 'interval');
  const parts = (freq: string, ...more: string[]): string[] => [`FREQ=${freq}`, `INTERVAL=${interval}`, ...more];
  const month = (): string => `BYMONTH=${positive(pattern['month'], 'month')}`;
  switch (pattern['type']) {
    case 'daily':
      return parts('DAILY');
    case 'weekly':
      return parts('WEEKLY', `BYDAY=${days(pattern)}`, `WKST=${short(dayName(pattern['firstDayOfWeek'] ?? 'sunday'))}`);
    case 'absoluteMonthly':
      return parts('MONTHLY', ...dayOfMonth(pattern));
    case 'relativeMonthly':
      return parts('MONTHLY', `BYDAY=${days(pattern)}`, `BYSETPOS=${position(pattern)}`);
    case 'absoluteYearly':
      return parts('YEARLY', month(), ...dayOfMonth(pattern));
    case 'relativeYearly':
      return parts('YEARLY', month(), `BYDAY=${days(pattern)}`, `BYSETPOS=${position(pattern)}`);
    default:
      return refuse('pattern.type is unknown.');
  }
}

/** Outlook moves the 31st to the last day of a shorter month; an RRULE would skip it. */
function dayOfMonth(pattern: Json): string[] {
  const day = positive(pattern['dayOfMonth'], 'dayOfMonth');
  if (day > 31) return refuse('dayOfMonth is over 31.');
  if (day <= 28) return [`BYMONTHDAY=${day}`];
  return [`BYMONTHDAY=${[28, 29, 30, 31].filter((each) => each <= day).join(',')}`, 'BYSETPOS=-1'];
}

function rangeParts(range: Json, startDate: string): string[] {
  if (range['startDate'] !== startDate) return refuse('recurrence.range.startDate must be the date of start.');
  if (range['type'] === 'noEnd') return [];
  if (range['type'] === 'numbered') return [`COUNT=${positive(range['numberOfOccurrences'], 'numberOfOccurrences')}`];
  const end = range['endDate'];
  if (range['type'] !== 'endDate' || typeof end !== 'string' || !/^\d{4}-\d\d-\d\d$/u.test(end) || end < startDate) return refuse('recurrence.range has no valid end.');
  return [`UNTIL=${end.replaceAll('-', '')}`];
}

const positive = (value: unknown, name: string): number => (typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : refuse(`${name} is not a positive integer.`));
const dayName = (value: unknown): string => (typeof value === 'string' && weekdays.includes(value.toLowerCase()) ? value.toLowerCase() : refuse('an unknown day of the week.'));
const position = (pattern: Json): number => [1, 2, 3, 4, -1][indexes.indexOf(String(pattern['index'] ?? 'first'))] ?? refuse('pattern.index is unknown.');

function days(pattern: Json): string {
  const given = pattern['daysOfWeek'];
  if (!Array.isArray(given) || given.length === 0) return refuse('daysOfWeek is empty.');
  return given.map((day) => short(dayName(day))).join(',');
}

/** Graph's JSON of imported lines, as near as its patterns come: the lines themselves stay what the series is expanded by. */
export function recurrenceOf(rules: readonly string[], startDate: string, zoneName: string): object {
  const line = rules.find((each) => each.startsWith('RRULE')) ?? '';
  const parts = new Map(line.slice(line.indexOf(':') + 1).split(';').map((part) => part.split('=', 2) as [string, string]));
  const until = parts.get('UNTIL');
  const count = Number(parts.get('COUNT') ?? 0);
  return {
    pattern: patternOf(parts, startDate),
    range: {
      type: until === undefined ? (count > 0 ? 'numbered' : 'noEnd') : 'endDate',
      startDate,
      endDate: until === undefined ? '0001-01-01' : `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}`,
      recurrenceTimeZone: zoneName,
      numberOfOccurrences: count,
    },
  };
}

function patternOf(parts: ReadonlyMap<string, string>, startDate: string): Pattern {
  const [, month = 1, day = 1] = startDate.split('-').map(Number);
  const byDay = (parts.get('BYDAY') ?? '').split(',').filter((part) => part !== '');
  const nth = Number(parts.get('BYSETPOS') ?? byDay[0]?.slice(0, -2) ?? 0);
  const monthly = parts.get('FREQ') === 'MONTHLY' ? 'Monthly' : 'Yearly';
  const relative = byDay.length > 0;
  const types: Readonly<Record<string, string>> = { DAILY: 'daily', WEEKLY: 'weekly' };
  const type = types[parts.get('FREQ') ?? ''] ?? (['MONTHLY', 'YEARLY'].includes(parts.get('FREQ') ?? '') ? `${relative ? 'relative' : 'absolute'}${monthly}` : 'daily');
  const weekly = type === 'weekly' && !relative ? [weekdays[new Date(`${startDate}T00:00:00Z`).getUTCDay()] ?? 'monday'] : byDay.map((part) => long(part.slice(-2)));
  const absolute = type.startsWith('absolute');
  return {
    type,
    interval: Number(parts.get('INTERVAL') ?? 1),
    month: type.endsWith('Yearly') ? Number(parts.get('BYMONTH') ?? month) : 0,
    dayOfMonth: absolute ? Number(parts.get('BYMONTHDAY')?.split(',').at(-1) ?? day) : 0,
    ...(weekly.length > 0 && !absolute ? { daysOfWeek: weekly } : {}),
    firstDayOfWeek: long(parts.get('WKST') ?? 'SU'),
    index: (nth < 0 ? 'last' : indexes[nth - 1]) ?? 'first',
  };
}
