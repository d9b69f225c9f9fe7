import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Calendars } from '../../lib/calendars/port.ts';
import { CalendarError } from '../../lib/calendars/port.ts';
import { hours, seconds } from '../../lib/platform/clock.ts';
import { missingEvent } from './calendar-world.ts';
import type { UseWorld, World } from './calendar-world.ts';
import { overlay } from './overlay.ts';

const identityIn = (world: World) => ({ connectionId: 'c-contract', calendarId: world.calendar.id, bookingId: 'b-1', generation: 0 });

function wish(world: World) {
  const start = world.clock() + hours(1);
  return { title: 'Haircut', start: new Date(start).toISOString(), end: new Date(start + hours(1)).toISOString(), version: 1 };
}

/** One request at least of every method that sends any. */
const methods: Readonly<Record<string, (calendars: Calendars, world: World) => Promise<unknown>>> = {
  everything: (calendars, world) => overlay(calendars.everything(world.calendar, world.window)),
  read: (calendars, world) => calendars.read(world.calendar, missingEvent(world)),
  find: (calendars, world) => calendars.find(world.calendar, identityIn(world)),
  create: (calendars, world) => calendars.create(world.calendar, identityIn(world), wish(world)),
  update: (calendars, world) => calendars.update(world.calendar, missingEvent(world), identityIn(world), wish(world)),
  remove: (calendars, world) => calendars.remove(world.calendar, missingEvent(world)),
  list: (calendars) => calendars.list(),
  stop: (calendars) => calendars.stop({ id: 'somewatch', resourceId: 'someresource', expiresAt: 0 }),
};
const methodNames = Object.keys(methods);
const run = (method: string, calendars: Calendars, world: World): Promise<unknown> =>
  methods[method]?.(calendars, world) ?? Promise.reject(new Error(`No method ${method}.`));

/** The error, which must be ours and hold the token in none of the ways that errors get logged. */
async function thrown(world: World, running: Promise<unknown>): Promise<CalendarError> {
  const error = await running.then(
    () => new Error('Nothing was thrown.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CalendarError);
  const told = [JSON.stringify(error), inspect(error, { depth: 20, showHidden: true }), String(error), (error as CalendarError).stack ?? ''];
  expect(told.filter((text) => text.includes(world.token))).toEqual([]);
  return error as CalendarError;
}

function namesFailures(use: UseWorld): void {
  it.each(methodNames)('%s tells a throttle and how long to wait', async (method) => {
    const world = use();
    world.faults.throttle(7);
    const error = await thrown(world, run(method, world.open(), world));
    expect(error).toMatchObject({ kind: 'throttled', retryAfterMs: seconds(7) });
    expect(world.requestCount()).toBe(1);
  });

  it.each([500, 502, 503, 504])('a status of %d is unavailable, and not tried again here', async (status) => {
    const world = use();
    world.faults.fail(status);
    expect(await thrown(world, run('list', world.open(), world))).toMatchObject({ kind: 'unavailable', status });
    expect(world.requestCount()).toBe(1);
  });

  it.each(methodNames)('%s finds a reset connection unavailable, and does not try again', async (method) => {
    const world = use();
    world.faults.reset();
    expect(await thrown(world, run(method, world.open(), world))).toMatchObject({ kind: 'unavailable' });
    expect(world.requestCount()).toBe(1);
  });

  it('gives up on an answer that takes too long', async () => {
    const world = use();
    world.faults.stall(900);
    const began = performance.now();
    expect(await thrown(world, run('everything', world.open({ callMs: 100 }), world))).toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - began).toBeLessThan(800);
  });
}

function keepsTheToken(use: UseWorld): void {
  it.each(methodNames)('%s renews a refused token once and goes on', async (method) => {
    const world = use();
    const asked: (boolean | undefined)[] = [];
    const token = (renew?: boolean): Promise<string> => {
      asked.push(renew);
      return Promise.resolve(world.token);
    };
    world.faults.refuseToken();
    await run(method, world.open({ token }), world);
    expect(asked.filter((renew) => renew === true)).toHaveLength(1);
    expect(asked[0] ?? false).toBe(false);
  });

  it('goes on with the page whose token was refused', async () => {
    const world = use();
    for (const n of [1, 2, 3]) await world.human.insert({ start: world.clock() + hours(n), end: world.clock() + hours(n + 1) });
    const pages = world.open().everything(world.calendar, world.window)[Symbol.asyncIterator]();
    const first = await pages.next();
    world.faults.refuseToken();
    const rest = await overlay({ [Symbol.asyncIterator]: () => pages });
    expect((first.done === true ? 0 : first.value.items.length) + rest.items.size).toBe(3);
  });

  it('finds the grant dead when a renewed token is refused too', async () => {
    const world = use();
    world.faults.refuseToken(2);
    expect(await thrown(world, run('list', world.open(), world))).toMatchObject({ kind: 'grant_dead', status: 401 });
    expect(world.requestCount()).toBe(2);
  });

  it('lets the session say that the grant is dead', async () => {
    const world = use();
    const dead = new CalendarError('grant_dead', { reason: 'invalid_grant' });
    expect(await thrown(world, run('list', world.open({ token: () => Promise.reject(dead) }), world))).toBe(dead);
    expect(world.requestCount()).toBe(0);
  });
}

function keepsTheLease(use: UseWorld): void {
  it.each(methodNames)('%s begins no request that could end after the lease', async (method) => {
    const world = use();
    const calendars = world.open({ endsAt: world.clock() + seconds(2) - 1, callMs: seconds(2) });
    expect(await thrown(world, run(method, calendars, world))).toMatchObject({ kind: 'out_of_time' });
    expect(world.requestCount()).toBe(0);
  });

  it.each(methodNames)('%s sends nothing once a gate has closed, and passes on what the gate says', async (method) => {
    const world = use();
    const closed = new Error('sync is off');
    await expect(run(method, world.open({ permit: () => Promise.reject(closed) }), world)).rejects.toBe(closed);
    expect(world.requestCount()).toBe(0);
  });

  it('asks for leave before each request, a repeated one included', async () => {
    const world = use();
    for (const n of [1, 2, 3, 4, 5]) await world.human.insert({ start: world.clock() + hours(n), end: world.clock() + hours(n + 1) });
    const sentBefore: number[] = [];
    const permit = (): Promise<void> => {
      sentBefore.push(world.requestCount());
      return Promise.resolve();
    };
    world.faults.refuseToken();
    await run('everything', world.open({ permit }), world);
    expect(sentBefore.length).toBeGreaterThan(3);
    expect(sentBefore).toEqual(Array.from({ length: world.requestCount() }, (_, n) => n));
  });
}

export function keepsItsLimits(use: UseWorld): void {
  describe('naming failures', () => {
    namesFailures(use);
  });
  describe('using its token', () => {
    keepsTheToken(use);
  });
  describe('staying within its lease', () => {
    keepsTheLease(use);
  });
}
