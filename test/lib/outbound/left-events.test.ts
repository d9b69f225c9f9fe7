import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginLeaving } from '../../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../../lib/connect/connection-rows.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { hours, minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { drain, fakeQueue, inbound, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(41);
});
afterAll(() => world.close());
beforeEach(() => {
  world.changes.length = 0;
});

const tables = () => ({ connections: world.tables.named.connections, syncState: world.tables.named['sync-state'], busyIntervals: world.tables.named['busy-intervals'] });
const known = () => bookings(world.tables.dynamo, world.tables.named['booking-events']);
async function book({ providerId }: Connected, id: string, version = 1, status = 'confirmed'): Promise<void> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const start = Date.parse('2026-04-02T10:00:00Z');
  const read = readBookingEvent({ id: `e-${id}-${version}`, type: 'booking.updated', occurred_at: iso(start), booking: { id, version, provider_id: providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(start + hours(1)), status } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await known().record(read.booking, world.clock());
  await drain(world, id);
}
/** Goes, leaves its events where they are, and is connected once more to the same account, by `providerId` or whose it was. */
async function again(ada: Connected, providerId = ada.providerId): Promise<Connected> {
  await beginLeaving({ ...inbound(world), rows: connectionRows(world.tables.dynamo, tables()) }, ada.id, false);
  expect(await pull(world, ada.id)).toEqual({ outcome: 'removed' });
  return twin(ada, providerId);
}
async function twin(ada: Connected, providerId = ada.providerId): Promise<Connected> {
  const id = `${ada.id}-again`;
  world.tokens.set(id, world.tokens.get(ada.id) ?? '');
  const connection = { ...ada.connection, connection_id: id, provider_id: providerId };
  await createConnection({ dynamo: world.tables.dynamo, tables: tables(), hints: fakeQueue(live(), [], 'hint'), clock: world.clock }, connection);
  world.changes.length = 0;
  return { ...ada, id, connection, providerId };
}
/** As what is marked, rung for and due would. */
async function settles({ id }: Connected, booking: string): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    await pull(world, id);
    await drain(world, booking);
    world.advance(minutes(11));
  }
}

describe.each(['google', 'microsoft'] as const)('a calendar at %s that is connected again after a goodbye that left the events', (provider) => {
  it.each(['written', 'read'] as const)('has each booking once, whether it is first %s anew, and none over itself; one cancelled goes', async (first) => {
    const [ada, id] = [await world.connect(provider), `left-${provider}-${first}`];
    await book(ada, id);
    await pull(world, ada.id);
    const back = await again(ada);
    await known().mark(id, world.clock());
    await (first === 'written' ? drain(world, id) : pull(world, back.id));
    await settles(back, id);
    expect(ada.person.standing()).toHaveLength(1);
    expect([await busy(world, back), world.changes]).toEqual([[], []]);
    await book(back, id, 2, 'cancelled');
    await settles(back, id);
    expect([ada.person.standing(), await busy(world, back)]).toEqual([[], []]);
  });
});

it.each(['google', 'microsoft'] as const)('a booking that was cancelled after a goodbye at %s left its event goes too, once the account is connected again', async (provider) => {
  const [ada, id] = [await world.connect(provider), `left-cancelled-${provider}`];
  await book(ada, id);
  await pull(world, ada.id);
  await beginLeaving({ ...inbound(world), rows: connectionRows(world.tables.dynamo, tables()) }, ada.id, false);
  expect(await pull(world, ada.id)).toEqual({ outcome: 'removed' });
  await book(ada, id, 2, 'cancelled');
  const back = await twin(ada);
  await known().mark(id, world.clock());
  await settles(back, id);
  expect([ada.person.standing(), await busy(world, back)]).toEqual([[], []]);
});

it('what another provider’s connection left, or one that lives has written, is busy time like any', async () => {
  const ada = await world.connect('google');
  await book(ada, 'left-other');
  const other = await twin(ada, 'somebody-else');
  await settles(other, 'left-other');
  expect([await busy(world, other), ada.person.standing()]).toEqual([[expect.anything()], [expect.anything()]]);
  const bob = await world.connect('google');
  await book(bob, 'left-bob');
  const heir = await again(bob, 'bobs-heir');
  await settles(heir, 'left-bob');
  expect([await busy(world, heir), bob.person.standing()]).toEqual([[expect.anything()], [expect.anything()]]);
});

it.each(['google', 'microsoft'] as const)('a booking that went to a colleague after a goodbye at %s left its event is busy time like any once the account is connected again: nothing tells any more whose it was', async (provider) => {
  const [ada, bob, id] = [await world.connect(provider), await world.connect(provider), `left-moved-${provider}`];
  await book(ada, id);
  await pull(world, ada.id);
  await beginLeaving({ ...inbound(world), rows: connectionRows(world.tables.dynamo, tables()) }, ada.id, false);
  expect(await pull(world, ada.id)).toEqual({ outcome: 'removed' });
  await book(bob, id, 2);
  const back = await twin(ada);
  await settles(back, id);
  expect([ada.person.standing(), await busy(world, back), bob.person.standing().length]).toEqual([[expect.anything()], [expect.anything()], 1]);
});
