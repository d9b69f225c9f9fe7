// One calendar of a pull: its changes since the cursor, or all of it. Writes puts page by page, leaves removals to the plan, and
// returns the cursor for the caller to save last.
import { CalendarError, type Calendars, type Page, type Present, type RemoteItem, type Window } from '../calendars/port.ts';
import { seconds } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { ConnectionCalendar } from '../platform/connections.ts';
import type { InTurn } from '../platform/in-turn.ts';
import type { Lease } from '../platform/lease.ts';
import { asStored, differs, type BusyRows, type CalendarPlace, type StoredRow } from './busy-rows.ts';
import type { BusyNews } from './busy-news.ts';
import type { PullPlan, Put, SeenMark } from './pull-plan.ts';
import type { CursorRow } from './sync-state.ts';

/** Recognises events of ours, which carry their mark where the provider shows it, and a pointer in our tables where not. */
export interface RecogniseOwn {
  (place: CalendarPlace, items: readonly Present[], calendars: Calendars): Promise<ReadonlyMap<string, SeenMark>>;
}

export interface CalendarPull {
  readonly place: CalendarPlace;
  readonly calendar: ConnectionCalendar;
  readonly calendars: Calendars;
  readonly rows: BusyRows;
  readonly recognise: RecogniseOwn;
  readonly plan: PullPlan;
  readonly news: BusyNews;
  readonly lease: Lease;
  /** What a complete list asks for. */
  readonly window: Window;
  readonly now: number;
  /** A complete list keeps every row in memory. */
  readonly listing: InTurn;
}

export type CalendarPulled =
  | { readonly outcome: 'read'; readonly cursor: CursorRow; readonly items: number }
  /** A complete list came back empty though busy rows live: believed only if it stays so. */
  | { readonly outcome: 'quarantined'; readonly cursor: CursorRow };

const writesAtOnce = 40;
const quarantinedRows = 3;
const quarantineTime = seconds(60);

/** `list` forces a complete list; so do a missing cursor, one that the provider forgot, one of a calendar that did not block then, and a calendar whose zone has changed. */
export async function pullCalendar(pull: CalendarPull, row: CursorRow, list: boolean): Promise<CalendarPulled> {
  if (!pull.calendar.blocks && row.cursor !== undefined && row.blocks !== 0) await unblock(pull);
  if (!list && !(pull.calendar.blocks && row.blocks === 0) && row.cursor !== undefined && row.windowFrom !== undefined && row.windowTo !== undefined) {
    const pulled = await pullChanges(pull, { ...row, cursor: row.cursor, window: { from: row.windowFrom, to: row.windowTo } });
    if (pulled) return pulled;
  }
  return pull.listing(() => pullEverything(pull, row));
}

async function pullChanges(pull: CalendarPull, row: CursorRow & { cursor: string; window: Window }): Promise<CalendarPulled | undefined> {
  const { calendars, calendar, lease, rows, place, plan, now } = pull;
  let next: string | undefined;
  let items = 0;
  try {
    for await (const page of calendars.changes(calendar, row.cursor, row.window)) {
      if (zoneChanged(row, page)) return undefined;
      const { puts, series } = await decide(pull, page, { window: row.window, complete: false });
      await eachConcurrently(puts, writesAtOnce, async (put) => void (await rows.put(place, put, lease.fence, pull.news)));
      const named = new Set(puts.map(({ rowKey }) => rowKey));
      await eachConcurrently(series, writesAtOnce, (one) => replaceSeries(pull, one, named));
      items += page.items.length;
      next = page.cursor;
    }
  } catch (error) {
    if (error instanceof CalendarError && error.kind === 'cursor_gone') return undefined;
    throw error;
  }
  await sweepStrays(rows, plan, place);
  return { outcome: 'read', items, cursor: cursorAfter(row, { cursor: next, window: row.window, now }) };
}

async function pullEverything(pull: CalendarPull, row: CursorRow): Promise<CalendarPulled> {
  const { calendars, calendar, rows, place, plan, window, now } = pull;
  const there = calendar.blocks ? await rows.ofCalendar(place) : new Map<string, StoredRow>();
  const unnamed = new Set(there.keys());
  let next: string | undefined;
  let zone = row.zone;
  let items = 0;
  for await (const page of calendars.everything(calendar, window)) {
    const { puts, free } = await decide(pull, page, { window, complete: true });
    await putNew(pull, puts, there);
    for (const { rowKey } of puts) unnamed.delete(rowKey);
    for (const rowKey of free) if (there.has(rowKey)) unnamed.add(rowKey);
    items += page.items.filter((item) => item.kind !== 'gone').length;
    next = page.cursor;
    zone = page.zone ?? zone;
  }
  if (items === 0 && doubtful(there, row, now)) return { outcome: 'quarantined', cursor: { ...row, emptySince: row.emptySince ?? now } };
  plan.sweep(place, unnamed);
  plan.lists.push({ place, window });
  return { outcome: 'read', items, cursor: cursorAfter({ ...(zone !== undefined && { zone }) }, { cursor: next, window, now }) };
}

/** Writes what differs from what lies there, as far as this list knows. After taking over a lease the rest too: a zombie may still be writing old rows. */
async function putNew({ rows, place, lease, news }: CalendarPull, puts: readonly Put[], there: Map<string, StoredRow>): Promise<void> {
  const wanted: Put[] = [];
  for (const put of puts) {
    const before = there.get(put.rowKey);
    if (lease.takenOver || differs(place, put, before)) wanted.push(put);
    else news.put(put, before);
  }
  await eachConcurrently(wanted, writesAtOnce, async (put) => void (await rows.put(place, put, lease.fence, news)));
  for (const put of wanted) there.set(put.rowKey, asStored(place, put, lease.fence));
}

/** Asks whose each event is, then lets the plan decide the page. */
async function decide(pull: CalendarPull, { items }: Page, { window, complete }: { window: Window; complete: boolean }) {
  const ours = await pull.recognise(pull.place, items.flatMap(presents), pull.calendars);
  return pull.plan.page(pull.place, items, { window, complete, blocks: pull.calendar.blocks, ours });
}

/** It blocks no more: its rows go with the other removals of this pull. */
async function unblock({ rows, place, plan }: CalendarPull): Promise<void> {
  plan.sweep(place, (await rows.ofCalendar(place)).keys());
}

const presents = (item: RemoteItem): readonly Present[] => (item.kind === 'present' ? [item] : item.kind === 'series' ? item.members : []);

/** Graph tells nothing of a deleted occurrence: whatever of the series the new set does not hold is swept. */
async function replaceSeries({ rows, place, plan }: CalendarPull, series: string, named: ReadonlySet<string>): Promise<void> {
  plan.sweep(place, (await rows.ofSeries(place, series)).filter((rowKey) => !named.has(rowKey)));
}

/** A delta may name hundreds of instances far outside the window, and names each booking of ours: only those that have a row are removed. */
async function sweepStrays(rows: BusyRows, plan: PullPlan, place: CalendarPlace): Promise<void> {
  const here = [...plan.strays].flatMap(([rowKey, of]) => (of.calendarKey === place.calendarKey ? [rowKey] : []));
  if (here.length > 0) plan.sweep(place, await rows.live(place, here));
}

const zoneChanged = (row: CursorRow, page: Page): boolean => page.zone !== undefined && row.zone !== undefined && page.zone !== row.zone;

function doubtful(there: ReadonlyMap<string, StoredRow>, row: CursorRow, now: number): boolean {
  const future = [...there.values()].filter(({ end }) => end > now).length;
  return future >= quarantinedRows && !(row.emptySince !== undefined && now - row.emptySince >= quarantineTime);
}

/** A read that is complete has a cursor: without one the provider stopped half way. */
function cursorAfter(row: Pick<CursorRow, 'zone'>, { cursor, window, now }: { cursor: string | undefined; window: Window; now: number }): CursorRow {
  if (cursor === undefined) throw new CalendarError('unavailable', { reason: 'no cursor on the last page' });
  return { cursor, windowFrom: window.from, windowTo: window.to, lastRead: now, ...(row.zone !== undefined && { zone: row.zone }) };
}
