// Values of single properties, parsed by ical.js and then checked, since it lets 30 February and words pass as dates.
import ICAL from 'ical.js';
import { IcsError } from './ics-lines.ts';
import type { Component, ContentLine } from './ics-lines.ts';
import { wallText } from './zones.ts';

/** A property: its parameters in lower case, its values as jCal has them. */
export interface Property {
  readonly line: number;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  readonly type: string;
  readonly values: readonly unknown[];
}

/** A date or date and time as written. No `tzid` and not `utc` = floating. */
export interface IcsTime {
  readonly line: number;
  readonly dateOnly: boolean;
  /** 2026-03-01 or 2026-03-01T09:00:00 */
  readonly text: string;
  readonly utc: boolean;
  readonly tzid?: string;
}

/** All properties of a name. Only what is asked for is parsed, as long descriptions need not be. */
export function properties(component: Component, name: string): Property[] {
  return component.lines.filter((line) => line.name === name).map(property);
}

/** The property of a name; throws IcsError if it stands there twice. */
export function single(component: Component, name: string): Property | undefined {
  const [first, second] = component.lines.filter((line) => line.name === name);
  if (second !== undefined) throw new IcsError(second.line, `${name} stands twice in one ${component.name}: remove one of them, or export again.`);
  return first === undefined ? undefined : property(first);
}

/** The text of the first property of a name. */
export function textOf(component: Component, name: string): string | undefined {
  const line = component.lines.find((candidate) => candidate.name === name);
  const value = line === undefined ? undefined : property(line).values[0];
  return typeof value === 'string' ? value : undefined;
}

/** What follows the colon, untouched: for values whose own reader is stricter than ical.js. */
export function rawValue(line: ContentLine): string {
  return line.text.slice(line.text.indexOf(':') + 1).trim();
}

function property(line: ContentLine): Property {
  try {
    const [, parameters, type, ...values] = ICAL.parse.property(line.text) as [string, Property['parameters'], string, ...unknown[]];
    return { line: line.line, name: line.name, parameters, type, values };
  } catch (error) {
    throw new IcsError(line.line, `${line.name} cannot be parsed (${firstWords(error)}): correct the line, or export again.`);
  }
}

const firstWords = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split(/["']/, 1)[0]?.trim() ?? '';

/** The times of a DTSTART, RECURRENCE-ID, EXDATE, RDATE…; of a period, its start. */
export function timesOf(from: Property): IcsTime[] {
  return from.values.map((value) => timeOf(Array.isArray(value) ? value[0] : value, from));
}

/** One value of a property as a time; throws IcsError where it is none. */
export function timeOf(value: unknown, from: Property): IcsTime {
  const text = typeof value === 'string' ? value : '';
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d):(\d\d)(Z?))?$/.exec(text);
  const [, date, time, second, utc] = match ?? [];
  const written = time === undefined ? `${date}T00:00:00` : `${date}T${time}:${second === '60' ? '59' : second}`;
  const wall = Date.parse(`${written}Z`);
  // 30 February parses, as 2 March.
  if (match === null || Number.isNaN(wall) || wallText(wall) !== written) {
    throw new IcsError(from.line, `${from.name} is not a date that exists, such as 20260301 or 20260301T090000Z: correct it, or remove the event.`);
  }
  const tzid = from.parameters['tzid'];
  const zoned = time !== undefined && utc !== 'Z' && typeof tzid === 'string' && tzid !== '';
  return { line: from.line, dateOnly: time === undefined, text: time === undefined ? (date ?? '') : written, utc: utc === 'Z', ...(zoned ? { tzid } : {}) };
}

/** Days are nominal and follow the wall clock; the rest is exact time. Both in milliseconds. */
export interface IcsDuration {
  readonly days: number;
  readonly exact: number;
}

/** A DURATION or the second half of a period. */
export function durationOf(value: unknown, from: Property): IcsDuration {
  const match = /^([+-]?)P(?=\d|T\d)(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,11})S)?)?$/i.exec(typeof value === 'string' ? value : '');
  if (match === null) throw new IcsError(from.line, `${from.name} is not a duration such as PT1H30M or P2D: correct it, or remove the event.`);
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((part) => Number(part ?? 0));
  const sign = match[1] === '-' ? -1 : 1;
  return { days: sign * (weeks * 7 + days) * 86_400_000, exact: sign * (hours * 3600 + minutes * 60 + seconds) * 1000 };
}
