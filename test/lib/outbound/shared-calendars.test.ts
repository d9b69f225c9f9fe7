// A calendar that several connections look at: whose booking an event of ours stands for decides whether it blocks.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginLeaving } from '../../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../../lib/connect/connection-rows.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy, notice, told } from '../../support/readings.ts';
import { refOf, startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { bringAbout, newId, spanIn, wishFor } from '../../support/wishes.ts';
import { drain, inbound, outbound, pull } from '../../support/workers.ts';

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

it.each(['google', 'microsoft'] as const)('an account of %s that is disconnected, its events left, and connected again shows each booking once, and none that was cancelled meanwhile', async (provider) => {
  const ada = await world.connect(provider);
  await pull(world, ada.id);
  const [id, cancelled] = [newId(), newId()];
  for (const one of [id, cancelled]) {
    await wishFor(world, ada, { id: one, version: 1 });
    await drain(world, one);
  }
  const { dynamo, named } = world.tables;
  const tables = { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] };
  await beginLeaving({ ...inbound(world), rows: connectionRows(dynamo, tables) }, ada.id, false);
  for (let run = 0; run < 4 && (await pull(world, ada.id)).outcome !== 'removed'; run += 1) world.advance(minutes(2));
  await wishFor(world, ada, { id: cancelled, version: 2, status: 'cancelled' });
  await drain(world, cancelled);
  expect(ada.person.standing()).toHaveLength(2);

  const again = { ...ada, id: `${ada.id}-again` };
  world.tokens.set(again.id, world.tokens.get(ada.id) ?? '');
  await createConnection({ dynamo, tables, hints: inbound(world).hints, clock: world.clock }, { ...ada.connection, connection_id: again.id, created_at: world.clock(), granted_at: world.clock() });
  await pull(world, again.id);
  for (let time = 0; time < 2; time += 1) {
    for (const one of [id, cancelled]) {
      await outbound(world).bookings.mark(one, world.clock());
      await bringAbout(world, one);
    }
    await notice(world, again);
    await pull(world, again.id);
    expect(ada.person.standing()).toHaveLength(1);
  }
  expect(await busy(world, again)).toEqual([]);
  await wishFor(world, ada, { id, version: 2, status: 'cancelled' });
  await bringAbout(world, id);
  expect(ada.person.standing()).toEqual([]);
});
