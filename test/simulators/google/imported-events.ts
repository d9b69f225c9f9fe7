// Fills a calendar with a real export: https://datatracker.ietf.org/doc/html/rfc5545
import type { EventFacts, ImportedEvent } from '../ics.ts';
import { toInstant } from '../zones.ts';
import type { LocalStart } from '../zones.ts';
import type { EventContent, EventTime } from './event-record.ts';
import { instanceSuffix } from './event-record.ts';
import type { SimCalendar, World } from './world.ts';
import { ControlError } from './world.ts';

const timeOf = (local: LocalStart): EventTime => ('date' in local ? local : { at: toInstant(local, local.zone), zone: local.zone });

const contentOf = (facts: EventFacts): EventContent => ({
  status: facts.status,
  start: timeOf(facts.start),
  end: timeOf(facts.end),
  details: {
    summary: facts.title,
    ...(facts.transparent ? { transparency: 'transparent' } : {}),
    ...(facts.selfDeclined === true ? { attendees: [{ self: true, responseStatus: 'declined' }] } : {}),
  },
});

/** Writes every event, series and changed instance; refuses all of them if one is there already. Gives back how many records it made. */
export function importEvents(world: World, { id: calendarId, store }: SimCalendar, events: readonly ImportedEvent[]): number {
  const known = events.find(({ uid }) => store.hasUid(uid));
  if (known !== undefined) throw new ControlError(`The event ${known.uid} is in ${calendarId} already: nothing was loaded.`);
  const before = store.seq();
  const now = world.clock();
  for (const event of events) {
    const id = world.id(26, '0123456789abcdefghijklmnopqrstuv');
    const identity = { id, iCalUID: event.uid, created: now, updated: now, sequence: 0 };
    store.write(identity, { ...contentOf(event), ...(event.rules.length === 0 ? {} : { recurrence: event.rules }) });
    for (const override of event.overrides) {
      const originalStart = timeOf(override.recurrence);
      const instance = store.find(`${id}_${instanceSuffix(originalStart)}`);
      if (instance === undefined) throw new Error(`${event.uid} has no instance at ${JSON.stringify(override.recurrence)}`);
      const content = override.event === undefined ? { ...instance, status: 'cancelled' as const } : contentOf(override.event);
      const { start, end, status, details } = content;
      store.write({ ...identity, id: instance.id, recurringEventId: id, originalStart }, { start, end, status, details });
    }
  }
  return store.seq() - before;
}
