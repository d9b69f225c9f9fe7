// A calendar that a person deleted, or that is shared with them no more, waits for the person: its connection is read as before, and no
// deployment is rolled back for it.
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { watchKeeper } from '../../../lib/connect/watch-care.ts';
import { pullAndTell } from '../../../lib/inbound/receive-hints.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { connections, type Connection } from '../../../lib/platform/connections.ts';
import { healthOfWatches } from '../../../lib/platform/watched.ts';
import { startWatchedWorld, type WatchedWorld } from '../../support/watched-world.ts';
import { inbound, leaseLength } from '../../support/workers.ts';

let world: WatchedWorld;
beforeEach(async () => {
  world = await startWatchedWorld();
});
afterEach(() => world.close());

it('counts it as failed once, not with every poll, and its watch as one that nobody renewed for some days', async () => {
  const { id, calendars } = await world.connect('google', { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
  let ids = 0;
  const table = world.tables.named.connections;
  const watches = watchKeeper({ dynamo: world.tables.dynamo, table, connections: connections(world.tables.dynamo, table), webhookBaseUrl: world.webhookUrl, clock: world.clock, newId: () => `w-${(ids += 1)}` });
  const parts = () => ({ ...inbound(world), watches, deadLetters: async () => undefined });
  const failures: number[] = [];
  const outcomes: string[] = [];
  const looks = async (length: number): Promise<void> => {
    for (const end = world.clock() + length; world.clock() < end; world.advance(minutes(1))) {
      if (Number((await world.pullRow(id))['dueAt']) > world.clock()) continue;
      const each = parts();
      outcomes.push((await pullAndTell(each, id, { endsAt: world.clock() + leaseLength })).outcome);
      failures.push(...each.figures.filter(({ name }) => name === 'calendar_sync_failures_total').map(({ value }) => value));
    }
  };
  await looks(hours(6));
  expect(failures).toEqual([]);
  world.google.addFault({ path: encodeURIComponent(calendars[1]?.id ?? '').replaceAll(/[%.]/g, '.'), when: 'before', status: 404, times: 1_000_000, body: { error: { code: 404, errors: [{ reason: 'notFound' }] } } });
  await looks(days(2));
  expect(failures).toEqual([1]);
  const watched = async (): Promise<readonly string[]> => healthOfWatches((await connections(world.tables.dynamo, table).get(id)) as Connection, world.clock());
  await looks(days(5));
  expect(await watched()).toEqual(['live', 'near_expiry']);
  await looks(days(4));
  expect(await watched()).toEqual(['live', 'missing']);
  expect(failures).toEqual([1]);
  world.google.clearFaults();
  outcomes.length = 0;
  await looks(hours(3));
  expect(new Set(outcomes)).toEqual(new Set(['pulled']));
}, 60_000);
