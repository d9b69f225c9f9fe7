// What a pull has to say of events of ours, and of new busy time, to the room that writes them.
import type { Calendars } from '../calendars/port.ts';
import type { Connection } from '../platform/connections.ts';
import type { NewBusy } from './busy-news.ts';
import type { RecogniseOwn } from './pull-calendar.ts';
import type { Absence, CompleteList, Sighting } from './pull-plan.ts';

/** What outbound tells and is told of events of ours; wired in functions/, as rooms don't import each other. */
export interface OwnEvents {
  readonly recognise: RecogniseOwn;
  /** After the rows are in order and before the cursors move: what has become of events of ours. */
  report(news: OwnNews): Promise<{ /** Only a complete list shows it again. */ readonly lookAgain: boolean }>;
  /** Busy time has changed: which bookings it lies over. */
  busyChanged(change: BusyChange): Promise<void>;
}

export interface BusyChange {
  readonly connection: Connection;
  /** Busy time that is new, or elsewhere than before. */
  readonly added: readonly NewBusy[];
  /** The same for a repeated attempt of the same pull. */
  readonly cause: string;
}

export interface OwnNews {
  readonly connection: Connection;
  readonly sightings: readonly Sighting[];
  readonly absences: readonly Absence[];
  readonly lists: readonly CompleteList[];
  readonly calendars: Calendars;
}
