// A calendar that several connections look at: whose booking an event of ours stands for decides whether it blocks.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginLeaving } from '../../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../../lib/connect/connection-rows.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import { googleEventId } from '../../../lib/calendars/google/event-id.ts';
import type { Present } from '../../../lib/calendars/port.ts';
import { verify } from '../../../lib/operate/verify/verify.ts';
import { eraseBookings } from '../../../lib/outbound/erase-bookings.ts';
import { futureBookings } from '../../../lib/outbound/future-bookings.ts';
import { recognise } from '../../../lib/outbound/recognise.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy, notice, told } from '../../support/readings.ts';
import { scanning } from '../../support/scanning-tables.ts';
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
    // And once that provider is erased nothing tells of the booking any more.
    const { dynamo, named } = world.tables;
    await eraseBookings({ dynamo, table: named['booking-events'], bookings: outbound(world).bookings, future: futureBookings(dynamo, named['booking-events']), clock: world.clock }, ada.providerId, world.clock() + minutes(1));
    expect(world.tables.all('booking-events').filter((row) => row['booking_id'] === id || row['of'] === id)).toEqual([]);
    const findings = await verify({ dynamo: scanning(world.tables), tables: named, clock: world.clock, wait: async () => undefined, perSecond: 10_000 });
    expect(findings.find(({ check }) => check === 'mapping-without-booking')).toMatchObject({ violations: 0 });
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

it.each(['google', 'microsoft'] as const)('a booking at %s that went to a colleague who receives in the same calendar blocks whoever had it before', async (provider) => {
  const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: true }] });
  const bob = await world.connect(provider, { calendars: [{ blocks: true, receives: true }] });
  if (provider === 'google') {
    world.google.addAccount({ email: bob.account, calendars: [{ id: refOf(ada).id, timeZone: 'Europe/Berlin', shared: true, primary: false, accessRole: 'writer' }] });
    await world.tables.put('connections', { ...bob.connection, calendars: ada.calendars });
  }
  for (const each of [ada, bob]) await pull(world, each.id);
  const id = newId();
  await wishFor(world, ada, { id, version: 1 });
  await drain(world, id);
  world.advance(minutes(1));
  await notice(world, ada);
  await pull(world, ada.id);
  expect(await busy(world, ada)).toEqual([]);
  await wishFor(world, bob, { id, version: 2 });
  const { start, end } = spanIn(world, 5);
  await drain(world, id);
  // Each mailbox of Outlook shows a shared event under an id of its own: here as Graph would show Bob's in Ada's.
  const event = { title: 'Haircut', start: new Date(start).toISOString(), end: new Date(end).toISOString(), version: 2 };
  if (provider === 'microsoft') await ada.adapter.create(refOf(ada), { connectionId: bob.id, calendarId: refOf(bob).id, bookingId: id, generation: 0 }, event);
  for (let n = 0; n < 2; n += 1) {
    world.advance(minutes(1));
    await notice(world, ada);
    await pull(world, ada.id);
    expect([await busy(world, ada), ada.person.standing().length]).toEqual([[told({ start, end })], 1]);
  }
});

it('thousands of bookings of many providers in one calendar are not asked for one after the other', async () => {
  const bob = await world.connect('google');
  const calendarId = refOf(bob).id;
  const marks = Array.from({ length: 200 }, (_, n) => ({ bookingId: `of-many-${n}`, generation: 0, version: 1 }));
  const items = marks.map((ours): Present => ({ kind: 'present', id: googleEventId({ ...ours, connectionId: 'others', calendarId }), start: 0, end: 1, blocks: true, ours }));
  let [reads, now, most] = [0, 0, 0];
  const bookings = {
    async read() {
      [reads, now] = [reads + 1, now + 1];
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      return { targets: [] };
    },
  };
  const place = { providerId: bob.providerId, connectionId: bob.id, calendarId, calendarKey: refOf(bob).key };
  expect((await recognise({ bookings } as unknown as Parameters<typeof recognise>[0], { place, items, calendars: bob.adapter })).size).toBe(0);
  expect([reads, most > 10, most <= 40]).toEqual([200, true, true]);
});
