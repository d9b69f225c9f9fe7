// What a pull changes of the busy time that readers see, told once the rows are in order and before the cursors move. A row that an attempt
// before wrote, which never came to its cursors, is news again: a crash between rows and message loses nothing.
import type { BusyRow } from './busy-rows.ts';

export type NewBusy = Pick<BusyRow, 'eventId' | 'start' | 'end' | 'series'>;

/** What lay there before a write: a tombstone has no times. In ms. */
export interface RowBefore {
  readonly start?: number;
  readonly end?: number;
  readonly fence: number;
}

export class BusyNews {
  readonly added: NewBusy[] = [];
  #changed = false;
  readonly #finished: number;
  readonly #now: number;

  /** `finished`: the fence of the last pull that came to its end. What is past now is no news. */
  constructor({ finished, now }: { finished: number; now: number }) {
    this.#finished = finished;
    this.#now = now;
  }

  get changed(): boolean {
    return this.#changed;
  }

  put(row: NewBusy, before: RowBefore | undefined): void {
    if (before && before.start === row.start && before.end === row.end && before.fence <= this.#finished) return;
    if (Math.max(row.end, before?.end ?? 0) <= this.#now) return;
    this.#changed = true;
    this.added.push({ eventId: row.eventId, start: row.start, end: row.end, ...(row.series !== undefined && { series: row.series }) });
  }

  removed(before: RowBefore | undefined): void {
    if (before && (before.end === undefined ? before.fence > this.#finished : before.end > this.#now)) this.#changed = true;
  }
}
