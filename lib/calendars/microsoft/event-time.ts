import { DateTime, IANAZone } from 'luxon';
import { findIana } from 'windows-iana';
import { days, hours, minutes } from '../../platform/clock.ts';
import type { Span } from '../all-day.ts';
import { dateSpan } from '../all-day.ts';
import { positiveRange } from '../blocking.ts';
import { object, text } from '../json.ts';

/**
 * The IANA zone that Graph means: a Windows name, an IANA name, or `tzone://Microsoft/Utc`. Undefined for
 * `tzone://Microsoft/Custom` (a zone that the inviter's calendar made up) and all that is unknown here.
 */
export function ianaZone(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (/^(tzone:\/\/microsoft\/)?utc$/i.test(name)) return 'UTC';
  return findIana(name)[0] ?? (IANAZone.isValidZone(name) ? name : undefined);
}

/** As nearly all come, since we ask for UTC: Luxon takes twenty times as long. Undefined for what is not so plain. */
function utcInstant(local: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?$/.test(local)) return undefined;
  const parsed = new Date(`${local}Z`);
  // Date takes 30 February for 2 March.
  return parsed.getUTCDate() === Number(local.slice(8, 10)) ? parsed.getTime() : undefined;
}

/** A `dateTimeTimeZone`: local time with seven digits of a second and no offset, in a zone named beside it. */
function instant(value: unknown): number | undefined {
  const { dateTime, timeZone } = object(value);
  // Luxon takes any number of fractional digits, but rounds none of them away: cut to milliseconds.
  const local = (text(dateTime) ?? '').replace(/(\.\d{3})\d+/, '$1');
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(local)) return undefined;
  const zone = ianaZone(text(timeZone) ?? 'UTC');
  const plain = zone === 'UTC' ? utcInstant(local) : undefined;
  if (plain !== undefined) return plain;
  const parsed = DateTime.fromISO(local, { zone: zone ?? 'invalid' });
  return parsed.isValid ? parsed.toMillis() : undefined;
}

/** Start and end in UTC as Graph gives them, of all-day events too; undefined where either makes no sense. */
export function readTimes(start: unknown, end: unknown): Span | undefined {
  const [from, to] = [instant(start), instant(end)];
  return from === undefined || to === undefined ? undefined : { start: from, end: to };
}

const dateText = (instantUtc: number): string => new Date(instantUtc).toISOString().slice(0, 10);

/** Midnight UTC of the date that begins nearest to an instant by a zone's clock; by UTC's without a zone. */
function nearestDate(time: number, zone: string | undefined): number {
  const offset = zone === undefined ? 0 : minutes(IANAZone.create(zone).offset(time));
  return Math.floor((time + offset + hours(12)) / days(1)) * days(1);
}

const isMidnight = (time: number, zone: string): boolean => {
  const { hour, minute } = DateTime.fromMillis(time, { zone });
  return hour === 0 && minute === 0;
};

/**
 * What an all-day event covers in its zone (IANA; undefined: unknown). Asked in UTC, Graph gives its midnights shifted by the zone
 * in which it was made (23:00 the day before), or as bare dates at 00:00 whatever the zone: a 00:00 UTC that is no midnight there
 * is a bare date, all else the nearest date.
 */
export function allDaySpan({ start, end }: Span, zoneName: string | undefined): Span {
  const zone = zoneName !== undefined && IANAZone.isValidZone(zoneName) ? zoneName : undefined;
  const bare = start % days(1) === 0 && (zone === undefined || !isMidnight(start, zone));
  const first = bare ? start : nearestDate(start, zone);
  // Days are counted, not taken from the end: across a change of clocks the span is an hour more or less than its days.
  const count = Math.max(1, Math.round((end - start) / days(1)));
  return dateSpan(dateText(first), dateText(first + days(count)), zone) ?? positiveRange(start, end);
}
