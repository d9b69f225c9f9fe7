// Which IANA zone a TZID of an export means: by its name, or else by comparing its VTIMEZONE with the zones that exist.
import { WINDOWS_TO_IANA_MAP } from 'windows-iana';
import { IcsError } from './ics-lines.ts';
import type { Component } from './ics-lines.ts';
import { rawValue, single, textOf, timesOf } from './ics-values.ts';
import { occurrences, RecurrenceError } from './recurrence.ts';
import { ianaFromWindows, isZone, offsetAt, plainOffset, wallOf } from './zones.ts';

/** Resolves a TZID used on a line; throws IcsError for one that cannot be told. */
export type ResolveZone = (tzid: string, line: number) => string;

/** The resolver for one VCALENDAR. `likely` zones are compared first, where several have the same rules. */
export function zonesOf(calendar: Component, likely: readonly string[]): ResolveZone {
  const defined = new Map(calendar.components.filter((part) => part.name === 'VTIMEZONE').map((part) => [textOf(part, 'TZID') ?? '', part]));
  const resolved = new Map<string, string>();
  return (tzid, line) => {
    const seen = resolved.get(tzid);
    if (seen !== undefined) return seen;
    const definition = defined.get(tzid);
    const zone = byName(tzid) ?? (definition === undefined ? undefined : byDefinition(definition, { calendar, likely })) ?? byLooseName(tzid);
    if (zone === undefined) throw new IcsError(line, `The time zone "${tzid}" is unknown and no VTIMEZONE in the file tells its rules: choose a named zone in the calendar and export again.`);
    resolved.set(tzid, zone);
    return zone;
  };
}

/** A zone by an IANA name with a slash, also behind a vendor's prefix (/mozilla.org/20050126_1/Europe/Berlin), or by its Windows name. */
function byName(tzid: string): string | undefined {
  if (/^(?:etc\/|tzone:\/\/microsoft\/)?utc$/i.test(tzid)) return 'UTC';
  const segments = tzid.split('/');
  const suffixes = [segments.join('/'), segments.slice(-3).join('/'), segments.slice(-2).join('/')];
  return suffixes.find((name) => name.includes('/') && isZone(name)) ?? ianaFromWindows(tzid);
}

/** Bare names as CET, and Outlook's numbered "W. Europe Standard Time 1": only where no VTIMEZONE says more. */
function byLooseName(tzid: string): string | undefined {
  return isZone(tzid) ? tzid : ianaFromWindows(tzid.replace(/ \d+$/, ''));
}

const hour = 3_600_000;
const week = 7 * 24 * hour;

function byDefinition(definition: Component, context: { calendar: Component; likely: readonly string[] }): string | undefined {
  const location = textOf(definition, 'X-LIC-LOCATION');
  if (location !== undefined && isZone(location)) return location;
  const span = yearsInUse(context.calendar);
  const changes = changesOf(definition, span);
  const [first] = changes;
  if (first === undefined) return undefined;
  const instants = [...changes.slice(1).flatMap(({ at }) => [at - 1000, at])].filter((at) => at >= span.from && at < span.to);
  for (let at = span.from; at < span.to; at += week) instants.push(at);
  instants.sort((a, b) => a - b);
  const wanted = instants.map((at) => [at, (changes.findLast((change) => change.at <= at) ?? first).offset] as const);
  const offset = wanted[0]?.[1] ?? first.offset;
  if (wanted.every((entry) => entry[1] === offset) && offset % hour === 0 && offset >= -12 * hour && offset <= 14 * hour) return fixedZone(offset / hour);
  // Looking up transitions of four hundred zones takes seconds; one plain offset each rules out nearly all.
  const fits = (zone: string): boolean => plainOffset(span.from, zone) === offset && wanted.every(([at, expected]) => offsetAt(at, zone) === expected);
  return candidates(context.likely).find((zone) => isZone(zone) && fits(zone));
}

/** Etc zones carry the opposite sign: Etc/GMT-1 is an hour ahead. */
const fixedZone = (hours: number): string => (hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`);

function candidates(likely: readonly string[]): string[] {
  const main = WINDOWS_TO_IANA_MAP.filter((entry) => entry.territory === '001').flatMap((entry) => entry.iana);
  return [...new Set([...likely, ...main, ...Intl.supportedValuesOf('timeZone')])];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Rules are compared over three years around the newest event: exports often carry the rules of today only. */
function yearsInUse(calendar: Component): Span {
  let newest = 1970;
  for (const event of calendar.components) {
    if (event.name !== 'VEVENT') continue;
    for (const line of event.lines) if (line.name === 'DTSTART') newest = Math.max(newest, Math.min(2100, Number(/^\d{4}/.exec(rawValue(line))?.[0] ?? 0)));
  }
  return { from: Date.UTC(newest - 1, 0), to: Date.UTC(newest + 2, 0) };
}

interface Change {
  readonly at: number;
  readonly offset: number;
}

/** The offsets of a VTIMEZONE: what holds at the start of the span, then each change within it. */
function changesOf(definition: Component, span: Span): Change[] {
  return definition.components.flatMap((part) => onsets(part, span)).sort((a, b) => a.at - b.at);
}

function onsets(part: Component, span: Span): Change[] {
  const [start] = [single(part, 'DTSTART')].flatMap((found) => (found === undefined ? [] : timesOf(found)));
  const from = offsetOf(part, 'TZOFFSETFROM');
  const to = offsetOf(part, 'TZOFFSETTO');
  if (start === undefined) throw new IcsError(part.line, `The ${part.name} that begins here has no DTSTART: export the file again.`);
  const rules = part.lines.filter((line) => line.name === 'RRULE' || line.name === 'RDATE').map((line) => ({ line, text: untilOnTheWall(line.text, from) }));
  const dateTime = start.dateOnly ? `${start.text}T00:00:00` : start.text;
  try {
    const lines = rules.map((rule) => rule.text);
    const series = occurrences({ start: { dateTime, zone: 'UTC' }, rules: lines }, wallOf(dateTime), span.to, 5000);
    return series.map(({ instant }) => ({ at: instant - from, offset: to }));
  } catch (error) {
    if (!(error instanceof RecurrenceError)) throw error;
    throw new IcsError(rules[0]?.line.line ?? part.line, `${error.message}: export the file again.`);
  }
}

/** Onsets are walked on the wall clock, as if in UTC; so their UNTIL must move there too, or the last one east of Greenwich is lost. */
function untilOnTheWall(rule: string, offset: number): string {
  return rule.replace(/UNTIL=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/i, (whole: string, ...digits: string[]) => {
    const [year, month, day, hours, minutes, seconds] = digits.map(Number);
    const wall = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hours, minutes, seconds) + offset;
    return Number.isNaN(wall) ? whole : `UNTIL=${new Date(wall).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  });
}

function offsetOf(part: Component, name: string): number {
  const line = part.lines.find((candidate) => candidate.name === name);
  const match = /^([+-])(\d\d):?(\d\d):?(\d\d)?$/.exec(line === undefined ? '' : rawValue(line));
  if (match === null) throw new IcsError(line?.line ?? part.line, `${name} is missing or is not an offset such as +0100: export the file again.`);
  const [, sign, hours, minutes, seconds] = match;
  return (sign === '-' ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0));
}
