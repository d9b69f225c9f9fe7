import { beforeEach, describe, expect, it } from '@jest/globals';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import type { Connection } from '../../../lib/platform/connections.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { dueShard } from '../../../lib/platform/shard.ts';
import { healthOfWatches } from '../../../lib/platform/watched.ts';
import { takeCensus } from '../../../lib/upkeep/census.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { memoryTables, type MemoryTables } from '../../support/memory-tables.ts';
import { TurnableSettings } from '../../support/small-world.ts';
import { telling } from '../../support/workers.ts';

let now = Date.parse('2026-03-27T09:00:00Z');
let tables: MemoryTables;
beforeEach(async () => {
  tables = await memoryTables(() => now);
});

const calendar = { id: 'c', key: 'k', blocks: true, receives: false };
const watch = (left: number, more: object = {}) => ({ id: 'w', calendar_key: 'k', key_id: 'w1', made_at: now + left - days(7), expires_at: now + left, ...more });
const aConnection = (id: string, more: Partial<Connection> = {}): Connection => ({
  v: 1, connection_id: id, provider_id: `p-${id}`, calendar_provider: 'google', state: 'active', account: id, scopes: [], calendars: [calendar], watches: [watch(days(6))], created_at: 0, granted_at: 0, ...more,
});
function keep(connection: Connection): void {
  tables.put('connections', { ...connection });
  tables.put('sync-state', { connection_id: connection.connection_id, part: 'pull', fence: 1, provider_id: connection.provider_id, dueAt: now + hours(3), dueShard: dueShard('jobs', connection.connection_id) });
}
const count = (goOn = () => true) => takeCensus({ dynamo: tables.dynamo, tables: { connections: tables.named.connections, syncState: tables.named['sync-state'] }, clock: () => now }, goOn);

describe('a watch', () => {
  it('is near its end once its renewal is a day overdue, still for days where it has ended unrenewed, and missing where there is none', () => {
    const health = (watches: Connection['watches'], more: Partial<Connection> = {}) => healthOfWatches(aConnection('a', { watches, ...more }), now);
    expect([health([watch(days(2))]), health([watch(hours(25))]), health([watch(-days(2))]), health([watch(-days(4))]), health([]), health([watch(days(6), { retired: true })])]).toEqual([['live'], ['near_expiry'], ['near_expiry'], ['missing'], ['missing'], ['missing']]);
    expect(health([watch(hours(20)), watch(days(7))])).toEqual(['live']);
    expect(health([{ ...watch(days(3)), calendar_key: 'other' }])).toEqual(['missing']);
    expect(health([watch(days(3), { calendar_key: undefined })], { calendar_provider: 'microsoft', calendars: [calendar, { ...calendar, key: 'k2' }] })).toEqual(['live']);
    expect(health([], { calendars: [{ ...calendar, watchable: false }] })).toEqual([]);
  });
});

describe('the census', () => {
  it('counts connections by state and the watches of those that are looked after', async () => {
    keep(aConnection('a'));
    keep(aConnection('b', { watches: [watch(hours(20))] }));
    keep(aConnection('c', { calendar_provider: 'microsoft', watches: [] }));
    keep(aConnection('d', { state: 'reauthorization_required', watches: [] }));
    keep(aConnection('e', { paused_at: now - days(9), watches: [] }));
    keep(aConnection('f', { state: 'disconnecting' }));
    expect(await count()).toEqual({
      states: { active: 3, paused: 1, reauthorization_required: 1, disconnecting: 1 },
      watches: { google: { live: 1, near_expiry: 1, missing: 0 }, microsoft: { live: 0, near_expiry: 0, missing: 1 } },
    });
  });

  it('leaves out the watches of whoever a gate keeps from being read: nobody may renew them', async () => {
    keep(aConnection('a'));
    keep(aConnection('b', { watches: [watch(-days(1))] }));
    expect((await takeCensus({ dynamo: tables.dynamo, tables: { connections: tables.named.connections, syncState: tables.named['sync-state'] }, clock: () => now, admits: (id) => id !== 'p-b' }, () => true))?.watches.google).toEqual({ live: 1, near_expiry: 0, missing: 0 });
  });

  it('gives no half count where the time ends first', async () => {
    keep(aConnection('a'));
    let left = 3;
    expect(await count(() => (left -= 1) > 0)).toBeUndefined();
  });

  it('is taken once an hour and told at every tick, while sync is on', async () => {
    const settings = new TurnableSettings();
    settings.reset();
    const quiet = { send: () => Promise.resolve(), sendAll: () => Promise.resolve() };
    const told = telling();
    const ticks = () => tick({ ...told, dynamo: tables.dynamo, settings, clock: () => now, tables: { connections: tables.named.connections, syncState: tables.named['sync-state'], bookingEvents: tables.named['booking-events'] }, states: upkeepStates(tables.dynamo, tables.named['sync-state']), inbound: quiet, booking: quiet, provider: quiet });
    const active = () => told.figures.filter(({ name, dimensions }) => name === 'calendar_sync_connections' && dimensions['state'] === 'active').map(({ value }) => value);
    keep(aConnection('a'));
    await ticks();
    keep(aConnection('b'));
    now += minutes(1);
    await ticks();
    now += minutes(60);
    await ticks();
    expect(active()).toEqual([1, 1, 2]);
    settings.values.set(Setting.syncEnabled, 'false');
    now += minutes(61);
    await ticks();
    expect(active()).toHaveLength(3);
    expect(told.figures.filter(({ name }) => name === 'calendar_sync_enabled').map(({ value }) => value)).toEqual([1, 1, 1, 0]);
    expect(told.figures.filter(({ name }) => name === 'calendar_sync_upkeep_ticks_total')).toHaveLength(4);
  });
});
