import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { reminders } from '../../../lib/inbound/reminders.ts';
import { changeId } from '../../../lib/platform/changes.ts';
import { days, hours } from '../../../lib/platform/clock.ts';
import { mark } from '../../support/readings.ts';
import { startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(31);
}, 30_000);
afterAll(() => world.close());

it('a dead grant is told at once, and on days 1, 3, 7 and 14, each once, and never after', async () => {
  const ada = await world.connect('google');
  await pull(world, ada.id);
  world.tokens.delete(ada.id);
  await mark(world, ada);
  await pull(world, ada.id);
  const begins = world.clock();
  const told: number[] = [];
  for (let hour = 0; hour < 24 * 40; hour += 3) {
    const before = world.changes.length;
    await pull(world, ada.id);
    if (world.changes.length > before) told.push(Math.floor((world.clock() - begins) / days(1)));
    world.advance(hours(3));
  }
  expect(told).toEqual([1, 3, 7, 14]);
  expect(world.changes.map(({ detail }) => detail?.['reminder_day'])).toEqual([undefined, 1, 3, 7, 14]);
  expect(new Set(world.changes.map(changeId)).size).toBe(5);
});

it('reminders that were missed are one', () => {
  expect(reminders({ deadAt: 0, reminded: 0, now: days(8) })).toEqual({ day: 7, nextAt: days(14) });
  expect(reminders({ deadAt: 0, reminded: 7, now: days(8) })).toEqual({ nextAt: days(14) });
  expect(reminders({ deadAt: 0, reminded: 14, now: days(99) })).toEqual({});
});
