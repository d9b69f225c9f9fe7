import { describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { dateSpan } from '../../lib/calendars/all-day.ts';
import type { Page } from '../../lib/calendars/port.ts';
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import type { UseWorld, World } from './calendar-world.ts';
import { overlay, startsOf } from './overlay.ts';

const everything = (world: World) => world.open().everything(world.calendar, world.window);
const changes = (world: World, cursor: string) => world.open().changes(world.calendar, cursor, world.window);
const hoursFromNow = (world: World, n: number, length = 1) => {
  const start = world.clock() + hours(n);
  return { start, end: start + hours(length) };
};
const insertAt = async (world: World, ...at: number[]): Promise<string[]> => {
  const ids: string[] = [];
  for (const n of at) ids.push(await world.human.insert(hoursFromNow(world, n)));
  return ids;
};
const cursorsOf = (pages: readonly Page[]) => pages.map(({ cursor }) => cursor !== undefined);

function listsTheWindow(use: UseWorld): void {
  it('lists every page, and gives the cursor with the last alone', async () => {
    const world = use();
    const ids = await insertAt(world, 1, 2, 3, 4, 5);
    const listed = await overlay(everything(world));
    expect([...listed.items.keys()].sort()).toEqual(ids.sort());
    expect(listed.pages.length).toBeGreaterThan(1);
    expect(cursorsOf(listed.pages)).toEqual(listed.pages.map((_, n) => n === listed.pages.length - 1));
  });

  it('goes on after an empty page', async () => {
    const world = use();
    const ids = await insertAt(world, 1, 2, 3);
    world.faults.emptyPage();
    const listed = await overlay(everything(world));
    expect([...listed.items.keys()].sort()).toEqual(ids.sort());
    expect(listed.pages.slice(0, -1).some(({ items }) => items.length === 0)).toBe(true);
  });

  it('lists an empty calendar as one that is empty, with a cursor', async () => {
    const listed = await overlay(everything(use()));
    expect(listed.items.size).toBe(0);
    expect(cursorsOf(listed.pages).at(-1)).toBe(true);
  });

  it('lists what overlaps the window, not what starts in it', async () => {
    const world = use();
    const { from, to } = world.window;
    const running = await world.human.insert({ start: from - hours(2), end: from + hours(1) });
    const late = await world.human.insert({ start: to - hours(1), end: to + hours(2) });
    await world.human.insert({ start: from - hours(3), end: from - hours(1) });
    await world.human.insert({ start: to + hours(1), end: to + hours(3) });
    expect([...(await overlay(everything(world))).items.keys()].sort()).toEqual([running, late].sort());
  });

  it('refuses a calendar that does not exist as unreadable', async () => {
    const world = use();
    const listing = overlay(world.open().everything(world.missingCalendar, world.window));
    await expect(listing).rejects.toMatchObject({ name: 'CalendarError', kind: 'unreadable' });
  });
}

function understandsEvents(use: UseWorld): void {
  it('gives start, end and whether it blocks', async () => {
    const world = use();
    const busy = hoursFromNow(world, 1);
    const free = { ...hoursFromNow(world, 3), free: true };
    const [busyId, freeId] = [await world.human.insert(busy), await world.human.insert(free)];
    const { items } = await overlay(everything(world));
    expect(items.get(busyId)).toMatchObject({ kind: 'present', ...busy, blocks: true });
    expect(items.get(freeId)).toMatchObject({ start: free.start, end: free.end, blocks: false });
  });

  it('gives an all-day event the days of the calendar’s own zone', async () => {
    const world = use();
    const today = new Date(world.clock()).toISOString().slice(0, 10);
    const later = new Date(world.clock() + days(2)).toISOString().slice(0, 10);
    const id = await world.human.insertAllDay(today, later);
    const { items } = await overlay(everything(world));
    expect(items.get(id)).toMatchObject(dateSpan(today, later, world.zone) ?? { start: 'a date' });
  });

  it('expands a series at the same time by the clock on the wall, and its removal removes all of it', async () => {
    const world = use();
    const first = hoursFromNow(world, 1);
    const series = await world.human.insertSeries(first, 4);
    const listed = await overlay(everything(world));
    const onTheWall = DateTime.fromMillis(first.start, { zone: world.zone });
    expect(startsOf(listed)).toEqual([0, 1, 2, 3].map((weeks) => onTheWall.plus({ weeks }).toMillis()));
    expect([...listed.items.values()].every(({ blocks }) => blocks)).toBe(true);
    await world.human.remove(series);
    expect(startsOf(await overlay(changes(world, listed.cursor), listed))).toEqual([]);
  });
}

function followsChanges(use: UseWorld): void {
  it('tells what was added, moved and deleted since the cursor, and nothing else', async () => {
    const world = use();
    const [kept, moved, deleted] = await insertAt(world, 1, 2, 3);
    const listed = await overlay(everything(world));
    const added = await world.human.insert(hoursFromNow(world, 4));
    const to = { start: world.clock() + hours(9), end: world.clock() + hours(9) + minutes(30) };
    await world.human.move(moved ?? '', to);
    await world.human.remove(deleted ?? '');
    const delta = await overlay(changes(world, listed.cursor));
    expect([...delta.items.keys()].sort()).toEqual([added, moved].sort());
    expect(delta.items.get(moved ?? '')).toMatchObject(to);
    expect(delta.pages.flatMap(({ items }) => items).filter(({ kind }) => kind === 'gone')).toEqual([{ kind: 'gone', id: deleted }]);
    const now = await overlay(changes(world, listed.cursor), listed);
    expect([...now.items.keys()].sort()).toEqual([kept, moved, added].sort());
  });

  it('has nothing to tell where nothing changed, and gives a cursor all the same', async () => {
    const world = use();
    await insertAt(world, 1);
    const { cursor } = await overlay(everything(world));
    const quiet = await overlay(changes(world, cursor));
    expect(quiet.pages.flatMap(({ items }) => items)).toEqual([]);
    expect(cursorsOf(quiet.pages).at(-1)).toBe(true);
    await insertAt(world, 2);
    expect((await overlay(changes(world, quiet.cursor))).items.size).toBe(1);
  });

  it('follows many changes over several pages, one of them empty', async () => {
    const world = use();
    const { cursor } = await overlay(everything(world));
    const ids = await insertAt(world, 1, 2, 3, 4, 5);
    world.faults.emptyPage();
    const delta = await overlay(changes(world, cursor));
    expect([...delta.items.keys()].sort()).toEqual(ids.sort());
    expect(cursorsOf(delta.pages).filter(Boolean)).toHaveLength(1);
  });

  it('says that a cursor is gone, whether it has expired or was never given', async () => {
    const world = use();
    const { cursor } = await overlay(everything(world));
    world.faults.expireCursors();
    await expect(overlay(changes(world, cursor))).rejects.toMatchObject({ name: 'CalendarError', kind: 'cursor_gone' });
    await expect(overlay(changes(world, 'of another release'))).rejects.toMatchObject({ kind: 'cursor_gone' });
  });
}

export function readsEvents(use: UseWorld): void {
  describe('listing a window', () => {
    listsTheWindow(use);
  });
  describe('understanding an event', () => {
    understandsEvents(use);
  });
  describe('following changes', () => {
    followsChanges(use);
  });
}
