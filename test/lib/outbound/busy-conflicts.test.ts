import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { conflicts } from '../../../lib/outbound/busy-conflicts.ts';
import { changeId } from '../../../lib/platform/changes.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy, notice } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { drain, leaseLength, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(29);
}, 30_000);
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.changes.length = 0;
});

const inHours = (from: number, length = 1) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + length) });
const iso = (ms: number): string => new Date(ms).toISOString();
const types = (): string[] => world.changes.map(({ type }) => type);
let count = 0;

async function book(connected: Connected, span: { start: number; end: number }, cancelled = false): Promise<string> {
  const id = `conflict-${(count += 1)}`;
  const read = readBookingEvent({ id, type: 'booking.created', occurred_at: iso(world.clock()), booking: { id, version: 1, provider_id: connected.providerId, service_id: 's', title: 'T', start_time: iso(span.start), end_time: iso(span.end), status: cancelled ? 'cancelled' : 'confirmed' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await bookings(world.tables.dynamo, world.tables.named['booking-events']).record(read.booking, world.clock());
  await drain(world, id);
  await again(connected);
  world.changes.length = 0;
  return id;
}
const again = async (connected: Connected): Promise<void> => {
  world.advance(minutes(1));
  await notice(world, connected);
  await pull(world, connected.id);
};

describe.each(['google', 'microsoft'] as const)('busy time at %s', (provider) => {
  it('that changes is told once a pull; our own events, and pulls that change nothing, are not', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await book(ada, inHours(40));
    await again(ada);
    expect(types()).toEqual([]);
    const [one, other] = [ada.person.add(inHours(3)), ada.person.add(inHours(5))];
    await again(ada);
    expect(types()).toEqual(['busy.changed']);
    ada.person.remove(one);
    await again(ada);
    ada.person.change(other, provider === 'google' ? { description: 'a note' } : { importance: 'high' });
    await again(ada);
    world.advance(days(8));
    await pull(world, ada.id);
    expect(types()).toEqual(['busy.changed', 'busy.changed']);
    expect(new Set(world.changes.map(changeId)).size).toBe(2);
  });

  it('that comes to lie over a booking is a conflict, with both times; touching is none, nor is a cancelled booking', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const span = inHours(30, 2);
    const id = await book(ada, span);
    await book(ada, inHours(30, 2), true);
    ada.person.add({ start: span.end, end: span.end + hours(1) });
    await again(ada);
    expect(types()).toEqual(['busy.changed']);
    const busy = { start: span.start + hours(1), end: span.end + hours(4) };
    ada.person.add(busy);
    await again(ada);
    const found = world.changes.filter(({ type }) => type === 'booking.conflict');
    expect(found).toMatchObject([{ booking_id: id, connection_id: ada.id, detail: { booking: { start: iso(span.start), end: iso(span.end) }, busy: { start: iso(busy.start), end: iso(busy.end) } } }]);
    await again(ada);
    expect(world.changes.filter(({ type }) => type === 'booking.conflict')).toHaveLength(1);
  });

  it('over the first hour of a booking of a week is a conflict; one that begins later is none', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const id = await book(ada, inHours(30, 7 * 24));
    await book(ada, inHours(32));
    ada.person.add(inHours(30));
    await again(ada);
    expect(world.changes.flatMap(({ type, booking_id }) => (type === 'booking.conflict' ? [booking_id] : []))).toEqual([id]);
  });

  it('over no booking reads none, however many end within the month after it', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await book(ada, inHours(50));
    ada.person.add(inHours(30));
    world.advance(minutes(1));
    await notice(world, ada);
    const life = live();
    expect(await pull(world, ada.id, life)).toMatchObject({ outcome: 'pulled' });
    expect([types(), life.calls.filter((call) => call.startsWith('BatchGetItem'))]).toEqual([['busy.changed'], []]);
  });

  it.each(['9999-12-15T00:00:00Z', provider === 'google' ? '9999-12-31T23:59:00-10:00' : '9999-12-31T20:00:00Z'])('that lasts until %s, as good as for ever, blocks, and is a conflict with what lies under it', async (until) => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const id = await book(ada, inHours(30));
    ada.person.add({ start: world.clock() + hours(29), end: Date.parse(until) }, ...(provider === 'google' ? [{ end: { dateTime: until } }] : []));
    world.advance(minutes(1));
    await notice(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(world.changes.map(({ type, booking_id }) => [type, booking_id])).toEqual([['booking.conflict', id], ['busy.changed', undefined]]);
    expect(await busy(world, ada)).toEqual([expect.stringMatching(/\/9999-12-/)]);
    world.advance(days(8));
    await pull(world, ada.id);
    expect(world.changes).toHaveLength(2);
  });

  it('is told although the pull that wrote it died before it could say so', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const id = await book(ada, inHours(30));
    ada.person.add(inHours(30));
    await notice(world, ada);
    const whole = live(undefined);
    let rows = 0;
    const dying = live(undefined, { after: async (what) => void (what === 'PutItem busy-intervals' && (rows += 1)), before: async (what) => { if (rows > 0 && what === 'tell') throw new Error('it dies here'); } });
    await pull(world, ada.id, dying);
    expect(types()).toEqual([]);
    world.advance(leaseLength + minutes(6));
    await pull(world, ada.id, whole);
    expect(types()).toEqual(expect.arrayContaining(['booking.conflict', 'busy.changed']));
    expect(world.changes.find(({ type }) => type === 'booking.conflict')?.booking_id).toBe(id);
  });
});

it('overlap decides: what ends when a booking begins is no conflict', () => {
  const wish = { id: 'b', start: iso(1000), end: iso(2000), cancelled: false };
  const at = (start: number, end: number) => conflicts([{ eventId: 'e', start, end }], [wish]).length;
  expect([at(0, 1000), at(2000, 3000), at(0, 1001), at(1999, 3000), at(0, 9000), at(1200, 1300)]).toEqual([0, 0, 1, 1, 1, 1]);
});
