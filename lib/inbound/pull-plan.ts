// What a pull has decided so far, without any I/O: which rows to put now, which to remove once every put of every page of every
// calendar is made. Removing first would let a slot blink free while an event moves from one calendar, or page, to another.
import type { Present, RemoteItem, Window } from '../calendars/port.ts';
import { rowKeyOf, type BusyRow, type CalendarPlace } from './busy-rows.ts';
import { overlaps } from './window.ts';

/** Which booking an event of ours stands for, and the version it shows, where the provider tells it. */
export interface SeenMark {
  readonly bookingId: string;
  readonly version?: number;
}

/** News of an event of ours. */
export interface Sighting {
  readonly place: CalendarPlace;
  readonly item: Present;
  readonly mark: SeenMark;
}
/** An id that is gone from its calendar: perhaps an event of ours that a person deleted. */
export interface Absence {
  readonly place: CalendarPlace;
  readonly eventId: string;
}

export interface PageDecision {
  readonly puts: readonly BusyRow[];
  /** Series whose rows are replaced as a set by what `puts` holds of them. */
  readonly series: readonly string[];
}

/** How a page is to be read. */
export interface PageView {
  readonly window: Window;
  /** The calendar's busy time blocks slots; else only news of our events counts. */
  readonly blocks: boolean;
  /** A complete list: what it does not name is swept at its end, so nothing needs removing one by one. */
  readonly complete: boolean;
  /** Those of the page's events that are ours, by id: the booking itself blocks. */
  readonly ours: ReadonlyMap<string, SeenMark>;
}

export class PullPlan {
  /** Row keys to remove, each with whose row it is. Of one id the last page stands. */
  readonly removals = new Map<string, CalendarPlace>();
  /** Rows to remove only where there is one: events outside the window, as Google's deltas reach decades ahead, and ours. */
  readonly strays = new Map<string, CalendarPlace>();
  readonly sightings: Sighting[] = [];
  readonly absences: Absence[] = [];
  readonly #newest = new Map<string, number>();

  page(place: CalendarPlace, items: readonly RemoteItem[], view: PageView): PageDecision {
    const puts = new Map<string, BusyRow>();
    const series: string[] = [];
    for (const item of items) {
      if (item.kind === 'series') {
        if (view.blocks && !view.complete) series.push(item.series);
        for (const member of item.members) this.#present(place, member, { view, puts });
      } else if (item.kind === 'gone') {
        if (view.blocks && !view.complete) this.#forget(rowKeyOf(place, item.id), place, puts);
        if (!view.complete) this.absences.push({ place, eventId: item.id });
      } else this.#present(place, item, { view, puts });
    }
    return { puts: [...puts.values()], series };
  }

  /** Rows that the provider no longer has: those a complete list, or the set of a series, did not name. */
  sweep(place: CalendarPlace, rowKeys: Iterable<string>): void {
    for (const rowKey of rowKeys) this.removals.set(rowKey, place);
  }

  #present(place: CalendarPlace, item: Present, { view, puts }: { view: PageView; puts: Map<string, BusyRow> }): void {
    const rowKey = rowKeyOf(place, item.id);
    if (item.modified !== undefined) {
      // Graph replays entities within a round, in no order: the newest wins.
      if (item.modified < (this.#newest.get(rowKey) ?? -Infinity)) return;
      this.#newest.set(rowKey, item.modified);
    }
    const mark = view.ours.get(item.id);
    if (mark) this.sightings.push({ place, item, mark });
    if (!view.blocks) return;
    if (mark || !overlaps(item, view.window)) {
      puts.delete(rowKey);
      if (!view.complete) this.strays.set(rowKey, place);
    } else if (item.blocks) {
      this.removals.delete(rowKey);
      this.strays.delete(rowKey);
      puts.set(rowKey, { eventId: item.id, start: item.start, end: item.end, ...(item.series !== undefined && { series: item.series }) });
    } else if (view.complete) puts.delete(rowKey);
    else this.#forget(rowKey, place, puts);
  }

  #forget(rowKey: string, place: CalendarPlace, puts: Map<string, BusyRow>): void {
    puts.delete(rowKey);
    this.removals.set(rowKey, place);
  }
}
