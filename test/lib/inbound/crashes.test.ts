import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hours, minutes } from '../../../lib/platform/clock.ts';
import { live, type Fate } from '../../support/mortal.ts';
import { busy, isDirty, notice, truth } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
beforeEach(() => world.settings.reset());

const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });

/** Dies, or loses an answer, at the n-th call; reads the rows after each write of one; returns how many calls there were. */
async function dies(ada: Connected, fate: Fate, mustStay: readonly string[]): Promise<number> {
  const missing: string[] = [];
  const life = live(fate, {
    after: async (what) => {
      if (what !== 'PutItem busy-intervals') return;
      const seen = new Set(await busy(world, ada));
      missing.push(...mustStay.filter((span) => !seen.has(span)));
    },
  });
  await pull(world, ada.id, life).catch((error: unknown) => {
    if (!life.dead && !(error instanceof Error && error.name === 'TimeoutError')) throw error;
  });
  expect({ fate, missing }).toEqual({ fate, missing: [] });
  return life.calls.length;
}

/** As the delayed hint or upkeep would, once lease and back-off are over. */
async function goesOn(ada: Connected): Promise<void> {
  for (let tries = 0; tries < 4; tries += 1) {
    world.advance(minutes(6));
    const end = await pull(world, ada.id);
    if (end.outcome === 'pulled') break;
  }
}

async function atEveryCall(how: Fate['how'], run: (fate: Fate) => Promise<number>): Promise<number> {
  for (let at = 1; at < 60; at += 1) {
    if ((await run({ at, how })) < at) return at - 1;
  }
  throw new Error('It never ends.');
}

describe.each(['google', 'microsoft'] as const)('a pull from %s', (provider) => {
  it.each(['before', 'after', 'lost'] as const)('that ends %s any one of its calls is made good by the next, and no true interval is ever missing', async (how) => {
    const ada = await world.connect(provider);
    ada.person.add(inHours(24 * 20));
    const moves = ada.person.add(inHours(24 * 21));
    ada.person.addWeekly(inHours(24 * 5), 8);
    await pull(world, ada.id);
    const points = await atEveryCall(how, async (fate) => {
      const before = await truth(world, ada);
      const doomed = ada.person.add(inHours(24 * 30));
      await notice(world, ada);
      await pull(world, ada.id);
      ada.person.remove(doomed);
      ada.person.move(moves, inHours(24 * 22));
      const added = ada.person.add(inHours(24 * 23));
      await notice(world, ada);
      const after = new Set(await truth(world, ada));
      const calls = await dies(ada, fate, before.filter((span) => after.has(span)));
      await goesOn(ada);
      expect({ fate, rows: await busy(world, ada) }).toEqual({ fate, rows: await truth(world, ada) });
      expect({ fate, dirty: await isDirty(world, ada) }).toEqual({ fate, dirty: false });
      ada.person.remove(added);
      return calls;
    });
    expect(points).toBeGreaterThan(8);
  }, 60_000);
});

it('a first list that ends after any one of its calls is made good by the next', async () => {
  const points = await atEveryCall('after', async (fate) => {
    const ada = await world.connect('google');
    ada.person.add(inHours(5));
    ada.person.addAllDay('2026-04-04', '2026-04-05');
    const calls = await dies(ada, fate, []);
    await goesOn(ada);
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    return calls;
  });
  expect(points).toBeGreaterThan(8);
});

afterEach(() => {
  world.hints.length = 0;
});
