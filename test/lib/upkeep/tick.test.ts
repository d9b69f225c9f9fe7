import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { eachConcurrently } from '../../../lib/platform/concurrently.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { dueShard, shardOf } from '../../../lib/platform/shard.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { countedTables } from '../../support/counted-tables.ts';
import { live, mortalDynamo, type Life } from '../../support/mortal.ts';
import { TurnableSettings, type Sent } from '../../support/small-world.ts';
import type { CountedTables } from '../../support/tables.ts';
import { fakeQueue, telling } from '../../support/workers.ts';
import type { BookingHint, InboundHint } from '../../../lib/platform/messages.ts';

let tables: CountedTables;
let now = Date.parse('2026-03-27T09:00:00Z');
const settings = new TurnableSettings();
const hints: Sent<InboundHint>[] = [];
const bookingHints: Sent<BookingHint>[] = [];
beforeAll(async () => {
  tables = await countedTables();
});
beforeEach(async () => {
  settings.reset();
  hints.length = 0;
  bookingHints.length = 0;
  now += minutes(60);
  await tables.aClean('sync-state');
  await tables.aClean('connections');
  await tables.aClean('booking-events');
});

async function connection(id: string, inbox: object = {}, pull: { dueAt?: number; gate?: 'sync' | 'jobs' } & object = {}): Promise<void> {
  const { dueAt = now + minutes(60), gate = 'jobs', ...rest } = pull;
  await tables.put('sync-state', { connection_id: id, part: 'inbox', generation: 1, ...inbox });
  await tables.put('sync-state', { connection_id: id, part: 'pull', fence: 1, dueAt, dueShard: dueShard(gate, id), ...rest });
}
const dirty = (id: string, ago: number, pull: object = {}) => connection(id, { dirtySince: now - ago, dirtyShard: shardOf(id) }, pull);
const pendingBooking = (id: string, ago: number, wish: object = {}) => tables.put('booking-events', { booking_id: id, part: 'wish', pendingSince: now - ago, pendingShard: shardOf(id), ...wish });
const ticks = (life: Life = live(), clock = () => now) => {
  const dynamo = mortalDynamo(tables.dynamo, life);
  const { named } = tables;
  return tick({
    ...telling(), dynamo, settings, clock,
    tables: { connections: tables.named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] },
    states: upkeepStates(dynamo, named['sync-state']),
    inbound: fakeQueue(life, hints, 'inbound hints'), provider: fakeQueue(life, [], 'provider hints'), booking: fakeQueue(life, bookingHints, 'booking hints'),
  });
};
const rung = () => hints.map(({ hint }) => hint.connection_id).sort();

describe('a tick of upkeep', () => {
  it('rings for what is dirty for more than ten seconds, due or pending, and in nobody’s hand', async () => {
    await dirty('c-lost', seconds(11));
    await dirty('c-fresh', seconds(9));
    await dirty('c-held', seconds(60), { leaseUntil: now + 1 });
    await dirty('c-dead', seconds(60), { leaseUntil: now });
    await dirty('c-backing-off', seconds(60), { backoffUntil: now + 1 });
    await connection('c-due', {}, { dueAt: now });
    await connection('c-later', {}, { dueAt: now + 1 });
    await connection('c-trailing', {}, { dueAt: now, gate: 'sync' });
    await pendingBooking('b-lost', seconds(11));
    await pendingBooking('b-fresh', seconds(9));
    await pendingBooking('b-waits', seconds(60), { retryAt: now + 1 });
    await pendingBooking('b-waited', seconds(60), { retryAt: now });
    await ticks();
    expect(rung()).toEqual(['c-dead', 'c-due', 'c-lost', 'c-trailing']);
    expect(bookingHints.map(({ hint }) => hint.booking_id).sort()).toEqual(['b-lost', 'b-waited']);
  });

  it('leaves polls alone while JOBS is off, and everything while SYNC is off or unknown', async () => {
    await dirty('c-dirty', seconds(60));
    await connection('c-poll', {}, { dueAt: now });
    await connection('c-relist', {}, { dueAt: now, gate: 'sync' });
    await pendingBooking('b-1', seconds(60));
    settings.values.set(Setting.syncEnabled, 'false');
    await ticks();
    settings.unknown = true;
    await ticks();
    expect([...hints, ...bookingHints]).toEqual([]);
    settings.reset();
    settings.values.set(Setting.jobsEnabled, 'false');
    await ticks();
    expect(rung()).toEqual(['c-dirty', 'c-relist']);
    expect(bookingHints).toHaveLength(1);
  });

  it('leaves alone what waits for a provider who is off the list, and rings for it once they are on it', async () => {
    settings.values.set(Setting.providerAllowlist, 'p-on');
    await dirty('c-on', seconds(60), { provider_id: 'p-on' });
    const off = { provider_id: 'p-off' };
    await dirty('c-off', seconds(60), off);
    await connection('c-due-off', {}, { dueAt: now, ...off });
    await pendingBooking('b-on', seconds(60), { provider_id: 'p-on' });
    await pendingBooking('b-off', seconds(60), { provider_id: 'p-off', heldBy: 'p-off' });
    await pendingBooking('b-moved-on', seconds(60), { provider_id: 'p-off', heldBy: 'p-on' });
    await ticks();
    expect([rung(), bookingHints.map(({ hint }) => hint.booking_id).sort()]).toEqual([['c-on'], ['b-moved-on', 'b-on']]);
    hints.length = bookingHints.length = 0;
    settings.values.set(Setting.providerAllowlist, 'p-on p-off');
    await ticks();
    expect([rung(), bookingHints.map(({ hint }) => hint.booking_id).sort()]).toEqual([['c-due-off', 'c-off', 'c-on'], ['b-moved-on', 'b-off', 'b-on']]);
  });

  it('puts off what is due of a provider who is off the list, so that it is read twice a day and not every minute, and finds it once they are on it', async () => {
    settings.values.set(Setting.providerAllowlist, 'p-on');
    const [due, polled] = [now, { duePoll: now, provider_id: 'p-off' }];
    await connection('c-off', {}, { dueAt: due, ...polled });
    const dueAt = async () => (await tables.get('sync-state', { connection_id: 'c-off', part: 'pull' }))?.['dueAt'];
    const dies = live({ at: 6, how: 'before' });
    await expect(ticks(dies)).rejects.toThrow();
    await ticks();
    expect(await dueAt()).toBe(due);
    now += minutes(1);
    await ticks();
    expect([await dueAt(), (await tables.get('sync-state', { connection_id: 'c-off', part: 'pull' }))?.['duePoll']]).toEqual([now + hours(12), due]);
    now += minutes(1);
    const life = live();
    await ticks(life);
    expect(life.calls.filter((call) => call !== 'Query sync-state' && call !== 'Query booking-events')).toEqual(['GetItem sync-state', 'PutItem sync-state']);
    settings.values.set(Setting.providerAllowlist, 'p-on p-off');
    await tables.put('connections', { connection_id: 'c-off', provider_id: 'p-off' });
    for (let minute = 0; minute < 13 && hints.length === 0; minute += 1) {
      now += minutes(1);
      await ticks();
    }
    expect(rung()).toEqual(['c-off']);
  });

  it('costs what is due, not what exists: of a thousand connections ten', async () => {
    await eachConcurrently(Array.from({ length: 1000 }, (_, n) => n), 40, (n) => connection(`c-${n}`, {}, { dueAt: n < 10 ? now : now + minutes(30) }));
    await ticks();
    hints.length = 0;
    const life = live();
    await ticks(life);
    expect(rung()).toHaveLength(10);
    const reads = life.calls.filter((call) => call.startsWith('Query'));
    expect(reads.length).toBeLessThanOrEqual(8 * 5 + 1);
    expect(life.calls.length).toBeLessThanOrEqual(8 * 5 + 51);
  }, 30_000);

  it('goes on where the last one had to stop, round and round, until all have been rung', async () => {
    await Promise.all(Array.from({ length: 220 }, (_, n) => connection(`c-${n}`, { dirtySince: now - seconds(60), dirtyShard: shardOf('same') })));
    const met = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1) {
      hints.length = 0;
      let looks = 0;
      // Each look at the clock is five seconds later: two or three pages a walk.
      await ticks(live(), () => now + seconds(6) * (looks += 1));
      expect(hints.length).toBeLessThan(220);
      for (const id of rung()) met.add(id);
    }
    expect(met.size).toBe(220);
  }, 30_000);

  it('rings for bookings though the rings for connections are many, or fail', async () => {
    await Promise.all(Array.from({ length: 220 }, (_, n) => dirty(`c-${n}`, seconds(60))));
    await pendingBooking('b-1', seconds(60));
    let looks = 0;
    await ticks(live(), () => now + seconds(2) * (looks += 1));
    expect(bookingHints).toHaveLength(1);

    bookingHints.length = 0;
    const life = live(undefined, { before: (what) => (what === 'inbound hints' ? Promise.reject(new Error('refused')) : Promise.resolve()) });
    await expect(ticks(life)).rejects.toThrow('refused');
    expect(bookingHints).toHaveLength(1);
    expect(life.calls.at(-1)).toBe('PutItem sync-state');
  }, 30_000);

  it('sees who was let in, and counts, though what waits for others takes longer to look through than a tick has', async () => {
    const whose = { provider_id: 'p-in' };
    await connection('c-in', {}, { dueAt: now + hours(12), ...whose });
    await tables.put('connections', { connection_id: 'c-in', ...whose, calendar_provider: 'google', state: 'active', calendars: [], watches: [] });
    const off = { provider_id: 'p-off', heldBy: 'p-off' };
    await eachConcurrently(Array.from({ length: 700 }, (_, n) => n), 40, (n) => pendingBooking(`b-${n}`, seconds(60), { ...off, pendingShard: shardOf('same') }));
    settings.values.set(Setting.providerAllowlist, 'p-on');
    await ticks();
    settings.values.set(Setting.providerAllowlist, 'p-on p-in');
    const slowly = () => live(undefined, { before: (what) => Promise.resolve(void (what === 'Query booking-events' && (now += seconds(4)))) });
    const begun = now;
    for (let minute = 1; minute <= 75; minute += 1) {
      now = begun + minutes(minute);
      await ticks(slowly());
    }
    expect((await tables.get('sync-state', { connection_id: 'c-in', part: 'inbox' }))?.['dirtySince']).toBeDefined();
    const { gates, census, countedAt } = await upkeepStates(tables.dynamo, tables.named['sync-state']).read();
    expect(gates?.sweep).toBeUndefined();
    expect([census?.states.active, countedAt]).toEqual([1, expect.any(Number)]);
    expect(countedAt).toBeGreaterThan(begun);
  }, 60_000);

  it('begins anew where the place that was kept is of a shard that is no more', async () => {
    await dirty('c-1', seconds(60));
    const key = { connection_id: { S: 'c-0' }, part: { S: 'inbox' }, dirtyShard: { S: '99' }, dirtySince: { N: '1' } };
    await upkeepStates(tables.dynamo, tables.named['sync-state']).save({ walks: { dirty: { shard: 99, after: JSON.stringify(key) } } });
    await ticks();
    expect(rung()).toEqual(['c-1']);
  });

  it('counts the connections once an hour', async () => {
    await Promise.all(['c-1', 'c-2', 'c-3'].map((id) => connection(id)));
    await ticks();
    const states = upkeepStates(tables.dynamo, tables.named['sync-state']);
    expect(await states.read()).toMatchObject({ connections: 3, countedAt: now });
    await connection('c-4');
    now += minutes(59);
    await ticks();
    expect((await states.read()).connections).toBe(3);
    now += minutes(1);
    await ticks();
    expect((await states.read()).connections).toBe(4);
  });
});
