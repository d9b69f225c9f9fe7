// `start`, `end` and `recurrence` of a written event, checked as strictly as Google does.
import { checkRules, RecurrenceError } from '../recurrence.ts';
import { instantOfWall, isZone, wallOf, wallText } from '../zones.ts';
import type { EventTime } from './event-record.ts';
import { object, wallOfTime } from './event-record.ts';
import { invalid, required, timeRangeEmpty } from './google-fault.ts';

export interface EventTimes {
  readonly start: EventTime;
  readonly end: EventTime;
  readonly recurrence?: readonly string[];
}

const dateOnly = /^\d{4}-\d{2}-\d{2}$/;
const timestamp = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/i;

/** Whether it is a date of the calendar: 30 February is not. */
const isDate = (text: string): boolean => dateOnly.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && wallText(wallOf(text)).slice(0, 10) === text;

/** An RFC 3339 timestamp with its mandatory offset; undefined for anything else. Milliseconds are ignored. */
export function readTimestamp(text: string): number | undefined {
  const [, date = '', time, offset] = timestamp.exec(text) ?? [];
  if (offset === undefined || !isDate(date)) return undefined;
  const at = Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(at) ? undefined : at;
}

function readZone(value: unknown, which: 'start' | 'end'): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !isZone(value)) throw invalid(`Invalid time zone definition for ${which} time.`);
  return value;
}

function readDateTime(value: unknown, given: string | undefined, context: { which: 'start' | 'end'; calendarZone: string }): EventTime {
  const { which, calendarZone } = context;
  const [, date = '', time, offset] = timestamp.exec(typeof value === 'string' ? value : '') ?? [];
  if (!isDate(date)) throw invalid(`Invalid ${which} time.`);
  if (offset === undefined && given === undefined) throw required(`Missing time zone definition for ${which} time.`);
  const at = offset === undefined ? instantOfWall(wallOf(`${date}T${time}`), given ?? 'UTC') : Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  if (Number.isNaN(at)) throw invalid(`Invalid ${which} time.`);
  return { at, zone: given ?? calendarZone };
}

function readTime(value: unknown, which: 'start' | 'end', calendarZone: string): EventTime {
  const { date, dateTime, timeZone } = object(value);
  const [hasDate, hasTime] = [date !== undefined && date !== null, dateTime !== undefined && dateTime !== null];
  if (!hasDate && !hasTime) throw required(`Missing ${which} time.`);
  if (hasDate && hasTime) throw invalid(`Invalid ${which} time.`);
  const zone = readZone(timeZone, which);
  if (hasTime) return readDateTime(dateTime, zone, { which, calendarZone });
  if (typeof date !== 'string' || !isDate(date)) throw invalid(`Invalid ${which} time.`);
  return { date };
}

function readRecurrence(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((line) => typeof line === 'string')) throw invalid('Invalid recurrence rule.');
  try {
    checkRules(value);
  } catch (error) {
    if (error instanceof RecurrenceError) throw invalid('Invalid recurrence rule.');
    throw error;
  }
  return value.length === 0 ? undefined : value;
}

/** Reads and checks when an event is. A zone must be named by a series, and wherever a time has no offset. */
export function readEventTimes(body: Readonly<Record<string, unknown>>, calendarZone: string): EventTimes {
  const start = readTime(body['start'], 'start', calendarZone);
  const end = readTime(body['end'], 'end', calendarZone);
  if ('date' in start !== 'date' in end) throw invalid('Start and end times must either both be date or both be dateTime.');
  const recurrence = readRecurrence(body['recurrence']);
  const named = typeof object(body['start'])['timeZone'] === 'string';
  if (recurrence !== undefined && !('date' in start) && !named) throw required('Missing time zone definition for start time.');
  // The end of whole days is exclusive, so that one day ends on the next.
  const empty = 'date' in start || 'date' in end ? wallOfTime(end) <= wallOfTime(start) : end.at < start.at;
  if (empty) throw timeRangeEmpty();
  return { start, end, ...(recurrence === undefined ? {} : { recurrence }) };
}
