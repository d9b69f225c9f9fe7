// What people do in Outlook itself, past Graph's own rules for apps.
import type { Json } from './event-body.ts';
import { readEventId } from './event-ids.ts';
import type { EventName } from './event-ids.ts';
import { fullEvent } from './event-json.ts';
import type { EventJson, Shown } from './event-json.ts';
import type { SimEvent } from './event-model.ts';
import { viewOf } from './event-model.ts';
import { badRequest, itemNotFound } from './graph-failure.ts';
import { instanceByKey, occurrenceKey } from './instances.ts';
import type { Mailbox } from './mailbox.ts';
import { insertEvent, patchEvent, removeEvent, standing } from './write-events.ts';
import type { World } from './world.ts';

export interface HumanAct {
  /** Email. */
  readonly account: string;
  /** Calendar id; the default calendar where absent. */
  readonly calendar?: string;
  readonly action: 'insert' | 'patch' | 'delete' | 'cancelInstance' | 'moveInstance';
  /** Of an event, or of an occurrence; in either form. */
  readonly eventId?: string;
  /** A Graph event; for an instance named by its series also `originalStart`: its date, or its local time in the series' zone. */
  readonly body?: Json;
}

/** UTC and immutable ids: how the simulator shows the truth. */
export const truthOf = (mailbox: Mailbox): Shown => ({ mailbox, prefer: { zoneName: 'UTC', zone: 'UTC', idForm: 'immutable', textBody: false }, iCalUIdIsNull: false });

/** Does it and returns the event as it now stands; of an instance, that instance; of something deleted, its id alone. */
export function actAsHuman(world: World, act: HumanAct): EventJson {
  const mailbox = mailboxOf(world, act.account);
  const calendarId = act.calendar ?? mailbox.defaultCalendar().id;
  if (!mailbox.calendars.has(calendarId)) throw itemNotFound();
  const place = { mailbox, calendarId, clock: world.clock, writer: 'person' as const };
  if (act.action === 'insert') return whole(mailbox, { key: insertEvent(place, act.body ?? {}).key });
  const name = nameOf(mailbox, act);
  if (act.action === 'patch' || act.action === 'moveInstance') {
    const { originalStart, ...body } = act.body ?? {};
    patchEvent(place, originalStart === undefined ? name : instanceName(mailbox, name, originalStart), body);
    return whole(mailbox, originalStart === undefined ? name : instanceName(mailbox, name, originalStart));
  }
  const target = act.action === 'cancelInstance' ? instanceName(mailbox, name, act.body?.['originalStart']) : name;
  removeEvent(place, target);
  return { id: act.eventId };
}

/** The mailbox of an email; 404 where there is none. */
export function mailboxOf(world: World, email: string): Mailbox {
  const mailbox = world.mailboxes.get(email);
  if (mailbox === undefined) throw itemNotFound();
  return mailbox;
}

function nameOf(mailbox: Mailbox, act: HumanAct): EventName {
  const name = readEventId(mailbox.idPart, act.eventId ?? '');
  if (name === undefined) throw itemNotFound();
  return name;
}

function instanceName(mailbox: Mailbox, name: EventName, originalStart: unknown): EventName {
  if (name.occurrence !== undefined) return name;
  const event = standing(mailbox, name.key);
  if (typeof originalStart !== 'string' || event.series === undefined) throw badRequest('An instance is named by its own id, or by its series and originalStart.');
  const wall = originalStart.length === 10 ? `${originalStart}${event.slot.start.wall.slice(10)}` : originalStart.slice(0, 19);
  return { key: name.key, occurrence: occurrenceKey(event.series.rules, wall) };
}

function whole(mailbox: Mailbox, name: EventName): EventJson {
  const event = standing(mailbox, name.key);
  const view = name.occurrence === undefined ? viewOf(event) : instanceByKey(event, name.occurrence);
  if (view === undefined) throw itemNotFound();
  return { ...fullEvent(view, truthOf(mailbox)), ...innerTruth(event) };
}

function innerTruth(event: SimEvent): EventJson {
  return {
    calendarId: event.calendarId,
    singleValueExtendedProperties: [...event.properties].map(([id, value]) => ({ id, value })),
    ...(event.series === undefined ? {} : { rules: event.series.rules, cancelledOccurrences: [...event.series.cancelled] }),
  };
}

/** All that stands in a mailbox, or in one of its calendars: single events, masters, and after each master its exceptions. */
export function wholeTruth(mailbox: Mailbox, calendarId?: string): EventJson[] {
  return [...mailbox.keys()].flatMap((key) => {
    const newest = mailbox.newest(key);
    if (newest === undefined || newest.deleted || (calendarId !== undefined && newest.event.calendarId !== calendarId)) return [];
    const exceptions = [...(newest.event.series?.exceptions.keys() ?? [])];
    return [whole(mailbox, { key }), ...exceptions.map((occurrence) => whole(mailbox, { key, occurrence }))];
  });
}
