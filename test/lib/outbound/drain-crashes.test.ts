import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Setting } from '../../../lib/platform/names.ts';
import { live, type Fate } from '../../support/mortal.ts';
import { startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { bringAbout, isPending, newId, wishFor } from '../../support/wishes.ts';
import { drain } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());

describe.each(['google', 'microsoft'] as const)('a booking in a calendar of %s', (provider) => {
  it.each(['closed', 'unknown'] as const)('is not written where the gate is %s by the time of the call: pending, no back-off, and written once it opens', async (gate) => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(world, ada, { id, version: 1, title: 'gated' });
    const life = live(undefined, { before: async (what) => void (what === 'calendar create' && (gate === 'unknown' ? (world.settings.unknown = true) : world.settings.values.set(Setting.syncEnabled, 'false'))) });
    expect(await drain(world, id, life)).toMatchObject({ outcome: 'gated' });
    expect([ada.person.standing(), await isPending(world, id)]).toEqual([[], true]);
    world.settings.reset();
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
  });

  it('of a connection whose writes were closed, as it leaves, is written no more, though the row still says active', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(world, ada, { id, version: 1, title: 'left' });
    const push = (await world.tables.all('sync-state')).find(({ connection_id, part }) => connection_id === ada.id && part === 'push');
    await world.tables.put('sync-state', { ...push, closed: 1 });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'unchanged' }] });
    expect(ada.person.standing()).toEqual([]);
  });

  it('whose first answer was lost is found again by a newer version, also where the provider does not name it', async () => {
    const ada = await world.connect(provider);
    const named = world.microsoft.behaviour.duplicateTellsEventId;
    world.microsoft.behaviour.duplicateTellsEventId = 0;
    const [id, other, whole] = [newId(), newId(), live()];
    await wishFor(world, ada, { id: other, version: 1, title: 'other' });
    await drain(world, other, whole);
    await wishFor(world, ada, { id, version: 1, title: 'first' });
    await drain(world, id, live({ at: whole.calls.indexOf('calendar create') + 1, how: 'lost' }));
    await wishFor(world, ada, { id, version: 2, title: 'second' });
    await bringAbout(world, id);
    expect(ada.person.standing().map(({ title }) => title).sort()).toEqual(['other', 'second']);
    world.microsoft.behaviour.duplicateTellsEventId = named;
  });

  it('that was read before a newer version was applied does not go back to the older', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(world, ada, { id, version: 1, title: 'older' });
    let overtaken = false;
    const slow = live(undefined, {
      async before(what) {
        if (what !== 'GetItem sync-state' || overtaken) return;
        overtaken = true;
        await wishFor(world, ada, { id, version: 2, title: 'newer' });
        expect(await drain(world, id)).toMatchObject({ outcome: 'done' });
      },
    });
    await drain(world, id, slow);
    expect([overtaken, ada.person.standing().map(({ title }) => title)]).toEqual([true, ['newer']]);
  });

  it('whose event a person deletes before we learn that it was made, is made anew under an identity of its own', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(world, ada, { id, version: 1, title: 'lost' });
    const whole = live();
    const other = newId();
    await wishFor(world, ada, { id: other, version: 1, title: 'whole' });
    await drain(world, other, whole);
    await drain(world, id, live({ at: whole.calls.indexOf('calendar create') + 1, how: 'lost' }));
    const made = ada.person.standing().find(({ title }) => title === 'lost');
    ada.person.remove(made?.id ?? '');
    await bringAbout(world, id);
    const [again, ...more] = ada.person.standing().filter(({ title }) => title === 'lost');
    expect([made === undefined, again === undefined, more]).toEqual([false, false, []]);
    expect(again?.id).not.toBe(made?.id);
    ada.person.remove(again?.id ?? '');
    await wishFor(world, ada, { id: other, version: 2, status: 'cancelled' });
    await bringAbout(world, other);
  });

  it.each(['before', 'after', 'lost'] as const)('is one event as wished, or none, after a run ends %s any one of its calls', async (how) => {
    const ada = await world.connect(provider);
    let reached = 0;
    const atEach = async (run: (fate: Fate) => Promise<number>): Promise<void> => {
      for (let at = 1; at < 40; at += 1) {
        const calls = await run({ at, how });
        if (calls < at) return;
        reached = Math.max(reached, at);
      }
      throw new Error('It never ends.');
    };
    const dying = async (id: string, fate: Fate): Promise<number> => {
      const life = live(fate);
      await drain(world, id, life).catch((error: unknown) => {
        if (!life.dead && !(error instanceof Error && error.name === 'TimeoutError')) throw error;
      });
      return life.calls.length;
    };
    const titles = (): string[] => ada.person.standing().map(({ title }) => title);
    await atEach(async (fate) => {
      const id = newId();
      await wishFor(world, ada, { id, version: 1, title: `v1 ${fate.at}` });
      const calls = await dying(id, fate);
      await bringAbout(world, id);
      expect({ fate, titles: titles() }).toEqual({ fate, titles: [`v1 ${fate.at}`] });
      await wishFor(world, ada, { id, version: 2, title: `v2 ${fate.at}` });
      const more = await dying(id, fate);
      await bringAbout(world, id);
      expect({ fate, titles: titles() }).toEqual({ fate, titles: [`v2 ${fate.at}`] });
      await wishFor(world, ada, { id, version: 3, status: 'cancelled' });
      await dying(id, fate);
      await bringAbout(world, id);
      expect({ fate, titles: titles() }).toEqual({ fate, titles: [] });
      const other = newId();
      await wishFor(world, ada, { id: other, version: 1 });
      await dying(other, fate);
      await wishFor(world, ada, { id: other, version: 2, status: 'cancelled' });
      await bringAbout(world, other);
      expect({ fate, titles: titles() }).toEqual({ fate, titles: [] });
      return Math.max(calls, more);
    });
    expect(reached).toBeGreaterThan(8);
  }, 60_000);
});
