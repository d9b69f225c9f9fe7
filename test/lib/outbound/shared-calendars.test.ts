// A calendar that several connections look at: whose booking an event of ours stands for decides whether it blocks.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy, notice, told } from '../../support/readings.ts';
import { refOf, startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { newId, spanIn, wishFor } from '../../support/wishes.ts';
import { drain, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(31);
});
afterAll(() => world.close());
beforeEach(() => void (world.changes.length = 0));

/** Another connection that reads Ada's calendar too, of this provider. */
async function looksOn(ada: Connected, providerId: string): Promise<Connected & { show(bookingId: string): Promise<void> }> {
  const other = await world.connect(ada.provider, { providerId, calendars: [{ blocks: true, receives: false }, ...(ada.provider === 'microsoft' ? [{ blocks: true, receives: false, sharedBy: ada.account }] : [])] });
  if (ada.provider === 'google') {
    world.google.addAccount({ email: other.account, calendars: [{ id: refOf(ada).id, timeZone: 'Europe/Berlin', shared: true, primary: false }] });
    await world.tables.put('connections', { ...other.connection, calendars: [...other.calendars, { ...ada.calendars[0], receives: false }] });
  }
  await pull(world, other.id);
  return {
    ...other,
    /** Each mailbox of Outlook shows a shared event under an id of its own: here as Graph would show it. */
    async show(bookingId) {
      const { start, end } = spanIn(world, 5);
      const event = { title: 'Haircut', start: new Date(start).toISOString(), end: new Date(end).toISOString(), version: 1 };
      if (ada.provider === 'microsoft') await other.adapter.create(refOf(other, 1), { connectionId: ada.id, calendarId: refOf(ada).id, bookingId, generation: 0 }, event);
    },
  };
}

describe.each(['google', 'microsoft'] as const)('a booking in a calendar of %s that another connection reads too', (provider) => {
  it('blocks nothing of its own provider, and is no conflict with itself', async () => {
    const ada = await world.connect(provider);
    const work = await looksOn(ada, ada.providerId);
    const id = newId();
    await wishFor(world, ada, { id, version: 1 });
    await drain(world, id);
    await work.show(id);
    world.advance(minutes(1));
    await notice(world, work);
    await pull(world, work.id);
    expect([await busy(world, ada), world.changes]).toEqual([[], []]);
  });

  it('blocks another provider, who chose that it should; it is read once', async () => {
    const ada = await world.connect(provider);
    const bob = await looksOn(ada, `bob-at-${provider}`);
    const id = newId();
    await wishFor(world, ada, { id, version: 1 });
    const span = told(spanIn(world, 5));
    await drain(world, id);
    await bob.show(id);
    const reads: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      world.advance(minutes(1));
      if (time === 1 && provider === 'google') world.google.expireSyncTokens();
      if (time === 1 && provider === 'microsoft') world.microsoft.expireDeltaTokens(bob.account);
      await notice(world, bob);
      const life = live();
      expect(await pull(world, bob.id, life)).toMatchObject({ outcome: 'pulled' });
      reads.push(...life.calls.filter((call) => call === 'calendar read'));
      expect(await busy(world, bob)).toEqual([span]);
    }
    expect(reads).toHaveLength(provider === 'google' ? 0 : 1);
    expect(await busy(world, ada)).toEqual([]);
  });
});
