// Reads a real calendar export (Google, Outlook, Apple) into neutral series that both simulators can load: all of it, or nothing.
import { localOf, dateInSeries, readEvent } from './ics-event.ts';
import type { Context, EventFacts, ReadEvent } from './ics-event.ts';
import { readComponents } from './ics-lines.ts';
import type { Component } from './ics-lines.ts';
import { textOf } from './ics-values.ts';
import { zonesOf } from './ics-zones.ts';
import { happening } from './recurrence.ts';
import { ianaFromWindows, isZone, toInstant, toLocal } from './zones.ts';
import type { LocalStart } from './zones.ts';

export { IcsError } from './ics-lines.ts';
export type { BusyStatus, EventFacts } from './ics-event.ts';

/** An instance of a series that differs; without an event, it is cancelled. */
export interface Override {
  /** Equals the `start` of the occurrence that it replaces. */
  readonly recurrence: LocalStart;
  readonly event?: EventFacts;
}

export interface ImportedEvent extends EventFacts {
  /** Unique in what one read returns. */
  readonly uid: string;
  /** RRULE, EXRULE, RDATE and EXDATE lines with IANA zones; empty for a single event. */
  readonly rules: string[];
  readonly overrides: Override[];
}

export interface ReadOptions {
  /** IANA; of floating times, where the file names no zone of its own. */
  readonly defaultZone: string;
  /** Mail address of the calendar's owner, whose refusals count; else the calendar's name, where Google puts it. */
  readonly owner?: string;
}

/** Reads a whole file. Throws IcsError { line, message }. An override without its series, or of no occurrence, becomes a single event. */
export function readIcs(text: string, options: ReadOptions): ImportedEvent[] {
  const imported = readComponents(text).flatMap((calendar) => {
    const context = contextOf(calendar, options);
    const events = calendar.components.filter((part) => part.name === 'VEVENT').map((part) => readEvent(part, context));
    return [...groupBy(events, (event) => event.uid).values()].flatMap((same) => assemble(same, context));
  });
  return uniqueIds(imported);
}

/** The calendar's own IANA zone (X-WR-TIMEZONE), where the file tells one. */
export function calendarZone(text: string): string | undefined {
  return readComponents(text).map(ownZone).find((zone) => zone !== undefined);
}

function ownZone(calendar: Component): string | undefined {
  const named = textOf(calendar, 'X-WR-TIMEZONE')?.trim() ?? '';
  return isZone(named) ? named : ianaFromWindows(named);
}

function contextOf(calendar: Component, options: ReadOptions): Context {
  const zone = ownZone(calendar) ?? options.defaultZone;
  const owner = (options.owner ?? textOf(calendar, 'X-WR-CALNAME') ?? '').trim().toLowerCase();
  return { zone, resolve: zonesOf(calendar, [zone, options.defaultZone]), ...(owner.includes('@') ? { owner } : {}) };
}

function assemble(same: readonly ReadEvent[], context: Context): ImportedEvent[] {
  const master = newest(same.filter((event) => event.recurrence === undefined));
  const changed = same.filter((event) => event.recurrence !== undefined);
  if (master === undefined) return changed.map((event) => single(event, context));
  const overrides = new Map<string, Override>();
  const strays: ImportedEvent[] = [];
  const happens = happening({ start: master.facts.start, rules: master.rules });
  for (const event of changed.sort((a, b) => a.sequence - b.sequence)) {
    const recurrence = recurrenceOf(event, master.facts.start, context);
    if (happens(toInstant(recurrence, 'UTC'))) overrides.set(keyOf(recurrence), { recurrence, ...(event.facts.status === 'cancelled' ? {} : { event: event.facts }) });
    else if (event.facts.status !== 'cancelled') strays.push(single(event, context));
  }
  for (const { start, end } of master.periods) {
    const recurrence = onClockOf(start, master.facts.start);
    if (!overrides.has(keyOf(recurrence))) overrides.set(keyOf(recurrence), { recurrence, event: { ...master.facts, start, end } });
  }
  return [{ uid: master.uid, ...master.facts, rules: master.rules, overrides: [...overrides.values()] }, ...strays];
}

/** Of two revisions of the same thing the higher SEQUENCE counts, of equals the later in the file. */
function newest(events: readonly ReadEvent[]): ReadEvent | undefined {
  return events.reduce<ReadEvent | undefined>((best, event) => (best === undefined || event.sequence >= best.sequence ? event : best), undefined);
}

function single(event: ReadEvent, context: Context): ImportedEvent {
  const recurrence = event.recurrence === undefined ? '' : keyOf(localOf(event.recurrence, context));
  return { uid: recurrence === '' ? event.uid : `${event.uid}#${recurrence}`, ...event.facts, rules: [], overrides: [] };
}

function recurrenceOf(event: ReadEvent, start: LocalStart, context: Context): LocalStart {
  return event.recurrence === undefined ? event.facts.start : onClockOf(dateInSeries(event.recurrence, start, context), start);
}

/** The same instant, told in the zone of the series. */
function onClockOf(local: LocalStart, start: LocalStart): LocalStart {
  return 'date' in start || 'date' in local ? local : { dateTime: toLocal(toInstant(local, start.zone), start.zone), zone: start.zone };
}

const keyOf = (local: LocalStart): string => ('date' in local ? local.date : `${local.dateTime}[${local.zone}]`);

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Two calendars in one file may hold the same event, and a stray two revisions. */
function uniqueIds(events: readonly ImportedEvent[]): ImportedEvent[] {
  const seen = new Map<string, number>();
  return events.map((event) => {
    const times = (seen.get(event.uid) ?? 0) + 1;
    seen.set(event.uid, times);
    return times === 1 ? event : { ...event, uid: `${event.uid}#${times}` };
  });
}
