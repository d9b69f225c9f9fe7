import { IANAZone } from 'luxon';
import { days, hours, minutes } from '../platform/clock.ts';

/** Milliseconds, half-open. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `2026-03-29` as the instant at which that date begins in UTC; undefined for what is no such date. */
function utcDate(date: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const instant = Date.parse(`${date}T00:00:00Z`);
  // Date.parse rolls 2026-02-30 over into March.
  return Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== date ? undefined : instant;
}

/**
 * The first instant of a date in a zone. Not every day begins at 00:00 (São Paulo and Beirut spring forward at midnight), in some it
 * strikes twice (Havana), and Apia had no 30 December 2011: so look for the first instant at which the local clock has reached the date.
 */
function startOfDay(midnightUtc: number, zone: IANAZone): number {
  const offset = (instant: number): number => minutes(zone.offset(instant));
  let before = midnightUtc - days(1);
  let after = midnightUtc + days(1);
  if (offset(before) === offset(after)) return midnightUtc - offset(before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (middle + offset(middle) >= midnightUtc) after = middle;
    else before = middle;
  }
  return after;
}

/**
 * The instants that an all-day event covers: from the start of its first date to the start of the date after its last, in `zone`
 * (IANA). Without a zone, or with one unknown here, the whole of UTC−12…+14. An end not after its start covers the start's day.
 * Undefined where either is no date `yyyy-mm-dd`.
 */
export function dateSpan(startDate: string, endDateExclusive: string, zone: string | undefined): Span | undefined {
  const first = utcDate(startDate);
  const last = utcDate(endDateExclusive);
  if (first === undefined || last === undefined) return undefined;
  const until = last > first ? last : first + days(1);
  const iana = zone === undefined ? undefined : IANAZone.create(zone);
  if (iana === undefined || !iana.isValid) return { start: first - hours(14), end: until + hours(12) };
  const start = startOfDay(first, iana);
  return { start, end: Math.max(startOfDay(until, iana), start + 1) };
}
