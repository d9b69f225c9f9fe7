import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { days, hours } from '../../../../lib/platform/clock.ts';
import { startWatchedWorld, type WatchedWorld } from '../../../support/watched-world.ts';
import { drain } from '../../../support/workers.ts';
import { bookings } from '../../../../lib/outbound/bookings.ts';

let world: WatchedWorld;
beforeAll(async () => {
  world = await startWatchedWorld(13);
}, 60_000);
afterAll(() => world.close());

it('never are more than two calls under way at one mailbox: one of whoever reads it, one of whoever writes to it', async () => {
  const { behaviour } = world.microsoft;
  const connected = await world.connect('microsoft', { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
  connected.person.addWeekly({ start: world.clock() + hours(1), end: world.clock() + hours(2) }, 20);
  // A third call at once is answered 429, and whoever made it fails.
  Object.assign(behaviour, { maxConcurrent: 2, latencyMs: 5 });
  const store = bookings(world.tables.dynamo, world.tables.named['booking-events']);
  const ids = Array.from({ length: 6 }, (_, n) => `booking-${n}`);
  for (const [n, id] of ids.entries()) {
    const start = world.clock() + days(2) + hours(n);
    await store.record({ id, version: 1, providerId: connected.providerId, hash: id, serviceId: 's', title: 'Consultation', start: new Date(start).toISOString(), end: new Date(start + hours(1)).toISOString(), cancelled: false }, world.clock());
  }
  const both = Array.from({ length: 4 }, () => [world.pull(connected.id), ...ids.map((id) => drain(world, id))]).flat();
  await Promise.all(both);
  for (const id of ids) await drain(world, id);
  await world.pull(connected.id);
  expect(world.microsoft.requests.filter(({ status }) => status === 429)).toEqual([]);
  expect(connected.person.standing().length).toBe(1 + ids.length);
  // The simulator would have told: with room for one alone, somebody is turned away.
  behaviour.maxConcurrent = 0;
  world.advance(hours(13));
  expect(await world.pull(connected.id)).toMatchObject({ outcome: 'failed', error: { kind: 'throttled' } });
});
