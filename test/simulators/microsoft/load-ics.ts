// Fills a calendar with a real export: everything in it, or nothing.
import { readIcs } from '../ics.ts';
import type { EventFacts, ImportedEvent } from '../ics.ts';
import type { LocalStart } from '../zones.ts';
import type { Fields, Series, SimEvent, Slot, ZonedWall } from './event-model.ts';
import { occurrenceKey } from './instances.ts';
import type { Mailbox, SimCalendar } from './mailbox.ts';
import { recurrenceOf } from './recurrence-json.ts';
import type { World } from './world.ts';
import { originalZoneName } from './zone-names.ts';

/** Throws before the first event is added where the file cannot be read. Returns how many events and series there were. */
export function loadIcs(world: World, place: { mailbox: Mailbox; calendar: SimCalendar }, ics: string): number {
  const { mailbox, calendar } = place;
  const imported = readIcs(ics, { defaultZone: calendar.timeZone, owner: mailbox.email });
  const now = world.clock();
  const events = imported.map((event) => eventOf(event, { calendar, key: mailbox.nextKey(), change: mailbox.nextChange(), now }));
  for (const event of events) mailbox.put(event);
  return events.length;
}

interface Making {
  readonly calendar: SimCalendar;
  readonly key: string;
  readonly change: number;
  readonly now: number;
}

function eventOf(imported: ImportedEvent, making: Making): SimEvent {
  const slot = slotOf(imported, making.calendar.timeZone);
  const series = imported.rules.length === 0 ? undefined : seriesOf(imported, slot, making);
  return {
    key: making.key,
    calendarId: making.calendar.id,
    createdAt: making.now,
    modifiedAt: making.now,
    change: making.change,
    slot,
    fields: { ...fieldsOf(imported), iCalUId: imported.uid },
    properties: new Map(),
    ...(series === undefined ? {} : { series }),
  };
}

function seriesOf(imported: ImportedEvent, slot: Slot, making: Making): Series {
  const keyOf = (start: LocalStart): string => occurrenceKey(imported.rules, wallOf(start));
  const { calendar, change, now } = making;
  const changed = imported.overrides.flatMap(({ recurrence, event }) =>
    event === undefined ? [] : [[keyOf(recurrence), { slot: slotOf(event, calendar.timeZone), fields: { ...fieldsOf(event), iCalUId: imported.uid }, change, modifiedAt: now }] as const],
  );
  return {
    rules: imported.rules,
    recurrence: recurrenceOf(imported.rules, slot.start.wall.slice(0, 10), slot.startZoneName),
    exceptions: new Map(changed),
    cancelled: new Set(imported.overrides.filter(({ event }) => event === undefined).map(({ recurrence }) => keyOf(recurrence))),
  };
}

const wallOf = (start: LocalStart): string => ('date' in start ? `${start.date}T00:00:00` : start.dateTime);

/** Outlook has no bare dates: a whole day runs from midnight to midnight in the zone of its calendar. */
function slotOf(facts: EventFacts, calendarZone: string): Slot {
  const isAllDay = 'date' in facts.start;
  const zoned = (at: LocalStart): ZonedWall => ({ wall: wallOf(at), zone: 'date' in at ? calendarZone : at.zone });
  const [start, end] = [zoned(facts.start), zoned(facts.end)];
  return { start, end, isAllDay, startZoneName: originalZoneName(start.zone), endZoneName: originalZoneName(end.zone) };
}

function fieldsOf(facts: EventFacts): Fields {
  const free = facts.transparent ? 'free' : 'busy';
  return {
    subject: facts.title,
    showAs: facts.busyStatus ?? (facts.status === 'tentative' ? 'tentative' : free),
    isCancelled: facts.status === 'cancelled',
    ...(facts.selfDeclined === true ? { isOrganizer: false, responseStatus: { response: 'declined', time: '0001-01-01T00:00:00Z' } } : {}),
  };
}
