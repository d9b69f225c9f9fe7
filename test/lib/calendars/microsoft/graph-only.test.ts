// What only Graph does, over the simulator: bare occurrences, series replaced as a set, tombstones that mean two things.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dateSpan } from '../../../../lib/calendars/all-day.ts';
import { transactionIdOf } from '../../../../lib/calendars/microsoft/identity.ts';
import type { RemoteItem } from '../../../../lib/calendars/port.ts';
import { days, hours } from '../../../../lib/platform/clock.ts';
import { localTime, microsoftWorld } from '../../../contracts/microsoft-world.ts';
import type { MicrosoftWorld } from '../../../contracts/microsoft-world.ts';
import type { Overlay } from '../../../contracts/overlay.ts';
import { overlay, startsOf } from '../../../contracts/overlay.ts';

let world: MicrosoftWorld;
beforeEach(async () => {
  world = await microsoftWorld({ pageSize: 3 });
});
afterEach(() => world.close());

const everything = (): Promise<Overlay> => overlay(world.open().everything(world.calendar, world.window));
const changes = (before: Overlay): Promise<Overlay> => overlay(world.open().changes(world.calendar, before.cursor, world.window), before);
const soon = (n = 1) => ({ start: world.clock() + hours(n), end: world.clock() + hours(n + 1) });
const itemsOf = ({ pages }: Overlay): RemoteItem[] => pages.flatMap(({ items }) => [...items]);
const patch = (eventId: string, body: object): void => void world.simulator.human({ account: world.account, action: 'patch', eventId, body: { ...body } });
const blocking = ({ items }: Overlay): boolean[] => [...items.values()].map(({ blocks }) => blocks);
const requestsTo = (pattern: RegExp) => world.simulator.requests.filter(({ path }) => pattern.test(path));
const idAt = ({ items }: Overlay, n: number): string => [...items.values()].sort((a, b) => a.start - b.start)[n]?.id ?? '';

describe('the occurrences of a series', () => {
  it('block as their series does, although they say nothing of themselves', async () => {
    await world.human.insertSeries(soon(), 4);
    const listed = await everything();
    expect(blocking(listed)).toEqual([true, true, true, true]);
    expect(requestsTo(/\/events\//)).toHaveLength(1);
  });

  it.each([{ showAs: 'free' }, { showAs: 'workingElsewhere' }, { responseStatus: { response: 'declined' }, isOrganizer: false }, { isCancelled: true }])(
    'do not block where their series does not, for %j',
    async (status) => {
      const series = await world.human.insertSeries(soon(), 3);
      patch(series, status);
      const listed = await everything();
      expect(blocking(listed)).toEqual([false, false, false]);
    },
  );

  it('follow their series when only its status changes', async () => {
    const series = await world.human.insertSeries(soon(), 3);
    const listed = await everything();
    patch(series, { showAs: 'free' });
    const freed = await changes(listed);
    expect(blocking(freed)).toEqual([false, false, false]);
    expect(itemsOf(freed).map(({ kind }) => kind)).toEqual(['gone', 'series']);
  });

  it('stand apart where one was moved and shown as free', async () => {
    const series = await world.human.insertSeries(soon(), 3);
    const listed = await everything();
    const second = [...listed.items.values()].sort((a, b) => a.start - b.start)[1];
    const start = (second?.start ?? 0) + hours(3);
    patch(second?.id ?? '', { start: localTime(start), end: localTime(start + hours(1)), showAs: 'free' });
    for (const now of [await everything(), await changes(listed)]) {
      expect(now.items.get(second?.id ?? '')).toMatchObject({ start, blocks: false, series });
      expect(blocking(now).filter(Boolean)).toHaveLength(2);
      expect(now.items.size).toBe(3);
    }
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('lose one that is cancelled, with a tombstone for it: %s, with a row of its series: %s', async (told, seriesMasterRows) => {
    Object.assign(world.simulator.behaviour, { occurrenceTombstones: told, seriesMasterRows });
    await world.human.insertSeries(soon(), 4);
    const listed = await everything();
    const cancelled = idAt(listed, 1);
    world.simulator.human({ account: world.account, action: 'delete', eventId: cancelled });
    const delta = await changes(listed);
    expect(itemsOf(delta).some((item) => item.kind === 'gone' && item.id === cancelled)).toBe(told);
    expect([...delta.items.keys()].sort()).toEqual([...listed.items.keys()].filter((id) => id !== cancelled).sort());
  });

  it.each([true, false])('vanish with their series, told by the master alone: %s', async (masterTombstoneOnly) => {
    world.simulator.behaviour.masterTombstoneOnly = masterTombstoneOnly;
    const series = await world.human.insertSeries(soon(), 3);
    const listed = await everything();
    await world.human.remove(series);
    const delta = await changes(listed);
    expect(delta.items.size).toBe(0);
    expect(itemsOf(delta)).toContainEqual({ kind: 'series', series, members: [] });
  });

  it('come out as they are although rows come in any order, twice, and as they were before', async () => {
    Object.assign(world.simulator.behaviour, { shuffled: true, replays: 0.7, emptyPages: 0.3 });
    const series = await world.human.insertSeries(soon(), 5);
    const listed = await everything();
    const to = soon(6);
    patch(series, { start: localTime(to.start), end: localTime(to.end) });
    const delta = await changes(listed);
    expect(itemsOf(delta).filter(({ kind }) => kind === 'series')).toHaveLength(1);
    expect(startsOf(delta)[0]).toBe(to.start);
    expect(startsOf(delta)).toEqual(startsOf(await everything()));
  });
});

describe('an event outside the window', () => {
  it('is gone once it is moved out, and back once it is moved in', async () => {
    const id = await world.human.insert(soon());
    const listed = await everything();
    await world.human.move(id, { start: world.window.to + days(1), end: world.window.to + days(2) });
    const left = await changes(listed);
    expect(itemsOf(left)).toContainEqual({ kind: 'gone', id });
    expect(left.items.size).toBe(0);
    await world.human.move(id, soon(2));
    expect((await changes(left)).items.get(id)).toMatchObject(soon(2));
  });

  it('is told as gone although it was never there, while a read still finds it', async () => {
    const listed = await everything();
    const id = await world.human.insert({ start: world.window.to + days(1), end: world.window.to + days(2) });
    const delta = await changes(listed);
    expect(itemsOf(delta)).toContainEqual({ kind: 'gone', id });
    expect(await world.open().read(world.calendar, id)).toMatchObject({ id, cancelled: false, start: world.window.to + days(1) });
  });
});

describe('an all-day event', () => {
  const dates = { start: { dateTime: '2026-03-29T00:00:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2026-03-30T00:00:00', timeZone: 'Europe/Berlin' } };
  const insert = (body: object): string => String(world.simulator.human({ account: world.account, action: 'insert', body: { isAllDay: true, ...dates, ...body } })['id']);

  it('covers its day of 23 hours in the zone in which it was made', async () => {
    const id = insert({});
    expect((await everything()).items.get(id)).toMatchObject(dateSpan('2026-03-29', '2026-03-30', 'Europe/Berlin') ?? {});
  });

  it('covers its date in the professional’s zone where its own is made up', async () => {
    const id = insert({ originalStartTimeZone: 'tzone://Microsoft/Custom' });
    const { items } = await overlay(world.open({ zone: 'America/New_York' }).everything(world.calendar, world.window));
    expect(items.get(id)).toMatchObject(dateSpan('2026-03-29', '2026-03-30', 'America/New_York') ?? {});
  });

  it('covers its days in a series across the change of clocks', async () => {
    const pattern = { type: 'daily', interval: 1 };
    const range = { type: 'numbered', startDate: '2026-03-28', numberOfOccurrences: 3, recurrenceTimeZone: 'Europe/Berlin' };
    insert({ start: { ...dates.start, dateTime: '2026-03-28T00:00:00' }, end: { ...dates.end, dateTime: '2026-03-29T00:00:00' }, recurrence: { pattern, range } });
    const listed = await everything();
    const expected = ['2026-03-28', '2026-03-29', '2026-03-30'].map((date, n) => dateSpan(date, `2026-03-${String(29 + n)}`, 'Europe/Berlin'));
    expect([...listed.items.values()].map(({ start, end }) => ({ start, end }))).toEqual(expected);
  });
});

describe('an event of ours in a Microsoft calendar', () => {
  const identity = () => ({ connectionId: 'c-1', calendarId: world.calendar.id, bookingId: 'b|1', generation: 2 });
  const wish = (version: number) => ({ title: 'Haircut', start: new Date(soon().start).toISOString(), end: new Date(soon().end).toISOString(), version });

  it('is told by its transactionId in a list, and by its mark in a read, under one and the same immutable id', async () => {
    const answer = await world.open().create(world.calendar, identity(), wish(1));
    const id = answer.outcome === 'created' ? answer.event.id : '';
    const { items } = await everything();
    expect(items.get(id)).toMatchObject({ transactionId: transactionIdOf(identity()), blocks: true });
    expect(await world.open().find(world.calendar, identity())).toMatchObject({ id, mark: { bookingId: 'b|1', generation: 2, version: 1 } });
    const asked = world.simulator.requests.filter(({ path }) => path.startsWith('/v1.0/me'));
    expect(asked.every(({ headers }) => headers['prefer']?.includes('IdType="ImmutableId"') === true)).toBe(true);
  });

  it('is made although Graph keeps its iCalendar id to itself', async () => {
    world.simulator.behaviour.iCalUIdIsNull = true;
    expect(await world.open().create(world.calendar, identity(), wish(1))).toMatchObject({ outcome: 'created', event: { icalUid: '' } });
  });

  it.each([400, 409] as const)('exists when it is created again otherwise, told by %d and named where Graph names it', async (status) => {
    Object.assign(world.simulator.behaviour, { duplicateTransactionStatus: status, duplicateTellsEventId: 1 });
    const first = await world.open().create(world.calendar, identity(), wish(1));
    const again = await world.open().create(world.calendar, identity(), { ...wish(2), title: 'Shave' });
    expect(again).toEqual({ outcome: 'exists', eventId: first.outcome === 'created' ? first.event.id : '' });
  });

  it('exists no more once a person has deleted it, although its transactionId stays taken', async () => {
    const first = await world.open().create(world.calendar, identity(), wish(1));
    await world.human.remove(first.outcome === 'created' ? first.event.id : '');
    expect((await world.open().create(world.calendar, identity(), wish(2))).outcome).toBe('exists');
    expect(await world.open().find(world.calendar, identity())).toBeUndefined();
  });

  it('is read as cancelled where Graph still shows what lies in the bin', async () => {
    world.simulator.behaviour.deletedEventsReadable = true;
    const first = await world.open().create(world.calendar, identity(), wish(1));
    const id = first.outcome === 'created' ? first.event.id : '';
    await world.human.remove(id);
    expect(await world.open().read(world.calendar, id)).toMatchObject({ id, cancelled: true });
  });

  it('takes times again after a person made it last all day', async () => {
    const first = await world.open().create(world.calendar, identity(), wish(1));
    const id = first.outcome === 'created' ? first.event.id : '';
    patch(id, { isAllDay: true, start: { dateTime: '2026-03-26T00:00:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2026-03-27T00:00:00', timeZone: 'Europe/Berlin' } });
    expect(await world.open().update(world.calendar, id, identity(), wish(2))).toMatchObject({ outcome: 'updated' });
    expect(await world.open().read(world.calendar, id)).toMatchObject({ ...soon(), mark: { version: 2 } });
  });

  it('cannot be written to a calendar that is only to be read', async () => {
    const team = (await world.open().list()).find(({ writable }) => !writable)?.id ?? '';
    const written = world.open().create({ id: team, key: 'k' }, { ...identity(), calendarId: team }, wish(1));
    await expect(written).rejects.toMatchObject({ kind: 'unreadable', status: 403 });
  });
});
