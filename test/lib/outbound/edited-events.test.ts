import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hours, minutes } from '../../../lib/platform/clock.ts';
import { changeId } from '../../../lib/platform/changes.ts';
import { judgeEdit } from '../../../lib/outbound/edited-events.ts';
import { bookings, type TargetRow, type Wish } from '../../../lib/outbound/bookings.ts';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { mark, notice } from '../../support/readings.ts';
import { live } from '../../support/mortal.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { drain, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(11);
});
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.hints.length = 0;
  world.changes.length = 0;
});

const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });
const iso = (ms: number): string => new Date(ms).toISOString();
let count = 0;

/** Records a booking as the worker would. */
async function wish({ providerId }: Connected, span: { start: number; end: number }, { id = `edited-${(count += 1)}`, version = 1, cancelled = false } = {}): Promise<string> {
  const read = readBookingEvent({
    id: `event-${id}-${version}`, type: cancelled ? 'booking.cancelled' : 'booking.created', occurred_at: iso(world.clock()),
    booking: { id, version, provider_id: providerId, service_id: 's', title: 'Consultation', start_time: iso(span.start), end_time: iso(span.end), status: cancelled ? 'cancelled' : 'confirmed' },
  });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await bookings(world.tables.dynamo, world.tables.named['booking-events']).record(read.booking, world.clock());
  return id;
}

/** A booking that stands in the calendar, and whose own echo has been read. */
async function standing(connected: Connected, from = 30): Promise<{ id: string; eventId: string; span: { start: number; end: number } }> {
  const span = inHours(from);
  const id = await wish(connected, span);
  const { targets } = await drain(world, id);
  await notice(world, connected);
  await pull(world, connected.id);
  return { id, eventId: targets[0]?.eventId ?? '', span };
}

const facts = (): string[] => world.changes.filter(({ type }) => type.startsWith('booking.')).map(({ type, booking_id }) => `${type} ${booking_id ?? ''}`);
const both = ['google', 'microsoft'] as const;

describe.each(both)('an event of ours at %s', (provider) => {
  it('that we create, move and cancel ourselves tells nothing', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id } = await standing(ada);
    await wish(ada, inHours(40), { id, version: 2 });
    await drain(world, id);
    await notice(world, ada);
    await pull(world, ada.id);
    await wish(ada, inHours(40), { id, version: 3, cancelled: true });
    await drain(world, id);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([]);
  });

  it.each(['tell', 'restore'] as const)('of a booking that begins within a second is nobody’s doing, though the calendar knows no milliseconds (%s)', async (onEdit) => {
    const ada = await world.connect(provider);
    await world.tables.put('connections', { ...ada.connection, on_edit: onEdit });
    await pull(world, ada.id);
    const { start, end } = inHours(30);
    const id = await wish(ada, { start: start + 250, end: end + 750 });
    await drain(world, id);
    for (let time = 0; time < 2; time += 1) {
      world.advance(minutes(1));
      await notice(world, ada);
      await pull(world, ada.id);
      expect(await drain(world, id)).toMatchObject({ outcome: 'idle' });
    }
    expect(facts()).toEqual([]);
  });

  it('that a person moves is told once, with its old and new times, and is left where they put it', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId, span } = await standing(ada);
    const to = inHours(50);
    ada.person.move(eventId, to);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(world.changes).toMatchObject([{ type: 'booking.event_moved', booking_id: id, connection_id: ada.id, detail: { old: { start: iso(span.start), end: iso(span.end) }, new: { start: iso(to.start), end: iso(to.end) } } }]);
    ada.person.change(eventId, provider === 'google' ? { description: 'a note' } : { importance: 'high' });
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_moved ${id}`]);
    await mark(world, ada);
    world.advance(hours(24 * 8));
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_moved ${id}`]);
    expect(ada.person.standing().find(({ id: one }) => one === eventId)).toMatchObject(to);
  });

  it('that a person moves, moves back and moves again is told twice, under two ids', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId, span } = await standing(ada);
    const to = inHours(60);
    for (const there of [to, span, to]) {
      world.advance(minutes(1));
      ada.person.move(eventId, there);
      await notice(world, ada);
      await pull(world, ada.id);
    }
    expect(facts()).toEqual([`booking.event_moved ${id}`, `booking.event_moved ${id}`]);
    expect(new Set(world.changes.map(changeId)).size).toBe(2);
  });

  it('that a person deletes is told once, and stays deleted', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId } = await standing(ada);
    ada.person.remove(eventId);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(world.changes).toMatchObject([{ type: 'booking.event_deleted', booking_id: id, cause: eventId }]);
    world.advance(hours(24 * 8));
    await mark(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_deleted ${id}`]);
    expect(ada.person.standing()).toEqual([]);
  });

  it('that a person deletes while no delta can say so is found by the next complete list', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    ada.person.add(inHours(10));
    const { id, eventId } = await standing(ada, 24 * 20);
    ada.person.remove(eventId);
    if (provider === 'google') world.google.expireSyncTokens();
    else world.microsoft.expireDeltaTokens(ada.account);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_deleted ${id}`]);
  });

  it('that a person moves out of the window is moved, not deleted', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId } = await standing(ada);
    ada.person.move(eventId, inHours(24 * 400));
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_moved ${id}`]);
    if (provider === 'google') world.google.expireSyncTokens();
    else world.microsoft.expireDeltaTokens(ada.account);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_moved ${id}`]);
  });

  it('is put back, and nothing told, where the connection says restore', async () => {
    const ada = await world.connect(provider);
    await world.tables.put('connections', { ...ada.connection, on_edit: 'restore' });
    await pull(world, ada.id);
    const { id, eventId, span } = await standing(ada);
    ada.person.move(eventId, inHours(50));
    await notice(world, ada);
    await pull(world, ada.id);
    await drain(world, id);
    expect(ada.person.standing()).toMatchObject([{ id: eventId, ...span }]);
    ada.person.remove(eventId);
    await notice(world, ada);
    await pull(world, ada.id);
    await drain(world, id);
    expect(ada.person.standing()).toMatchObject([span]);
    expect(facts()).toEqual([]);
  });

  it('moved, and wished elsewhere before a read could confirm it, is not taken for a person’s doing', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId } = await standing(ada);
    ada.person.move(eventId, inHours(50));
    await notice(world, ada);
    let wished = false;
    const meanwhile = live(undefined, {
      async before(what) {
        if (what !== 'calendar read' || wished) return;
        wished = true;
        await wish(ada, inHours(70), { id, version: 2 });
      },
    });
    await pull(world, ada.id, meanwhile);
    expect([wished, facts()]).toEqual([true, []]);
    await drain(world, id);
    world.advance(minutes(11));
    await pull(world, ada.id);
    expect(facts()).toEqual([]);
  });

  it('moved while its wish is pending is not judged then, but soon after by a complete list', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const { id, eventId } = await standing(ada);
    await bookings(world.tables.dynamo, world.tables.named['booking-events']).mark(id, world.clock());
    ada.person.move(eventId, inHours(50));
    await notice(world, ada);
    await pull(world, ada.id);
    expect(facts()).toEqual([]);
    await drain(world, id);
    world.advance(minutes(11));
    await pull(world, ada.id);
    expect(facts()).toEqual([`booking.event_moved ${id}`]);
  });
});

it.each([
  ['touched', (ada: Connected, eventId: string) => ada.person.change(eventId, { importance: 'high' })],
  ['moved', (ada: Connected, eventId: string) => ada.person.move(eventId, inHours(24 * 100))],
] as const)('more events of ours at microsoft than can be read in one lease, all %s by a person, are read once: the list comes to its end', async (_what, act) => {
  const ada = await world.connect('microsoft');
  await pull(world, ada.id);
  for (let nth = 0; nth < 40; nth += 1) await drain(world, await wish(ada, inHours(24 * 9 + nth)));
  await notice(world, ada);
  await pull(world, ada.id);
  for (const { id } of ada.person.standing()) act(ada, id);
  world.advance(hours(24 * 8));
  const lists: unknown[] = [];
  let reads = 0;
  const slow = () => live(undefined, {
    async before(what) {
      if (what !== 'calendar read') return;
      reads += 1;
      world.advance(2_000);
    },
  });
  for (let attempt = 0; attempt < 6 && lists.at(-1) !== 'pulled'; attempt += 1) {
    lists.push((await pull(world, ada.id, slow())).outcome);
    world.advance(minutes(6));
  }
  expect([lists[0], lists.at(-1)]).toEqual(['failed', 'pulled']);
  reads = 0;
  world.microsoft.expireDeltaTokens(ada.account);
  await notice(world, ada);
  expect(await pull(world, ada.id, slow())).toMatchObject({ outcome: 'pulled' });
  expect(reads).toBe(0);
});

describe('an event of ours, judged by a read', () => {
  const wished = { start: '2026-05-01T10:00:00.000Z', end: '2026-05-01T11:00:00.000Z', cancelled: false } as Wish;
  const row = { external_event_id: 'e1', appliedVersion: 1 } as TargetRow;
  const found = { id: 'e1', icalUid: 'u', etag: 'x', cancelled: false, start: Date.parse(wished.start), end: Date.parse(wished.end) };
  it('is as wished by its times alone', () => expect(judgeEdit('e1', { ...found, etag: 'another' }, { wish: wished, row })).toEqual({ kind: 'none' }));
  it('is deleted where it is gone or in the bin', () => {
    expect(judgeEdit('e1', undefined, { wish: wished, row })).toEqual({ kind: 'deleted' });
    expect(judgeEdit('e1', { ...found, cancelled: true, start: 0, end: 0 }, { wish: wished, row })).toEqual({ kind: 'deleted' });
  });
  it('is moved where only its end differs', () => expect(judgeEdit('e1', { ...found, end: found.end + 1_000 }, { wish: wished, row })).toMatchObject({ kind: 'moved' }));
  it('is nobody’s business once the booking is cancelled, the row removed, or another event named', () => {
    for (const [w, r] of [[{ ...wished, cancelled: true }, row], [wished, { ...row, removed: true }], [wished, { ...row, external_event_id: 'e2' }], [wished, undefined]] as const) {
      expect(judgeEdit('e1', undefined, { wish: w, row: r })).toEqual({ kind: 'none' });
    }
  });
});
