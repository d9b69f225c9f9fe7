import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reminders } from '../../../lib/inbound/reminders.ts';
import { changeId } from '../../../lib/platform/changes.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { health, mark } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { inbound, pull } from '../../support/workers.ts';

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

describe.each(['google', 'microsoft'] as const)('a grant at %s that was taken for dead by a worker who died before saving so on the connection', (provider) => {
  const died = async (connected: Connected): Promise<void> => {
    const life = live({ at: 3, how: 'before' });
    await inbound(world, life).grantDied(connected.connection).catch(() => undefined);
    expect(life.calls).toEqual(['tell', 'UpdateItem busy-intervals', 'UpdateItem connections']);
    expect([(await health(world, connected))?.state, (await world.tables.get('connections', { connection_id: connected.id }))?.['state']]).toEqual(['reauthorization_required', 'active']);
  };

  it('is met again where it is dead', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await died(ada);
    world.tokens.delete(ada.id);
    await mark(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'grant_dead' });
    expect((await world.tables.get('connections', { connection_id: ada.id }))?.['state']).toBe('reauthorization_required');
  });

  it('is alive to readers again after a complete read that no such worker can still be beside', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await died(ada);
    await mark(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect((await health(world, ada))?.state).toBe('reauthorization_required');
    world.advance(minutes(6));
    await mark(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await health(world, ada)).toMatchObject({ state: 'active', last_read: world.clock() });
  });
});

it('reminders that were missed are one', () => {
  expect(reminders({ deadAt: 0, reminded: 0, now: days(8) })).toEqual({ day: 7, nextAt: days(14) });
  expect(reminders({ deadAt: 0, reminded: 7, now: days(8) })).toEqual({ nextAt: days(14) });
  expect(reminders({ deadAt: 0, reminded: 14, now: days(99) })).toEqual({});
});
