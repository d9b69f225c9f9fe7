import { DateTime } from 'luxon';
import { dateSpan } from '../all-day.ts';
import type { BlockingSettings, BusyFacts } from '../blocking.ts';
import { blocks, positiveRange } from '../blocking.ts';
import type { RemoteItem } from '../port.ts';
import { list, object, text } from '../json.ts';
import { readMark } from './mark.ts';

/** What an answer of events.list says; `next` and `syncToken` exclude each other. */
export interface EventPage {
  readonly items: readonly RemoteItem[];
  readonly zone?: string;
  readonly next?: string;
  readonly syncToken?: string;
}

export interface ReadingRules {
  /** IANA zone of dates without a time where the calendar tells none. */
  readonly zone: string | undefined;
  readonly blocking?: BlockingSettings;
}

const withOffset = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** Milliseconds of a `dateTime`; one without offset stands in its own zone, else the calendar's. */
function instant(dateTime: string, zone: string | undefined): number | undefined {
  if (withOffset.test(dateTime)) {
    const parsed = Date.parse(dateTime);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  const local = DateTime.fromISO(dateTime, { zone: zone ?? 'invalid' });
  return local.isValid ? local.toMillis() : undefined;
}

/** When an event or instance is, from its `start` and `end`; undefined where they make no sense. */
export function readTimes(start: unknown, end: unknown, zone: string | undefined): { start: number; end: number } | undefined {
  const [first, last] = [object(start), object(end)];
  const [from, to] = [text(first['dateTime']), text(last['dateTime'])];
  if (from !== undefined && to !== undefined) {
    const begins = instant(from, text(first['timeZone']) ?? zone);
    const ends = instant(to, text(last['timeZone']) ?? zone);
    return begins === undefined || ends === undefined ? undefined : positiveRange(begins, ends);
  }
  return dateSpan(text(first['date']) ?? '', text(last['date']) ?? '', zone);
}

const answers: Readonly<Record<string, BusyFacts['answer']>> = { declined: 'declined', tentative: 'tentative', needsAction: 'unanswered' };
const kinds: Readonly<Record<string, BusyFacts['shown']>> = { outOfOffice: 'away', focusTime: 'away' };
const known = <T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

/** The facts that decide whether it blocks. A `tentative` event is one that its organizer has not settled. */
export function busyFacts(event: Readonly<Record<string, unknown>>): BusyFacts {
  const eventType = text(event['eventType']);
  const self = list(event['attendees']).map(object).find((attendee) => attendee['self'] === true);
  const unsettled = event['status'] === 'tentative' ? 'tentative' : 'busy';
  return {
    cancelled: event['status'] === 'cancelled',
    marker: eventType === 'workingLocation' || eventType === 'birthday',
    shown: event['transparency'] === 'transparent' ? 'free' : (known(kinds, eventType) ?? unsettled),
    answer: known(answers, text(self?.['responseStatus'])) ?? 'accepted',
  };
}

/** One item of events.list; undefined where it cannot be understood, never an exception. */
export function readItem(value: unknown, rules: ReadingRules): RemoteItem | undefined {
  const event = object(value);
  const id = text(event['id']);
  if (id === undefined) return undefined;
  // A cancelled one is only sure to have its id: look no further.
  if (event['status'] === 'cancelled') return { kind: 'gone', id };
  const times = readTimes(event['start'], event['end'], rules.zone);
  if (times === undefined) return undefined;
  const etag = text(event['etag']);
  const ours = readMark(event['extendedProperties']);
  return { kind: 'present', id, start: times.start, end: times.end, blocks: blocks(busyFacts(event), rules.blocking), ...(etag !== undefined && { etag }), ...(ours && { ours }) };
}

/** An answer of events.list; undefined where any of it cannot be understood: to skip an item could free time that is taken. */
export function readEventPage(body: unknown, rules: ReadingRules): EventPage | undefined {
  const page = object(body);
  const zone = text(page['timeZone']);
  if (page['items'] !== undefined && !Array.isArray(page['items'])) return undefined;
  const itemRules = { ...rules, zone: zone ?? rules.zone };
  const items = list(page['items']).map((item) => readItem(item, itemRules));
  const understood = items.filter((item) => item !== undefined);
  const next = text(page['nextPageToken']);
  const syncToken = text(page['nextSyncToken']);
  if (understood.length !== items.length || (next === undefined && syncToken === undefined)) return undefined;
  const position = next === undefined ? { syncToken: syncToken ?? '' } : { next };
  return { items: understood, ...(zone === undefined ? {} : { zone }), ...position };
}
