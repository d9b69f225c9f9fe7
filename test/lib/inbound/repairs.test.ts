import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { days, hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { busyRows, rowKeyOf, type CalendarPlace } from '../../../lib/inbound/busy-rows.ts';
import { nextRoll } from '../../../lib/inbound/due.ts';
import { live } from '../../support/mortal.ts';
import { busy, health, isDirty, mark, notice, part, stateOf, told, truth } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.hints.length = 0;
  world.microsoft.behaviour.replays = 0;
  world.microsoft.behaviour.shuffled = false;
});

const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });
const placeOf = ({ providerId, id, provider, calendars }: Connected): CalendarPlace => ({ providerId, connectionId: id, calendarId: calendars[0]?.id ?? '', calendarKey: calendars[0]?.key ?? '', calendarProvider: provider });
const cursorOf = async (ada: Connected) => (await stateOf(world, ada)).cursors.get(ada.calendars[0]?.key ?? '');
const expire = (ada: Connected): void => (ada.provider === 'google' ? world.google.expireSyncTokens() : world.microsoft.expireDeltaTokens(ada.account));

describe.each(['google', 'microsoft'] as const)('after a worker at %s died with its lease', (provider) => {
  it('the next takes over, is due for a complete list ten minutes later, and that removes what a zombie made anew', async () => {
    const ada = await world.connect(provider);
    const event = ada.person.add(inHours(100));
    await pull(world, ada.id);
    ada.person.move(event, inHours(120));
    await notice(world, ada);
    await expect(pull(world, ada.id, live({ at: 5, how: 'after' }))).rejects.toThrow();
    const zombie = Number((await part(world, ada, 'pull'))['fence']);
    expect(await pull(world, ada.id)).toEqual({ outcome: 'held' });
    world.advance(seconds(61));
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await part(world, ada, 'pull')).toMatchObject({ dueRelist: world.clock() + minutes(10) });

    const rows = busyRows(world.tables.dynamo, world.tables.named['busy-intervals']);
    expect(await rows.put(placeOf(ada), { eventId: event, ...inHours(1) }, zombie)).toBe(false);
    expect(await rows.put(placeOf(ada), { eventId: 'made-anew', ...inHours(2) }, zombie)).toBe(true);
    const right = [...(await truth(world, ada)), told(inHours(2))].sort();
    expect(await busy(world, ada)).toEqual(right);
    world.advance(minutes(10));
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    expect(await part(world, ada, 'pull')).not.toHaveProperty('dueRelist');
  });

  it('stays due for that list where the next fails', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await mark(world, ada);
    await expect(pull(world, ada.id, live({ at: 5, how: 'after' }))).rejects.toThrow();
    world.advance(seconds(61));
    const takenAt = world.clock();
    expect(await pull(world, ada.id, live(undefined, { before: (what) => (what === 'calendar page' ? Promise.reject(new Error('no answer')) : Promise.resolve()) }))).toMatchObject({ outcome: 'failed' });
    expect(await part(world, ada, 'pull')).toMatchObject({ dueRelist: takenAt + minutes(10) });
    expect(await part(world, ada, 'pull')).not.toHaveProperty('leaseUntil');
  });

  it('a list by the next writes the unchanged rows too, so that a zombie writes over none of them', async () => {
    const ada = await world.connect(provider);
    const event = ada.person.add(inHours(100));
    await pull(world, ada.id);
    await mark(world, ada);
    await expect(pull(world, ada.id, live({ at: 5, how: 'after' }))).rejects.toThrow();
    const zombie = Number((await part(world, ada, 'pull'))['fence']);
    world.advance(seconds(61));
    expire(ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    const rows = busyRows(world.tables.dynamo, world.tables.named['busy-intervals']);
    expect(await rows.put(placeOf(ada), { eventId: event, ...inHours(1) }, zombie)).toBe(false);
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
  });

  it('a zombie puts nothing over the tombstone of a newer fence, nor moves a cursor', async () => {
    const ada = await world.connect(provider);
    const event = ada.person.add(inHours(100));
    const zombieDoes: string[] = [];
    const zombie = live(undefined, {
      before: async (what) => {
        if (what !== 'PutItem busy-intervals' || zombieDoes.length > 0) return;
        zombieDoes.push(what);
        ada.person.remove(event);
        world.advance(seconds(61));
        await notice(world, ada);
        await pull(world, ada.id);
        ada.person.add(inHours(3));
        await notice(world, ada);
        await pull(world, ada.id);
      },
    });
    const cursorAfter = async () => (await cursorOf(ada))?.cursor;
    expect(await pull(world, ada.id, zombie)).toEqual({ outcome: 'lease_lost' });
    const kept = await cursorAfter();
    world.advance(minutes(11));
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    expect(kept).toBeDefined();
    const rows = busyRows(world.tables.dynamo, world.tables.named['busy-intervals']);
    const { fence } = await part(world, ada, 'pull');
    await rows.remove(ada.providerId, rowKeyOf(placeOf(ada), 'other'), { fence: Number(fence), now: world.clock() });
    expect(await rows.put(placeOf(ada), { eventId: 'other', ...inHours(2) }, Number(fence) - 1)).toBe(false);
  });
});

describe.each(['google', 'microsoft'] as const)('a complete list of %s that comes back empty', (provider) => {
  const emptied = async (): Promise<{ ada: Connected; before: string[]; ids: string[] }> => {
    const ada = await world.connect(provider);
    const ids = [100, 102, 104].map((from) => ada.person.add(inHours(from)));
    await pull(world, ada.id);
    const before = await busy(world, ada);
    for (const id of ids) ada.person.remove(id);
    expire(ada);
    await notice(world, ada);
    return { ada, before, ids };
  };

  it('is not believed before a minute has passed, and believed then', async () => {
    const { ada, before } = await emptied();
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'quarantined' });
    expect(await busy(world, ada)).toEqual(before);
    expect(await cursorOf(ada)).toMatchObject({ emptySince: world.clock() });
    expect(world.hints).toEqual([{ hint: { v: 1, hint: 'pull', connection_id: ada.id }, delay: 61 }]);
    expect(await isDirty(world, ada)).toBe(true);
    world.advance(seconds(59));
    expect(await pull(world, ada.id)).toEqual({ outcome: 'backing_off' });
    world.advance(seconds(2));
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual([]);
    expect(await cursorOf(ada)).not.toHaveProperty('emptySince');
  });

  it('is forgotten where the next one is not empty', async () => {
    const { ada } = await emptied();
    await pull(world, ada.id);
    ada.person.add(inHours(200));
    world.advance(seconds(61));
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    expect(await cursorOf(ada)).not.toHaveProperty('emptySince');
  });
});

it('a calendar whose zone has changed is listed at once, and its all-day events move', async () => {
  const ada = await world.connect('google');
  ada.person.addAllDay('2026-04-08', '2026-04-09');
  await pull(world, ada.id);
  expect(await busy(world, ada)).toEqual(['2026-04-07T22:00/2026-04-08T22:00']);
  world.google.human({ account: ada.account, calendar: ada.calendars[0]?.id ?? '', action: 'setZone', body: { timeZone: 'America/New_York' } });
  await mark(world, ada);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toEqual(['2026-04-08T04:00/2026-04-09T04:00']);
});

it('a pull from Graph that answered a mark is followed by one more 90 seconds later, one from Google is not', async () => {
  for (const provider of ['google', 'microsoft'] as const) {
    const ada = await world.connect(provider);
    await notice(world, ada);
    await pull(world, ada.id);
    const due = (await part(world, ada, 'pull'))['dueTrailing'];
    expect(due).toBe(provider === 'google' ? undefined : world.clock() + seconds(90));
    if (provider === 'google') continue;
    world.microsoft.behaviour.deltaLagMs = 0;
    ada.person.add(inHours(50));
    world.advance(seconds(90));
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    expect(await part(world, ada, 'pull')).not.toHaveProperty('dueTrailing');
  }
});

it('once a week the window moves on: what has come into it is there, what has fallen behind is not', async () => {
  const ada = await world.connect('microsoft');
  ada.person.add(inHours(2));
  ada.person.add(inHours(24 * 190));
  await pull(world, ada.id);
  expect(await busy(world, ada)).toHaveLength(1);
  const roll = nextRoll(ada.id, world.clock());
  expect((await stateOf(world, ada)).pull.dueRoll).toBe(roll);
  world.advance(roll - world.clock() + hours(24 * 4));
  await pull(world, ada.id);
  expect((await cursorOf(ada))?.windowFrom).toBe(world.clock() - hours(24));
  expect(await busy(world, ada)).toEqual(await truth(world, ada));
});

it('an older copy that Graph replays within a round, on any page and in any order, changes nothing', async () => {
  world.microsoft.behaviour.replays = 0.9;
  world.microsoft.behaviour.shuffled = true;
  const ada = await world.connect('microsoft');
  const ids = [10, 12, 14, 16, 18].map((from) => ada.person.add(inHours(from)));
  await pull(world, ada.id);
  for (const [n, id] of ids.entries()) {
    world.advance(seconds(1));
    ada.person.move(id, inHours(30 + 2 * n));
  }
  await notice(world, ada);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toEqual(await truth(world, ada));
});

it('an event that is made to recur, and one that no longer does, leave nothing behind where they were', async () => {
  const ada = await world.connect('microsoft');
  await pull(world, ada.id);
  const event = ada.person.add(inHours(5));
  const pulled = async (): Promise<string[]> => {
    world.advance(minutes(10));
    await notice(world, ada);
    await pull(world, ada.id);
    return busy(world, ada);
  };
  expect(await pulled()).toEqual(await truth(world, ada));
  const startDate = new Date(inHours(5).start).toISOString().slice(0, 10);
  ada.person.change(event, { recurrence: { pattern: { type: 'daily', interval: 1 }, range: { type: 'numbered', startDate, numberOfOccurrences: 3, recurrenceTimeZone: 'Europe/Berlin' } } });
  expect(await pulled()).toEqual(await truth(world, ada));
  ada.person.move(event, inHours(9));
  expect(await pulled()).toEqual(await truth(world, ada));
  ada.person.change(event, { recurrence: null });
  const left = await pulled();
  expect([left, left.length]).toEqual([await truth(world, ada), 1]);
});

it('an occurrence takes its status from its series, and a series made free or shorter frees what it had', async () => {
  const ada = await world.connect('microsoft');
  const series = ada.person.addWeekly(inHours(50), 4);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toHaveLength(4);
  ada.person.change(series, { showAs: 'free' });
  await notice(world, ada);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toEqual([]);
  ada.person.change(series, { showAs: 'oof' });
  await notice(world, ada);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toHaveLength(4);
  expect(await busy(world, ada)).toEqual(await truth(world, ada));
});

describe.each(['google', 'microsoft'] as const)('a pull from %s', (provider) => {
  it('lists a calendar that could not be read when the window rolled, once it can be read', async () => {
    const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: false }, { blocks: true, receives: true }] });
    await pull(world, ada.id);
    world.advance(days(8));
    const path = encodeURIComponent(ada.calendars[0]?.id ?? '').replaceAll(/[%.]/g, '.');
    (provider === 'google' ? world.google : world.microsoft).addFault({ path, when: 'before', status: 404, times: 1, body: provider === 'google' ? { error: { code: 404, errors: [{ reason: 'notFound' }] } } : { error: { code: 'ErrorItemNotFound', message: 'No.' } } });
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'unreadable' });
    await mark(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect((await health(world, ada))?.window_to).toBe(world.clock() + days(187));
  });
});
