// Changes to a mailbox, by whoever makes them: each ends in one new version of one event.
import type { Clock } from '../../../lib/platform/clock.ts';
import { readEventBody, slotOf } from './event-body.ts';
import type { EventWish, Json, Writer } from './event-body.ts';
import type { EventName } from './event-ids.ts';
import type { ExceptionItem, Series, SimEvent, Slot } from './event-model.ts';
import { badRequest, itemNotFound } from './graph-failure.ts';
import { firstStart, instanceByKey, instantOf, movedTo } from './instances.ts';
import type { Mailbox } from './mailbox.ts';
import { rulesOf } from './recurrence-json.ts';

export interface Place {
  readonly mailbox: Mailbox;
  readonly calendarId: string;
  readonly clock: Clock;
  readonly writer: Writer;
}

/** Adds an event and returns it. */
export function insertEvent(place: Place, body: Json): SimEvent {
  const { mailbox, calendarId, clock } = place;
  const wish = readEventBody(body, place.writer);
  const now = clock();
  const slot = checkOrder(slotOf(wish), place.writer);
  const event: SimEvent = {
    key: mailbox.nextKey(),
    calendarId,
    createdAt: now,
    modifiedAt: now,
    change: mailbox.nextChange(),
    fields: wish.fields,
    properties: wish.properties,
    ...(wish.transactionId === undefined ? {} : { transactionId: wish.transactionId }),
    ...repeating(slot, wish.recurrence),
  };
  mailbox.put(event);
  return event;
}

/** A person's client may write nonsense; Graph refuses an end before its start. */
function checkOrder(slot: Slot, writer: Writer): Slot {
  if (writer === 'app' && instantOf(slot.end) < instantOf(slot.start)) throw badRequest('The end of the event is before its start.', 'ErrorCalendarEndDateIsEarlierThanStartDate');
  return slot;
}

/** Where the start does not fit its own pattern, Outlook moves it to the first day that does. */
function repeating(slot: Slot, recurrence: unknown): { slot: Slot; series?: Series } {
  if (recurrence === undefined || recurrence === null) return { slot };
  const rules = rulesOf(recurrence, slot.start.wall.slice(0, 10));
  const first = firstStart(slot.start, rules);
  if (first === undefined) throw badRequest('The recurrence has no occurrence.', 'ErrorCalendarOutOfRange');
  return { slot: movedTo(slot, first), series: { rules, recurrence: recurrence as object, exceptions: new Map(), cancelled: new Set() } };
}

/** Changes an event, or makes an exception of one occurrence of it. */
export function patchEvent(place: Place, name: EventName, body: Json): SimEvent {
  const wish = readEventBody(body, place.writer);
  if (wish.transactionId !== undefined) throw badRequest('The property transactionId cannot be changed once the event is created.', 'ErrorInvalidPropertyUpdateSentMessage');
  const before = standing(place.mailbox, name.key);
  const marks = { change: place.mailbox.nextChange(), modifiedAt: place.clock() };
  const event = { ...(name.occurrence === undefined ? changed(before, wish, place.writer) : withException(before, { key: name.occurrence, wish, ...marks })), ...marks };
  place.mailbox.put(event);
  return event;
}

function changed(before: SimEvent, wish: EventWish, writer: Writer): SimEvent {
  const slot = checkOrder(slotOf(wish, before.slot), writer);
  const base = { ...before, fields: { ...before.fields, ...wish.fields }, properties: new Map([...before.properties, ...wish.properties]), slot };
  if (wish.recurrence === null) {
    const { series, ...single } = base;
    return series === undefined ? base : single;
  }
  if (wish.recurrence !== undefined) return { ...base, ...repeating(slot, wish.recurrence) };
  // As in Outlook, moving a whole series forgets what was moved or cancelled one by one.
  const moved = slot.start.wall !== before.slot.start.wall || slot.start.zone !== before.slot.start.zone;
  return before.series === undefined || !moved ? base : { ...base, series: { ...before.series, exceptions: new Map(), cancelled: new Set() } };
}

function withException(before: SimEvent, input: { key: string; wish: EventWish; change: number; modifiedAt: number }): SimEvent {
  const instance = instanceByKey(before, input.key);
  if (before.series === undefined || instance === undefined) throw itemNotFound();
  if (input.wish.recurrence !== undefined && input.wish.recurrence !== null) throw badRequest('An occurrence cannot recur.', 'ErrorOccurrenceTimeSpanTooBig');
  const item: ExceptionItem = { slot: slotOf(input.wish, instance.slot), fields: { ...instance.fields, ...input.wish.fields }, change: input.change, modifiedAt: input.modifiedAt };
  return { ...before, series: { ...before.series, exceptions: new Map([...before.series.exceptions, [input.key, item]]) } };
}

/** Deletes an event, or takes one occurrence out of its series. */
export function removeEvent(place: Omit<Place, 'writer'>, name: EventName): void {
  const before = standing(place.mailbox, name.key);
  if (name.occurrence === undefined) return place.mailbox.remove(name.key);
  if (before.series === undefined || instanceByKey(before, name.occurrence) === undefined) throw itemNotFound();
  const exceptions = new Map(before.series.exceptions);
  exceptions.delete(name.occurrence);
  const series = { ...before.series, exceptions, cancelled: new Set([...before.series.cancelled, name.occurrence]) };
  place.mailbox.put({ ...before, series, change: place.mailbox.nextChange(), modifiedAt: place.clock() });
}

/** The event as it stands; 404 where it is deleted or never was. */
export function standing(mailbox: Mailbox, key: string): SimEvent {
  const newest = mailbox.newest(key);
  if (newest === undefined || newest.deleted) throw itemNotFound();
  return newest.event;
}
