import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { days, hours } from '../../../lib/platform/clock.ts';
import { readProvider } from '../../../lib/availability/read-provider.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { recordCalls } from '../../support/recorded-calls.ts';
import { startWatchedWorld, type WatchedWorld } from '../../support/watched-world.ts';
import { drain } from '../../support/workers.ts';
import { correlations, quietLog } from '../../support/traces.ts';

let world: WatchedWorld;
beforeAll(async () => {
  world = await startWatchedWorld(14);
}, 60_000);
afterAll(() => world.close());

const quiet = { send: () => Promise.resolve(), sendAll: () => Promise.resolve() };

/** Each job does what it does, once. */
async function everyJob(): Promise<void> {
  const { tables, clock, settings } = world;
  const { dynamo, named } = tables;
  for (const provider of ['google', 'microsoft'] as const) {
    const connected = await world.connect(provider);
    await world.pull(connected.id);
    connected.person.add({ start: clock() + hours(1), end: clock() + hours(2) });
    await world.noticesCame();
    await world.takeHints();
    const start = clock() + days(2);
    await bookings(dynamo, named['booking-events']).record({ id: `b-${provider}`, version: 1, hash: 'h', providerId: connected.providerId, serviceId: 's', title: 'Consultation', start: new Date(start).toISOString(), end: new Date(start + hours(1)).toISOString(), cancelled: false }, clock());
    await drain(world, `b-${provider}`);
    await connections(dynamo, named.connections).idsOf(connected.providerId);
    await readProvider(dynamo, named['busy-intervals'])(connected.providerId, { start: clock(), end: clock() + days(7) });
  }
  const told = { measure: () => undefined, log: quietLog, newCorrelation: correlations() };
  await tick({ ...told, dynamo, clock, settings, tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] }, states: upkeepStates(dynamo, named['sync-state']), inbound: quiet, booking: quiet, provider: quiet });
}

describe('no job walks a table', () => {
  it('every call that they make names keys: items, or a partition of a table or of an index', async () => {
    const calls = recordCalls(world.tables.dynamo);
    await everyJob();
    expect(calls.length).toBeGreaterThan(100);
    expect([...new Set(calls.map(({ command }) => command))].filter((command) => !['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'].includes(command))).toEqual([]);
    const queries = calls.filter(({ command }) => command === 'Query');
    expect(queries.every(({ input }) => / = :/.test(String(input['KeyConditionExpression'])))).toBe(true);
  }, 30_000);
});
