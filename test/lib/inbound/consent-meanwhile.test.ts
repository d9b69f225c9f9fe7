// A person consents anew while a pull is under way: the complete list that the consent asks for is made all the same.
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { keepGrant, markDirty } from '../../../lib/connect/keep-grant.ts';
import { resumeConnection } from '../../../lib/connect/pause.ts';
import { days, minutes } from '../../../lib/platform/clock.ts';
import { syncConnection, type PullEnd } from '../../../lib/inbound/sync-connection.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { live, mortalDynamo, type Life } from '../../support/mortal.ts';
import { aSecret } from '../../support/notices.ts';
import { mark, notice } from '../../support/readings.ts';
import { startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { inbound, leaseLength } from '../../support/workers.ts';

let world: SmallWorld;
beforeEach(async () => {
  world = await startSmallWorld();
});
afterEach(() => world.close());

const consents = (id: string): Promise<void> =>
  markDirty({ dynamo: world.tables.dynamo, tables: { syncState: world.tables.named['sync-state'] }, hints: { send: () => Promise.resolve(), sendAll: () => Promise.resolve() }, clock: world.clock }, { connection_id: id }, { relists: true });
/** Its watches are as they should be, whoever asks for a look. */
const pull = (id: string, life?: Life): Promise<PullEnd> => {
  const parts = inbound(world, life);
  const watches = { ...parts.watches, ensure: async () => ({ connection: undefined, nextAt: world.clock() + days(5), done: {} }) };
  return syncConnection({ ...parts, watches }, id, { endsAt: world.clock() + leaseLength });
};
const listedFrom = (id: string, key: string) => world.tables.get('sync-state', { connection_id: id, part: `cal#${key}` })?.['windowFrom'];

it.each(['nothing', 'Query', 'calendar', 'UpdateItem'])('lists anew though a pull that began before it ends after it, met at its first %s', async (at) => {
  const { id, calendars: [calendar] } = await world.connect('google');
  await pull(id);
  const before = listedFrom(id, calendar?.key ?? '');
  expect(before).toBeDefined();
  world.advance(days(2));
  let consented = false;
  if (at === 'nothing') await consents(id);
  const life = live(undefined, {
    after: async (what) => {
      if (consented || !what.startsWith(at)) return;
      consented = true;
      await consents(id);
    },
  });
  await pull(id, life);
  expect(consented).toBe(at !== 'nothing');
  world.advance(minutes(1));
  await pull(id);
  expect(Number(listedFrom(id, calendar?.key ?? ''))).toBeGreaterThan(Number(before));
});

it('lists anew though who took the consent died as soon as the grant was saved', async () => {
  const ada = await world.connect('google');
  const [calendar] = ada.calendars;
  await pull(ada.id);
  const before = listedFrom(ada.id, calendar?.key ?? '');
  world.advance(days(2));
  world.settings.values.set(Setting.tokenKeys, JSON.stringify({ keys: [{ id: 't1', secret: aSecret('t1'), signsFrom: '2020-01-01T00:00:00Z' }] }));
  const dies = live(undefined, { after: (what) => (what === 'UpdateItem connections' ? Promise.reject(new Error('died')) : Promise.resolve()) });
  const { named } = world.tables;
  const keeper = keepGrant({ dynamo: mortalDynamo(world.tables.dynamo, dies), tables: { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] }, hints: { send: () => Promise.resolve(), sendAll: () => Promise.resolve() }, clock: world.clock });
  const answer = { accessToken: 'a', expiresAt: world.clock() + minutes(60), refreshToken: 'r', scopes: [] } as unknown as Parameters<typeof keeper.renew>[1]['answer'];
  const granted = { owner: { providerId: ada.providerId, provider: ada.provider, account: ada.account }, answer, calendar: calendar as never };
  await expect(keeper.renew(ada.connection, granted, await world.settings.read())).rejects.toThrow('died');
  // What is due on its `push` row marks it five minutes later.
  world.advance(minutes(5));
  await mark(world, ada);
  await pull(ada.id);
  expect(Number(listedFrom(ada.id, calendar?.key ?? ''))).toBeGreaterThan(Number(before));
});

it('lists anew once it is resumed, where the consent came during a pause', async () => {
  const { id, calendars: [calendar], connection } = await world.connect('google');
  await pull(id);
  const before = listedFrom(id, calendar?.key ?? '');
  world.advance(days(2));
  await world.tables.put('connections', { ...connection, paused_at: world.clock() });
  await consents(id);
  expect(await pull(id)).toEqual({ outcome: 'paused' });
  world.advance(days(1));
  const { dynamo, named } = world.tables;
  const parts = { dynamo, tables: { connections: named.connections, syncState: named['sync-state'] }, hints: { send: () => Promise.resolve(), sendAll: () => Promise.resolve() }, clock: world.clock, markFutureBookings: () => Promise.resolve() };
  expect(await resumeConnection(parts, connection)).toBe(true);
  expect(await pull(id)).toMatchObject({ outcome: 'pulled' });
  expect(Number(listedFrom(id, calendar?.key ?? ''))).toBeGreaterThan(Number(before));
});

it('lists once for a consent, however often it is noticed while it does', async () => {
  const ada = await world.connect('google');
  await pull(ada.id);
  await consents(ada.id);
  const lists = new Set<unknown>();
  for (let time = 0; time < 3; time += 1) {
    const life = live(undefined, { after: async (what) => void (what.startsWith('calendar') && (await notice(world, ada))) });
    world.advance(days(1));
    expect(await pull(ada.id, life)).toMatchObject({ outcome: 'pulled', cleared: false });
    lists.add(listedFrom(ada.id, ada.calendars[0]?.key ?? ''));
  }
  expect(lists.size).toBe(1);
});

it('lists anew though a pull that still found the old grant dead came between the wish for a list and the new grant', async () => {
  const ada = await world.connect('google');
  const [calendar] = ada.calendars;
  await pull(ada.id);
  const before = listedFrom(ada.id, calendar?.key ?? '');
  world.advance(days(2));
  await world.tables.put('connections', { ...ada.connection, state: 'reauthorization_required', dead_at: world.clock() });
  const asks = { ...world.tables.get('sync-state', { connection_id: ada.id, part: 'inbox' }), listDue: world.clock() };
  await world.tables.put('sync-state', { ...asks, generation: Number((asks as Record<string, unknown>)['generation']) + 1 });
  await mark(world, ada);
  expect(await pull(ada.id)).toEqual({ outcome: 'not_active' });
  // The grant is saved; who saved it dies, and what is due on its `push` row marks it five minutes later.
  await world.tables.put('connections', { ...ada.connection, granted_at: world.clock() });
  world.advance(minutes(5));
  await mark(world, ada);
  await pull(ada.id);
  expect(Number(listedFrom(ada.id, calendar?.key ?? ''))).toBeGreaterThan(Number(before));
});
