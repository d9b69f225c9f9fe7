// Which events a list or a delta names, in full or as gone, before they are cut into pages.
import type { EventRecord, EventTime } from './event-record.ts';
import { instantOf, isSeries, object } from './event-record.ts';
import type { EventStore } from './event-store.ts';
import type { Gone } from './event-view.ts';
import { instancesAround, instancesUntil } from './instances.ts';
import type { ListQuestion } from './list-question.ts';

export type Entry = { readonly record: EventRecord } | { readonly gone: Gone };

export interface Selection {
  readonly store: EventStore;
  readonly question: ListQuestion;
  readonly calendarZone: string;
  /** Where the instances of endless series end. */
  readonly reach: number;
}

const goneOf = ({ id, etag, recurringEventId, originalStart }: EventRecord, seriesLives: boolean): Entry => ({
  gone: { id, etag, ...(seriesLives && recurringEventId !== undefined && originalStart !== undefined ? { recurringEventId, originalStart } : {}) },
});

const isGone = (record: EventRecord): boolean => record.status === 'cancelled';
const livingSeries = (store: EventStore, id: string | undefined): boolean => {
  const master = id === undefined ? undefined : store.records.get(id);
  return master !== undefined && !isGone(master) && isSeries(master);
};

function matches(record: EventRecord, { question, calendarZone }: Selection): boolean {
  const { timeMin, timeMax } = question;
  if (timeMin !== undefined && instantOf(record.end, calendarZone) <= timeMin) return false;
  return timeMax === undefined || instantOf(record.start, calendarZone) < timeMax;
}

/** A master matches where any of its instances does. */
function masterMatches(master: EventRecord, selection: Selection): boolean {
  const { timeMin, timeMax } = selection.question;
  if (timeMin === undefined && timeMax === undefined) return true;
  return spanOf(master, selection).some((instance) => matches(instance, selection));
}

const spanOf = (master: EventRecord, { question, reach }: Selection): readonly EventRecord[] => {
  const until = question.timeMax ?? reach;
  return question.timeMin === undefined ? instancesUntil(master, until) : instancesAround(master, question.timeMin, until);
};

function fits(record: EventRecord, { eventTypes, iCalUID, q, privateProperties, sharedProperties, updatedMin }: ListQuestion): boolean {
  const { details } = record;
  if (eventTypes !== undefined && !eventTypes.includes(String(details['eventType'] ?? 'default'))) return false;
  if (iCalUID !== undefined && record.iCalUID !== iCalUID) return false;
  if (updatedMin !== undefined && record.updated < updatedMin) return false;
  const properties = object(details['extendedProperties']);
  if (!privateProperties.every(([key, value]) => object(properties['private'])[key] === value)) return false;
  if (!sharedProperties.every(([key, value]) => object(properties['shared'])[key] === value)) return false;
  return q === undefined || JSON.stringify([details['summary'], details['description'], details['location'], details['attendees']]).toLowerCase().includes(q);
}

/** Every event of a first list, in a stable order that means nothing. */
export function listEntries(selection: Selection): Entry[] {
  const { store, question, calendarZone } = selection;
  const entries: Entry[] = [];
  const showsGone = question.showDeleted || question.updatedMin !== undefined;
  const take = (record: EventRecord): void => {
    if (!isGone(record)) entries.push({ record });
    // Without expansion a cancelled instance always shows, or the series would seem to have it.
    else if (showsGone || (!question.singleEvents && livingSeries(store, record.recurringEventId))) entries.push(goneOf(record, livingSeries(store, record.recurringEventId)));
  };
  for (const record of store.records.values()) {
    if (!fits(record, question)) continue;
    if (!isSeries(record)) {
      if (matches(record, selection)) take(record);
    } else if (!question.singleEvents) {
      if (masterMatches(record, selection)) take(record);
    } else if (!isGone(record)) {
      for (const instance of spanOf(record, selection)) if (!store.records.has(instance.id) && matches(instance, selection)) take(instance);
    }
  }
  const { orderBy } = question;
  if (orderBy !== undefined) entries.sort((a, b) => orderKey(a, orderBy, calendarZone) - orderKey(b, orderBy, calendarZone));
  return entries;
}

const orderKey = (entry: Entry, orderBy: 'startTime' | 'updated', calendarZone: string): number => {
  if (!('record' in entry)) return 0;
  return orderBy === 'updated' ? entry.record.updated : instantOf(entry.record.start as EventTime, calendarZone);
};

/** What changed after `since`. The window of the first list does not bound it. */
export function deltaEntries(selection: Selection, since: number): Entry[] {
  const { store, question } = selection;
  const entries: Entry[] = [];
  for (const record of store.records.values()) {
    if (record.seq <= since) continue;
    const series = record.recurringEventId ?? record.id;
    if (!question.singleEvents || !store.wasSeries(series)) entries.push(plain(record, store));
    // An exception comes with its series, where that was touched too.
    else if (record.recurringEventId === undefined) entries.push(...seriesEntries(record, selection, since));
    else if ((store.records.get(series)?.seq ?? 0) <= since) entries.push(plain(record, store));
  }
  return entries.filter((entry) => 'gone' in entry || fits(entry.record, { ...question, privateProperties: [], sharedProperties: [] }));
}

const plain = (record: EventRecord, store: EventStore): Entry => (isGone(record) ? goneOf(record, livingSeries(store, record.recurringEventId)) : { record });

/** All that a touched series has now, far ahead, and as gone all that it had when the client last looked. */
function seriesEntries(now: EventRecord, { store, reach }: Selection, since: number): Entry[] {
  const members = (master: EventRecord): readonly EventRecord[] => (isSeries(master) ? instancesUntil(master, reach) : [master]);
  const alive = isGone(now) ? [] : members(now);
  const exceptions = store.exceptionsOf(now.id);
  const excepted = new Set(exceptions.map(({ id }) => id));
  const entries: Entry[] = alive.filter(({ id }) => !excepted.has(id)).map((record) => ({ record }));
  for (const exception of exceptions) entries.push(plain(exception, store));
  const named = new Set([...alive.map(({ id }) => id), ...excepted]);
  const then = store.asOf(now.id, since);
  const before = then === undefined || isGone(then) ? [] : members(then);
  const itself = isGone(now) && !isSeries(now) ? [now] : [];
  const lost = new Set([...before, ...itself].map(({ id }) => id).filter((id) => !named.has(id)));
  for (const id of lost) entries.push({ gone: { id, etag: now.etag } });
  return entries;
}
