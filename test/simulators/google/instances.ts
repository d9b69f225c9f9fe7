// Instances of a series, by id `<master>_<original start in UTC>`; made up on demand, kept only as exceptions.
import { occurrences } from '../recurrence.ts';
import type { LocalStart, Occurrence, Series } from '../recurrence.ts';
import { instantOfWall, offsetAt, toLocal, wallText } from '../zones.ts';
import type { EventRecord, EventTime } from './event-record.ts';
import { instanceSuffix, isSeries, wallOfTime } from './event-record.ts';

const day = 86_400_000;
/** More than an hourly series has in five years. */
const cap = 50_000;

/** The recurrence of a master as the expander takes it. */
export const seriesOf = (master: EventRecord): Series => ({ start: localStart(master.start), rules: master.recurrence ?? [] });

const localStart = (time: EventTime): LocalStart =>
  'date' in time ? { date: time.date } : { dateTime: toLocal(time.at, time.zone), zone: time.zone };

/** The length on the wall clock: an event from 22:00 to 06:00 ends at 06:00 also in the night when the clocks change. */
const wallLength = (master: EventRecord): number =>
  'date' in master.start || 'date' in master.end ? wallOfTime(master.end) - wallOfTime(master.start) : master.end.at + offsetAt(master.end.at, master.start.zone) - wallOfTime(master.start);

function instanceOf(master: EventRecord, { instant }: Occurrence, length: number): EventRecord {
  const { recurrence: _, ...rest } = master;
  const original: EventTime = 'date' in master.start ? { date: wallText(instant).slice(0, 10) } : { at: instant, zone: master.start.zone };
  return { ...rest, id: `${master.id}_${instanceSuffix(original)}`, recurringEventId: master.id, originalStart: original, start: original, end: endOf(original, length, master.end) };
}

function endOf(start: EventTime, length: number, masterEnd: EventTime): EventTime {
  if ('date' in start) return { date: wallText(wallOfTime(start) + length).slice(0, 10) };
  const end = instantOfWall(wallOfTime(start) + length, start.zone);
  return { at: Math.max(start.at, end), zone: 'date' in masterEnd ? start.zone : masterEnd.zone };
}

const kept = new WeakMap<EventRecord, { from: number; to: number; instances: readonly EventRecord[] }>();

/**
 * Instances that may touch [from, to): a superset, a few days wider, to be filtered by the caller. Kept per version of the master,
 * since every list and delta asks for nearly the same span.
 */
export function instancesAround(master: EventRecord, from: number, to: number): readonly EventRecord[] {
  if (!isSeries(master)) return [];
  const length = wallLength(master);
  const first = Math.floor((from - length) / day) * day - 2 * day;
  const last = Math.ceil(to / day) * day + 2 * day;
  const hit = kept.get(master);
  if (hit?.from === first && hit.to === last) return hit.instances;
  const instances = occurrences(seriesOf(master), first, last, cap).map((occurrence) => instanceOf(master, occurrence, length));
  kept.set(master, { from: first, to: last, instances });
  return instances;
}

/** Every instance of a series from its first to `to`. */
export const instancesUntil = (master: EventRecord, to: number): readonly EventRecord[] => {
  const first = Math.min(startOfRules(master), to);
  return instancesAround(master, first, to);
};

/** RDATE may lie before the start: a year is enough for what people write. */
const startOfRules = (master: EventRecord): number => ('date' in master.start ? wallOfTime(master.start) : master.start.at) - 366 * day;

/** The master's id and the original start named by an instance id; undefined for any other id. */
export function readInstanceId(id: string): { masterId: string; suffix: string } | undefined {
  const match = /^(.+)_(\d{8}(?:T\d{6}Z)?)$/.exec(id);
  return match === null ? undefined : { masterId: match[1] ?? '', suffix: match[2] ?? '' };
}

/** The instance of a master with this original start; undefined where the rules give none. */
export function instanceAt(master: EventRecord, suffix: string): EventRecord | undefined {
  const [, year, month, date, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(suffix) ?? [];
  if (!isSeries(master) || (hour === undefined) !== 'date' in master.start) return undefined;
  const instant = Date.parse(`${year}-${month}-${date}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}Z`);
  if (Number.isNaN(instant)) return undefined;
  const [found] = occurrences(seriesOf(master), instant, instant + 1, 1);
  return found === undefined ? undefined : instanceOf(master, found, wallLength(master));
}
