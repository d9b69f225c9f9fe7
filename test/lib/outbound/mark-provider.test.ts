import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { markFutureBookings } from '../../../lib/connect/mark-future-bookings.ts';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { futureBookings } from '../../../lib/outbound/future-bookings.ts';
import { markProvider } from '../../../lib/outbound/mark-provider.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import type { ProviderHint } from '../../../lib/platform/messages.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { live } from '../../support/mortal.ts';
import { part } from '../../support/readings.ts';
import { startSmallWorld, type Sent, type SmallWorld } from '../../support/small-world.ts';
import { drain, fakeQueue, telling } from '../../support/workers.ts';

let world: SmallWorld;
const providerHints: Sent<ProviderHint>[] = [];
const marked: string[] = [];
beforeAll(async () => {
  world = await startSmallWorld(13);
});
afterAll(() => world.close());
beforeEach(() => {
  marked.length = 0;
  world.bookingHints.length = 0;
  world.hints.length = 0;
  providerHints.length = 0;
});

const work = () => {
  const { dynamo, named } = world.tables;
  return {
    bookings: bookings(dynamo, named['booking-events']), future: futureBookings(dynamo, named['booking-events']), late: lateDues(dynamo, named['sync-state']),
    hints: fakeQueue(live(), world.bookingHints, 'booking hint'), providerHints: fakeQueue(live(), providerHints, 'provider hint'), clock: world.clock,
    markConnection: async (id: string) => void marked.push(id),
  };
};

async function wish(providerId: string, id: string, start: number): Promise<void> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const read = readBookingEvent({ id: `e-${id}`, type: 'booking.created', occurred_at: iso(start), booking: { id, version: 1, provider_id: providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(start + hours(1)), status: 'confirmed' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await work().bookings.record(read.booking, world.clock());
}

const settle = async (ids: readonly string[]): Promise<void> => {
  for (const id of ids) await drain(world, id);
};
const nextHint = (providerId: string): ProviderHint => {
  const at = providerHints.findIndex(({ hint }) => hint.provider_id === providerId);
  const [sent] = at < 0 ? [] : providerHints.splice(at, 1);
  if (!sent) throw new Error(`No hint for ${providerId} was sent.`);
  return sent.hint;
};
const upkeep = () => {
  const { dynamo, named } = world.tables;
  const queue = <H>(sent: Sent<H>[]) => fakeQueue(live(), sent, 'hint');
  return tick({
    ...telling(), dynamo, settings: world.settings, clock: world.clock, tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] },
    states: upkeepStates(dynamo, named['sync-state']), inbound: queue(world.hints), booking: queue(world.bookingHints), provider: queue(providerHints),
  });
};

it('a provider who connects later gets the bookings to come, and not those of the past', async () => {
  await wish('late', 'late-past', world.clock() - days(2));
  await wish('late', 'late-1', world.clock() + days(1));
  await wish('late', 'late-2', world.clock() + days(2));
  await settle(['late-past', 'late-1', 'late-2']);
  const ada = await world.connect('google', { providerId: 'late' });
  await markFutureBookings(work())(ada.connection);
  expect(await markProvider(work(), nextHint('late'))).toBe(2);
  expect(world.bookingHints.map(({ hint }) => hint.booking_id)).toEqual(['late-1', 'late-2']);
  await settle(world.bookingHints.map(({ hint }) => hint.booking_id));
  expect(ada.person.standing()).toHaveLength(2);
});

it('what the index did not show yet is walked once more after five minutes, under SYNC alone, and no third time', async () => {
  const ada = await world.connect('microsoft', { providerId: 'lagging' });
  await markFutureBookings(work())(ada.connection);
  expect(await markProvider(work(), nextHint('lagging'))).toBe(0);
  await wish('lagging', 'lag-1', world.clock() + days(1));
  await settle(['lag-1']);
  world.settings.values.set('CALENDAR_JOBS_ENABLED', 'false');
  world.advance(minutes(4));
  await upkeep();
  expect(providerHints.filter(({ hint }) => hint.provider_id === 'lagging')).toEqual([]);
  world.advance(minutes(2));
  await upkeep();
  await upkeep();
  const [hint, again] = [nextHint('lagging'), nextHint('lagging')];
  expect(await markProvider(work(), hint)).toBe(1);
  expect(await markProvider(work(), again)).toBe(0);
  expect(marked).toEqual([ada.id]);
  expect((await part(world, ada, 'push'))['dueAt']).toBeUndefined();
  expect(world.hints.filter(({ hint: { connection_id } }) => connection_id === ada.id).every(({ hint: { hint: kind } }) => kind === 'pull')).toBe(true);
  world.settings.reset();
});

it('many bookings are walked page by page, and a walk that died is begun anew by upkeep', async () => {
  const ada = await world.connect('google', { providerId: 'many' });
  for (let n = 0; n < 130; n += 1) await wish('many', `many-${n}`, world.clock() + days(1) + minutes(n));
  await markFutureBookings(work())(ada.connection);
  world.advance(minutes(6));
  providerHints.length = 0;
  await upkeep();
  expect(await markProvider(work(), nextHint('many'))).toBe(100);
  providerHints.length = 0; // it dies before the hint for the next page
  world.advance(minutes(6));
  await upkeep();
  expect(await markProvider(work(), nextHint('many'))).toBe(100);
  expect(await markProvider(work(), nextHint('many'))).toBe(30);
  expect((await part(world, ada, 'push'))['dueLate']).toBeUndefined();
});
