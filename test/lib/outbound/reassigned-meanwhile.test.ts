import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { keepGrant } from '../../../lib/connect/keep-grant.ts';
import { syncConnection } from '../../../lib/inbound/sync-connection.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { tokenKeys } from '../../support/consent-world.ts';
import { live } from '../../support/mortal.ts';
import { startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { isPending, newId, wishFor } from '../../support/wishes.ts';
import { drain, fakeQueue, inbound, leaseLength, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(43);
});
afterAll(() => world.close());

/** Its watches are found well. */
function watched(id: string) {
  const parts = inbound(world);
  return syncConnection({ ...parts, watches: { ...parts.watches, ensure: async () => ({ connection: await parts.connections.get(id), nextAt: world.clock() + days(5), done: {} }) } }, id, { endsAt: world.clock() + leaseLength });
}

it.each(['google', 'microsoft'] as const)('a booking that changed hands while a grant at %s was dead leaves that calendar once its person has consented again', async (provider) => {
  const [ada, bob] = [await world.connect(provider), await world.connect(provider)];
  const [moved, kept] = [newId(), newId()];
  for (const id of [moved, kept]) {
    await wishFor(world, ada, { id, version: 1, at: 60 });
    await drain(world, id);
  }
  await pull(world, ada.id);
  const token = world.tokens.get(ada.id) ?? '';
  world.tokens.delete(ada.id);
  world.advance(hours(2));
  expect(await pull(world, ada.id)).toMatchObject({ outcome: 'grant_dead' });
  await wishFor(world, bob, { id: moved, version: 2, at: 58 });
  await drain(world, moved);
  expect([ada, bob].map(({ person }) => person.standing().length)).toEqual([2, 1]);

  world.tokens.set(ada.id, token);
  world.settings.values.set(Setting.tokenKeys, tokenKeys(['t1']));
  const { dynamo, named } = world.tables;
  const grants = keepGrant({ dynamo, tables: { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] }, hints: fakeQueue(live(), [], 'hint'), clock: world.clock });
  const answer = { accessToken: 'a', refreshToken: 'r', expiresAt: world.clock() + hours(1), scopes: [] };
  const calendar = { id: ada.calendars[0]?.id ?? '', name: 'Main', primary: true, writable: true };
  const renewed = await grants.renew(ada.connection, { owner: { provider, providerId: ada.providerId, account: ada.account }, answer, calendar }, await world.settings.read());
  await grants.markDirty(renewed ?? ada.connection);
  for (let n = 0; n < 3; n += 1) {
    expect(await watched(ada.id)).toMatchObject({ outcome: expect.stringMatching(/pulled|idle/) });
    for (const id of [moved, kept]) if (await isPending(world, id)) await drain(world, id);
    world.advance(minutes(11));
  }
  expect([ada, bob].map(({ person }) => person.standing().length)).toEqual([1, 1]);
});
