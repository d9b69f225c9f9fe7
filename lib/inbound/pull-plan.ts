// What a pull has decided so far, without any I/O: which rows to put now, which to remove once every put of every page of every
// calendar is made. Removing first would let a slot blink free while an event moves from one calendar, or page, to another.
import type { Present, RemoteItem, Window } from '../calendars/port.ts';
import { endOfTime } from '../platform/clock.ts';
import { rowKeyOf, type BusyRow, type CalendarPlace } from './busy-rows.ts';
import { overlaps } from './window.ts';

/** Which booking an event of ours stands for, and the version it shows, where the provider tells it. */
export interface SeenMark {
  readonly bookingId: string;
  readonly generation?: number;
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

export interface CompleteList {
  readonly place: CalendarPlace;
  readonly window: Window;
}

/** A row, and the key that it lies under. */
export interface Put extends BusyRow {
  readonly rowKey: string;
}

export interface PageDecision {
  readonly puts: readonly Put[];
  /** Series whose rows are replaced as a set by what `puts` holds of them. */
  readonly series: readonly string[];
  /** Row keys that a complete list has named and that must not lie there: not busy, ours, outside, or gone again. */
  readonly free: readonly string[];
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
  /** Calendars that were listed completely. */
  readonly lists: CompleteList[] = [];
  readonly #newest = new Map<string, number>();

  page(place: CalendarPlace, items: readonly RemoteItem[], view: PageView): PageDecision {
    const puts = new Map<string, Put>();
    const series: string[] = [];
    const free = new Set<string>();
    for (const item of items) {
      if (item.kind === 'series') {
        if (view.blocks && !view.complete) series.push(item.series);
        for (const member of item.members) this.#present(place, member, { view, puts, free });
      } else if (item.kind === 'gone') {
        if (view.blocks) this.#drop(rowKeyOf(place, item.id), place, { view, puts, free });
        if (!view.complete) this.absences.push({ place, eventId: item.id });
      } else this.#present(place, item, { view, puts, free });
    }
    return { puts: [...puts.values()], series, free: [...free] };
  }

  /** Rows that the provider no longer has: those a complete list, or the set of a series, did not name. */
  sweep(place: CalendarPlace, rowKeys: Iterable<string>): void {
    for (const rowKey of rowKeys) this.removals.set(rowKey, place);
  }

  #present(place: CalendarPlace, item: Present, page: PageSoFar): void {
    const { view, puts, free } = page;
    const rowKey = rowKeyOf(place, item.id);
    if (item.modified !== undefined) {
      // Graph replays entities within a round, in no order: the newest wins.
      if (item.modified < (this.#newest.get(rowKey) ?? -Infinity)) return;
      this.#newest.set(rowKey, item.modified);
    }
    const mark = view.ours.get(item.id);
    if (mark) this.sightings.push({ place, item, mark });
    if (!view.blocks) return;
    const stray = mark !== undefined || !overlaps(item, view.window);
    if (!stray && item.blocks) {
      this.removals.delete(rowKey);
      this.strays.delete(rowKey);
      free.delete(rowKey);
      puts.set(rowKey, { rowKey, eventId: item.id, start: item.start, end: Math.min(item.end, endOfTime), ...(item.series !== undefined && { series: item.series }) });
    } else if (stray && !view.complete) {
      puts.delete(rowKey);
      this.strays.set(rowKey, place);
    } else this.#drop(rowKey, place, page);
  }

  #drop(rowKey: string, place: CalendarPlace, { view, puts, free }: PageSoFar): void {
    puts.delete(rowKey);
    if (view.complete) free.add(rowKey);
    else this.removals.set(rowKey, place);
  }
}

/** What is decided of a page, item by item. */
interface PageSoFar {
  readonly view: PageView;
  readonly puts: Map<string, Put>;
  readonly free: Set<string>;
}
