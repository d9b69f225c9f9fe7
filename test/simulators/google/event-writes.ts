// Inserting, changing and deleting events, for clients and for people alike.
import type { EventContent, EventRecord, Json } from './event-record.ts';
import { instanceSuffix, object, sameTime } from './event-record.ts';
import { contentBody, merge, readContent } from './event-content.ts';
import type { EventIdentity } from './event-store.ts';
import { deleted, duplicate, forbidden, GoogleFault, invalid, notFound } from './google-fault.ts';
import type { SimCalendar, World } from './world.ts';

export interface Writer {
  readonly calendar: SimCalendar;
  /** A person's own hands: may take events back from the bin, and write what comes from others. */
  readonly human: boolean;
  /** Whether a client may write to a deleted event again. Reports differ, so that the stricter is the rule. */
  readonly revives: boolean;
}

export interface EventWrites {
  insert(writer: Writer, body: Json): EventRecord;
  patch(writer: Writer, before: EventRecord, body: Json): EventRecord;
  update(writer: Writer, before: EventRecord, body: Json): EventRecord;
  remove(writer: Writer, before: EventRecord): EventRecord;
}

const base32hex = '0123456789abcdefghijklmnopqrstuv';
const guestFlags = ['guestsCanInviteOthers', 'guestsCanModify', 'guestsCanSeeOtherGuests'];

/** `changed` is called once for each write that took effect. */
export function createEventWrites(world: World, changed: (calendar: SimCalendar) => void): EventWrites {
  const write = (calendar: SimCalendar, identity: EventIdentity, content: EventContent): EventRecord => {
    const record = calendar.store.write(identity, content);
    changed(calendar);
    return record;
  };

  const change = (writer: Writer, before: EventRecord, body: Json): EventRecord => {
    const { calendar, human } = writer;
    if (before.status === 'cancelled' && !human && !writer.revives) throw forbidden();
    const content = readContent(body, { calendarZone: calendar.zone, human, before });
    if (before.recurringEventId !== undefined && content.recurrence !== undefined) throw invalid('An instance of a series cannot recur itself.');
    return write(calendar, { ...identityOf(before), ...progress(before, content, world.clock()) }, content);
  };

  return {
    insert: (writer, body) => {
      const { calendar, human } = writer;
      const id = readId(body, calendar) ?? world.id(26, base32hex);
      const content = readContent(body, { calendarZone: calendar.zone, human });
      if (content.status === 'cancelled') throw invalid('Invalid value for: status');
      const iCalUID = typeof body['iCalUID'] === 'string' ? body['iCalUID'] : `${id}@google.com`;
      const now = world.clock();
      return write(calendar, { id, iCalUID, created: now, updated: now, sequence: 0 }, content);
    },
    // A cancelled event stays so unless the patch says otherwise.
    patch: (writer, before, body) => change(writer, before, merge(contentBody(before), body)),
    update: (writer, before, body) => {
      checkGuestFlags(before, body);
      return change(writer, before, body);
    },
    remove: ({ calendar }, before) => {
      if (before.status === 'cancelled') throw deleted();
      return write(calendar, { ...identityOf(before), updated: world.clock() }, { ...contentOf(before), status: 'cancelled' });
    },
  };
}

/** The event of that id as the calendar stands; 404 where it never was. */
export function findEvent(calendar: SimCalendar, id: string): EventRecord {
  const found = calendar.store.find(id);
  if (found === undefined) throw notFound();
  return found;
}

function readId(body: Json, { store }: SimCalendar): string | undefined {
  const { id, iCalUID } = body;
  if (id !== undefined && iCalUID !== undefined) throw invalid('Only one of id and iCalUID may be given.');
  if (iCalUID !== undefined && (typeof iCalUID !== 'string' || iCalUID === '')) throw invalid('Invalid value for: iCalUID');
  if (typeof iCalUID === 'string' && store.hasUid(iCalUID)) throw duplicate();
  if (id === undefined) return undefined;
  if (typeof id !== 'string' || !/^[a-v0-9]{5,1024}$/.test(id)) throw invalid('Invalid resource id value.');
  // Also the id of a deleted event stays taken.
  if (store.records.has(id)) throw duplicate();
  return id;
}

/** A PUT without the guests' flags would reset them, which only the organizer may. */
function checkGuestFlags(before: EventRecord, body: Json): void {
  if (before.details['organizer'] === undefined) return;
  const resets = guestFlags.some((flag) => before.details[flag] !== undefined && body[flag] === undefined);
  if (resets) throw new GoogleFault(403, 'forbiddenForNonOrganizer', { domain: 'calendar', message: 'Shared properties can only be changed by the organizer of the event.' });
}

const identityOf = ({ id, iCalUID, created, updated, sequence, recurringEventId, originalStart }: EventRecord): EventIdentity => ({
  id, iCalUID, created, updated, sequence,
  ...(recurringEventId === undefined || originalStart === undefined ? {} : { recurringEventId, originalStart }),
});
const contentOf = ({ status, start, end, recurrence, details }: EventRecord): EventContent => ({ status, start, end, details, ...(recurrence === undefined ? {} : { recurrence }) });

/** Moving an event raises its iCalendar sequence; a change of nothing but reminders leaves `updated` as it was. */
function progress(before: EventRecord, after: EventContent, now: number): { updated: number; sequence: number } {
  const moved = !sameTime(before.start, after.start) || !sameTime(before.end, after.end) || String(before.recurrence) !== String(after.recurrence);
  const bare = ({ reminders: _, ...rest }: Record<string, unknown>): string => JSON.stringify(rest);
  const untouched = !moved && before.status === after.status && bare(object(before.details)) === bare(object(after.details));
  const remindersOnly = untouched && JSON.stringify(before.details['reminders']) !== JSON.stringify(after.details['reminders']);
  return { updated: remindersOnly ? before.updated : now, sequence: before.sequence + (moved ? 1 : 0) };
}

/** The id of the instance of a series that began, or was to begin, at this start. */
export function instanceId(masterId: string, original: string): string {
  if (/^\d{8}(T\d{6}Z)?$/.test(original)) return `${masterId}_${original}`;
  const time = original.length === 10 ? { date: original } : { at: Date.parse(original), zone: 'UTC' };
  return `${masterId}_${instanceSuffix(time)}`;
}
