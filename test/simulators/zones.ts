// Wall clocks and instants, on the Temporal polyfill; independent of any calendar library's own zones.
import { Temporal } from '@js-temporal/polyfill';
import { findIana, findWindows } from 'windows-iana';

/** When something starts: a wall clock in an IANA zone, or a whole day. */
export type LocalStart =
  | { readonly dateTime: string /* 2026-03-01T09:00:00 */; readonly zone: string }
  | { readonly date: string /* 2026-03-01 */ };

/** An instant as milliseconds UTC. A nonexistent wall time moves forward, an ambiguous one is the first; a day begins at midnight in `allDayZone`. */
export function toInstant(local: LocalStart, allDayZone: string): number {
  return 'date' in local ? instantOfWall(wallOf(local.date), allDayZone) : instantOfWall(wallOf(local.dateTime), local.zone);
}

/** The wall clock of a zone at an instant, as 2026-03-01T09:00:00. */
export function toLocal(instant: number, zone: string): string {
  return wallText(instant + offsetAt(instant, zone));
}

/** The IANA zone that CLDR gives for a Windows zone name, as "W. Europe Standard Time"; undefined for an unknown name. */
export function ianaFromWindows(name: string): string | undefined {
  return isUtcName(name) ? 'UTC' : (findIana(name, '001')[0] ?? findIana(name)[0]);
}

/** The Windows name of an IANA zone, aliases included; undefined where CLDR has none. */
export function windowsFromIana(zone: string): string | undefined {
  return isUtcName(zone) ? 'UTC' : findWindows(zone)[0];
}

const isUtcName = (name: string): boolean => ['utc', 'etc/utc', 'coordinated universal time'].includes(name.toLowerCase());

const known = new Map<string, boolean>();
/** IANA's own three-letter names; the engine also takes abbreviations that mean several places, and reads BST as Asia/Dhaka. */
const threeLetters = new Set(['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET']);

/** Whether the running system knows the name as an IANA zone. Bare offsets such as +01:00 are no zones. */
export function isZone(name: string): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const answer = /^[A-Za-z]/.test(name) && (name.length !== 3 || threeLetters.has(name.toUpperCase())) && accepts(name);
  known.set(name, answer);
  return answer;
}

function accepts(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A wall clock as if it were UTC: milliseconds. Takes a date, or a date and time with or without a fraction. */
export function wallOf(text: string): number {
  const wall = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(/(\.\d{3})\d+$/, '$1')}Z`);
  if (Number.isNaN(wall)) throw new RangeError(`not a wall clock time: ${text}`);
  return wall;
}

/** The inverse of wallOf, always with a time. */
export const wallText = (wall: number): string => new Date(wall).toISOString().slice(0, 19);

const day = 86_400_000;

/** The instant of a wall clock (as if UTC) in a zone. */
export function instantOfWall(wall: number, zone: string): number {
  const before = offsetAt(wall - day, zone);
  const after = offsetAt(wall + day, zone);
  if (before === after && offsetAt(wall - before, zone) === before) return wall - before;
  const fits = [wall - before, wall - after].filter((instant) => instant + offsetAt(instant, zone) === wall);
  // In a gap neither fits: reading the wall clock with the offset before the gap moves it forward.
  return fits.length === 0 ? wall - before : Math.min(...fits);
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

const spans = new Map<string, Span[]>();

/** The zone's offset from UTC in milliseconds. Asking Temporal costs 0.1 ms, so each span between two transitions is asked for once. */
export function offsetAt(instant: number, zone: string): number {
  let known = spans.get(zone);
  if (known === undefined) spans.set(zone, (known = []));
  const hit = known.find((span) => span.from <= instant && instant < span.to);
  if (hit !== undefined) return hit.offset;
  const span = spanAround(instant, zone);
  known.unshift(span);
  return span.offset;
}

/** The same, asked anew each time: for many zones at one instant. */
export function plainOffset(instant: number, zone: string): number {
  return Math.round(Temporal.Instant.fromEpochMilliseconds(Math.floor(instant)).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6);
}

function spanAround(instant: number, zone: string): Span {
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(instant)).toZonedDateTimeISO(zone);
  const next = at.getTimeZoneTransition('next');
  const last = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  return {
    from: last === null ? -Infinity : last.epochMilliseconds,
    to: next === null ? Infinity : next.epochMilliseconds,
    offset: Math.round(at.offsetNanoseconds / 1e6),
  };
}
