// When a series happens: recurrence lines expanded on the wall clock of its zone, then turned into instants.
import { Temporal } from '@js-temporal/polyfill';
import { RRuleTemporal } from 'rrule-temporal';
import { readRules } from './recurrence-rules.ts';
import type { Rule, RuleTime } from './recurrence-rules.ts';
import { instantOfWall, offsetAt, toLocal, wallOf, wallText } from './zones.ts';
import type { LocalStart } from './zones.ts';

export type { LocalStart } from './zones.ts';
export { RecurrenceError } from './recurrence-rules.ts';

export interface Occurrence {
  readonly start: LocalStart;
  /** Milliseconds UTC; of a whole day: UTC midnight of its date. */
  readonly instant: number;
}

export interface Series {
  readonly start: LocalStart;
  /** RFC 5545 property lines: RRULE, EXRULE, RDATE, EXDATE. */
  readonly rules: readonly string[];
}

const day = 86_400_000;
/** Nothing is looked for beyond, so that an endless series ends for an endless question. */
const endOfTime = Date.UTC(9000, 0);

/**
 * Occurrences whose start lies in [from, to), in order, at most `cap`. The wall clock stays across DST: a nonexistent wall time
 * moves forward, an ambiguous one is the first. As most libraries do, a start that its own RRULE does not meet is no occurrence.
 * Throws RecurrenceError for a bad line.
 */
export function occurrences(series: Series, from: number, to: number, cap = 5000): Occurrence[] {
  const { clock, rules, exclusions, dates, excluded } = readSeries(series);
  const found = new Set<number>();
  const take = (instant: number): void => {
    if (instant >= from && instant < to && !excluded(instant)) found.add(instant);
  };
  dates.forEach(take);
  for (const rule of rules) {
    let taken = 0;
    for (const instant of ruleInstants(rule, clock, { from, to })) {
      const before = found.size;
      take(instant);
      taken += found.size - before;
      if (taken >= cap && exclusions.length === 0) break;
    }
  }
  const latest = found.size === 0 ? from : [...found].reduce((a, b) => Math.max(a, b));
  for (const rule of exclusions) for (const instant of ruleInstants(rule, clock, { from, to: latest + 1 })) found.delete(instant);
  return [...found].sort((a, b) => a - b).slice(0, cap).map((instant) => ({ start: clock.local(instant), instant }));
}

/** Whether the series happens at an instant. Its lines are read once, or a file of a thousand exceptions and a thousand moved instances would take minutes. */
export function happening(series: Series): (instant: number) => boolean {
  const { clock, rules, exclusions, dates, excluded } = readSeries(series);
  const meets = (rule: Rule, instant: number): boolean => {
    for (const one of ruleInstants(rule, clock, { from: instant, to: instant + 1 })) if (one === instant) return true;
    return false;
  };
  return (instant) => (dates.has(instant) || rules.some((rule) => meets(rule, instant))) && !excluded(instant) && !exclusions.some((rule) => meets(rule, instant));
}

function readSeries(series: Series) {
  const clock = clockOf(series.start);
  const { rules, exclusions, dates, excludedDates } = readRules(series.rules);
  const instants = new Set([...(rules.length === 0 ? [clock.start] : []), ...dates.map((date) => instantOf(date, clock))]);
  return { clock, rules, exclusions, dates: instants, excluded: exclusion(clock, excludedDates) };
}

/** Whether all lines are valid; throws RecurrenceError for the first that is not. */
export function checkRules(rules: readonly string[]): void {
  readRules(rules);
}

/** The series' own clock: a zone, or UTC for whole days, whose dates then never shift. */
interface SeriesClock {
  readonly zone: string;
  readonly wallStart: number;
  readonly start: number;
  readonly wholeDays: boolean;
  local(instant: number): LocalStart;
}

function clockOf(start: LocalStart): SeriesClock {
  const wholeDays = 'date' in start;
  const zone = wholeDays ? 'UTC' : start.zone;
  const wallStart = wallOf(wholeDays ? start.date : start.dateTime);
  return {
    zone,
    wallStart,
    start: instantOfWall(wallStart, zone),
    wholeDays,
    local: (instant) => (wholeDays ? { date: wallText(instant).slice(0, 10) } : { dateTime: toLocal(instant, zone), zone }),
  };
}

/** A bare date in a timed series stands for that day at the series' time; a time in a series of whole days for its date. */
function instantOf(time: RuleTime, clock: SeriesClock): number {
  if (clock.wholeDays) return Math.floor(time.wall / day) * day;
  return instantOfWall(time.dateOnly ? time.wall + (clock.wallStart % day) : time.wall, time.zone ?? clock.zone);
}

/** A bare EXDATE takes the whole day out, as calendars that write it mean. */
function exclusion(clock: SeriesClock, times: readonly RuleTime[]): (instant: number) => boolean {
  const wholeDay = new Set(times.filter((time) => time.dateOnly).map((time) => time.wall));
  const exact = new Set(times.filter((time) => !time.dateOnly || clock.wholeDays).map((time) => instantOf(time, clock)));
  if (wholeDay.size === 0) return (instant) => exact.has(instant);
  return (instant) => exact.has(instant) || wholeDay.has(Math.floor((instant + offsetAt(instant, clock.zone)) / day) * day);
}

/** The last instant that UNTIL admits. A bare date admits all of that day. */
function lastInstant(until: RuleTime | undefined, clock: SeriesClock): number {
  if (until === undefined) return Infinity;
  return instantOfWall(until.dateOnly ? until.wall + day - 1 : until.wall, until.zone ?? clock.zone);
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Instants of one rule, nearly in order: a superset of those in the bounds, up to a day before and after them. */
function* ruleInstants(rule: Rule, clock: SeriesClock, bounds: Bounds): Generator<number> {
  const last = lastInstant(rule.until, clock);
  const end = Math.min(bounds.to, last, endOfTime) + day;
  if (end < clock.start || bounds.from > end) return;
  const hourly = isSubDaily(rule);
  const compiled = hourly ? inRealTime(rule, clock, bounds.from) : onTheWall(rule, clock);
  let next = nextOf(compiled, Math.max(bounds.from - day, (hourly ? clock.start : clock.wallStart) - 1));
  while (next !== undefined && next <= end) {
    const instant = hourly ? next : instantOfWall(next, clock.zone);
    if (instant <= last) yield instant;
    next = nextOf(compiled, next);
  }
}

const units: Readonly<Record<string, number>> = { HOURLY: 3_600_000, MINUTELY: 60_000, SECONDLY: 1000 };
const isSubDaily = (rule: Rule): boolean => (rule.parts.get('FREQ') ?? '') in units;
const ruleText = (rule: Rule): string => [...rule.parts].map(([key, value]) => `${key}=${value}`).join(';');
/** More steps than any sensible series takes; the library's own 10,000 would refuse a long COUNT. */
const maxIterations = (rule: Rule): number => 10_000 + Number(rule.parts.get('COUNT') ?? 0);

/** Days and longer repeat on the wall clock: expanded as if in UTC, so that no wall time is ever skipped. */
function onTheWall(rule: Rule, clock: SeriesClock): RRuleTemporal {
  const dtstart = Temporal.Instant.fromEpochMilliseconds(clock.wallStart).toZonedDateTimeISO('UTC');
  return new RRuleTemporal({ rruleString: ruleText(rule), dtstart, cache: false, maxIterations: maxIterations(rule) });
}

/** Hours and shorter repeat in real time; without a COUNT the start jumps ahead, or an old series would take minutes. */
function inRealTime(rule: Rule, clock: SeriesClock, from: number): RRuleTemporal {
  const step = (units[rule.parts.get('FREQ') ?? ''] ?? 1) * Number(rule.parts.get('INTERVAL') ?? 1);
  const jumps = rule.parts.has('COUNT') ? 0 : Math.max(0, Math.floor((from - 2 * day - clock.start) / step));
  // Without a BY part the zone does not matter, and UTC is fifty times as fast.
  const zone = [...rule.parts.keys()].some((key) => key.startsWith('BY')) ? clock.zone : 'UTC';
  const dtstart = Temporal.Instant.fromEpochMilliseconds(clock.start + jumps * step).toZonedDateTimeISO(zone);
  return new RRuleTemporal({ rruleString: ruleText(rule), dtstart, cache: false, maxIterations: maxIterations(rule) });
}

function nextOf(rule: RRuleTemporal, after: number): number | undefined {
  try {
    return rule.next(new Date(after))?.epochMilliseconds;
  } catch (error) {
    // How the library says that a rule such as "30 February" never comes.
    if (error instanceof Error && error.message.startsWith('Maximum iterations')) return undefined;
    throw error;
  }
}
