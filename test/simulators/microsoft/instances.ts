// What a series has in a stretch of time: its occurrences and its exceptions.
import { occurrences } from '../recurrence.ts';
import { toInstant, toLocal, wallOf, wallText } from '../zones.ts';
import type { SimEvent, Slot, View, ZonedWall } from './event-model.ts';
import { viewOf } from './event-model.ts';

/** Milliseconds, half-open. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export const instantOf = (time: ZonedWall): number => toInstant({ dateTime: time.wall, zone: time.zone }, time.zone);

/** Overlap decides; what has no length counts where it starts. */
export function within(slot: Slot, stretch: Stretch): boolean {
  const start = instantOf(slot.start);
  const end = instantOf(slot.end);
  return start < stretch.to && (end > stretch.from || (end <= start && start >= stretch.from));
}

/** Whether a series can happen twice a day, so that a date does not name an occurrence. */
const oftenADay = (rules: readonly string[]): boolean => rules.some((rule) => /FREQ=(?:HOURLY|MINUTELY|SECONDLY)|BYHOUR=|BYMINUTE=|^RDATE/iu.test(rule));

/** The key of the occurrence whose original start is at this wall clock of the series' zone. */
export function occurrenceKey(rules: readonly string[], wall: string): string {
  const compact = wall.replaceAll(/[-:]/gu, '');
  return oftenADay(rules) ? compact : compact.slice(0, 8);
}

/** Expanding takes milliseconds a series, and pages ask for the same stretch again; a version of an event never changes. */
const expanded = new WeakMap<SimEvent, Map<string, View[]>>();

/** Instances that touch the stretch, by start. */
export function instancesOf(event: SimEvent, stretch: Stretch): View[] {
  const known = expanded.get(event) ?? new Map<string, View[]>();
  const name = `${stretch.from} ${stretch.to}`;
  const views = known.get(name) ?? expand(event, stretch);
  if (known.size >= 4) known.clear();
  expanded.set(event, known.set(name, views));
  return views;
}

function expand(event: SimEvent, stretch: Stretch): View[] {
  const { series } = event;
  if (series === undefined) return [];
  const reach = Math.max(0, instantOf(event.slot.end) - instantOf(event.slot.start)) + 2 * hour;
  const regular = regularStarts(event, { from: stretch.from - reach, to: stretch.to })
    .filter(({ key }) => !series.exceptions.has(key) && !series.cancelled.has(key))
    .map(({ key, wall }) => occurrence(event, key, movedTo(event.slot, wall)));
  const exceptions = [...series.exceptions].map(([key, item]): View => ({ type: 'exception', event, occurrence: key, ...item }));
  return [...regular, ...exceptions].filter((view) => within(view.slot, stretch)).sort((a, b) => instantOf(a.slot.start) - instantOf(b.slot.start));
}

const occurrence = (event: SimEvent, key: string, slot: Slot): View => ({ type: 'occurrence', event, occurrence: key, slot, fields: event.fields, change: event.change, modifiedAt: event.modifiedAt });

/** The same length on the wall clock, so that a night shift ends at the same hour across DST; in real time where it begins and ends in different zones. */
export function movedTo(slot: Slot, wall: string): Slot {
  const start = { ...slot.start, wall };
  if (slot.start.zone === slot.end.zone) return { ...slot, start, end: { ...slot.end, wall: wallText(wallOf(wall) + wallOf(slot.end.wall) - wallOf(slot.start.wall)) } };
  const end = instantOf(start) + instantOf(slot.end) - instantOf(slot.start);
  return { ...slot, start, end: { ...slot.end, wall: toLocal(end, slot.end.zone) } };
}

function regularStarts(event: SimEvent, stretch: Stretch, cap?: number): { key: string; wall: string }[] {
  const { start, isAllDay } = event.slot;
  const rules = event.series?.rules ?? [];
  // Whole days are expanded as dates: an UNTIL in UTC would cut the last day west of Greenwich.
  const from = isAllDay ? { date: start.wall.slice(0, 10) } : { dateTime: start.wall, zone: start.zone };
  const slack = isAllDay ? 14 * hour : 0;
  return occurrences({ start: from, rules }, stretch.from - slack, stretch.to + slack, cap).map((found) => {
    const wall = 'dateTime' in found.start ? found.start.dateTime : `${found.start.date}T00:00:00`;
    return { key: occurrenceKey(rules, wall), wall };
  });
}

const hour = 3_600_000;

/** The wall clock at which the series first happens; undefined where it never does. */
export function firstStart(start: ZonedWall, rules: readonly string[]): string | undefined {
  const from = instantOf(start);
  const [first] = occurrences({ start: { dateTime: start.wall, zone: start.zone }, rules }, from, from + 20 * 366 * 86_400_000, 1);
  if (first === undefined) return undefined;
  return 'dateTime' in first.start ? first.start.dateTime : `${first.start.date}T00:00:00`;
}

/** The instance with this key, wherever it now lies; undefined for one that was cancelled or never was. */
export function instanceByKey(event: SimEvent, key: string): View | undefined {
  const { series } = event;
  const day = Date.parse(`${key.slice(0, 4)}-${key.slice(4, 6)}-${key.slice(6, 8)}T00:00:00Z`);
  if (series === undefined || Number.isNaN(day) || series.cancelled.has(key)) return undefined;
  const exception = series.exceptions.get(key);
  if (exception !== undefined) return { type: 'exception', event, occurrence: key, ...exception };
  return instancesOf(event, { from: day - 2 * 86_400_000, to: day + 3 * 86_400_000 }).find((view) => view.occurrence === key);
}

/** What a window shows of an event: itself, or its instances. */
export function shownIn(event: SimEvent, stretch: Stretch): View[] {
  if (event.series !== undefined) return instancesOf(event, stretch);
  return within(event.slot, stretch) ? [viewOf(event)] : [];
}
