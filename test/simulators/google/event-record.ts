// An event as the simulated calendar keeps it. Records are never changed in place: pages of a running list hold on to old ones.
import { instantOfWall, toLocal, wallOf } from '../zones.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A timed point, with the zone that the event shows it in; or a whole day, which has no zone of its own. */
export type EventTime = { readonly at: number; readonly zone: string } | { readonly date: string };

export type EventStatus = 'confirmed' | 'tentative' | 'cancelled';

/** What a writer decides. */
export interface EventContent {
  readonly status: EventStatus;
  readonly start: EventTime;
  readonly end: EventTime;
  /** RRULE, EXRULE, RDATE and EXDATE lines; only a master of a series has them. */
  readonly recurrence?: readonly string[];
  /** Everything else that can be written, as the API shapes it. */
  readonly details: Json;
}

/** A single event, the master of a series, an exception to one, or an instance made up from its master. */
export interface EventRecord extends EventContent {
  readonly id: string;
  readonly iCalUID: string;
  /** The calendar's count of changes when this was last written. */
  readonly seq: number;
  readonly etag: string;
  readonly created: number;
  readonly updated: number;
  readonly sequence: number;
  readonly recurringEventId?: string;
  readonly originalStart?: EventTime;
}

export const object = (value: unknown): Json => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {});
export const isSeries = (record: EventContent): boolean => record.recurrence !== undefined && record.recurrence.length > 0;

/** The instant at which a point lies; a whole day begins at midnight of the calendar's zone. */
export const instantOf = (time: EventTime, calendarZone: string): number => ('date' in time ? instantOfWall(wallOf(time.date), calendarZone) : time.at);

/** The suffix of an instance's id: its original start in UTC. */
export const instanceSuffix = (original: EventTime): string =>
  'date' in original ? original.date.replaceAll('-', '') : `${new Date(original.at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

/** The wall clock of a timed point in its own zone, or of a date, as if UTC. */
export const wallOfTime = (time: EventTime): number => ('date' in time ? wallOf(time.date) : wallOf(toLocal(time.at, time.zone)));

export const sameTime = (a: EventTime, b: EventTime): boolean => ('date' in a ? 'date' in b && a.date === b.date : !('date' in b) && a.at === b.at && a.zone === b.zone);
