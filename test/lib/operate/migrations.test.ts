import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { unknownReasons } from '../../../lib/availability/bookable.ts';
import { inMs } from '../../../lib/availability/intervals.ts';
import { readProvider } from '../../../lib/availability/read-provider.ts';
import { instantOf } from '../../../lib/operate/migrations/export-lines.ts';
import { migrate, rollback, ledger } from '../../../lib/operate/migrations/run.ts';
import type { Migration } from '../../../lib/operate/migrations/migration.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import type { Item } from '../../../lib/platform/dynamo.ts';
import { unseal } from '../../../lib/platform/seal.ts';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { schemasOf } from '../../support/memory-query.ts';
import { aMigrationWorld, tokenKeys, type MigrationWorld } from '../../support/migration-world.ts';
import { aBookingLine, aConnectionLine, anEventLine, anExport, uuidOf, writeExport } from '../../support/old-export.ts';

let world: MigrationWorld;
beforeAll(async () => void (await schemasOf()), 60_000);
beforeEach(async () => void (world = await aMigrationWorld()));
const spanIn = (days_: number) => ({ start: world.now + days(days_), end: world.now + days(days_) + hours(1) });
const countsOf = (reports: Awaited<ReturnType<typeof migrate>>) => Object.fromEntries(reports.map(({ migration, counts }) => [migration, counts]));
const small = () => writeExport(anExport(world.now, { connections: 3, events: 20 }));

describe('coming over from the system before', () => {
  it('brings connections, busy time, events of bookings and due times over, and leaves nothing to find', async () => {
    const reports = await world.migrate(small());
    expect(reports.map(({ migration, outcome }) => [migration, outcome])).toEqual([['foundations', 'done'], ['uniqueness', 'done'], ['outbound', 'done'], ['operational', 'done']]);
    expect(countsOf(reports)).toEqual({
      foundations: { loaded: 3 },
      uniqueness: { loaded: 41, past: 7, bookings: 12 },
      outbound: { busy_rows: 48, loaded: 6, cancelled: 6 },
      operational: { loaded: 3 },
    });
    expect(await world.violations()).toEqual([]);
    expect(world.bad).toEqual([]);
    expect((await ledger(await world.parts())).map(({ migration, state }) => `${migration} ${state}`)).toEqual(['foundations done', 'uniqueness done', 'outbound done', 'operational done']);
  });

  it('makes a connection dirty and due, without cursor or watch, its tokens sealed for it alone', async () => {
    await world.migrate(small());
    const id = uuidOf(1, 1);
    const connection = world.tables.get('connections', { connection_id: id });
    expect(connection).toMatchObject({ state: 'active', provider_id: uuidOf(2, 1), zone: 'Europe/Berlin', watches: [], scopes: ['openid', 'https://www.googleapis.com/auth/calendar.events'], calendars: [{ id: 'AAMkAGI21=', blocks: true, receives: true }] });
    expect(JSON.parse(unseal(parseKeyRing(JSON.parse(tokenKeys)), String(connection?.['tokens']), id))).toEqual({ access_token: 'ya29.clear-access-1', expires_at: Date.parse('2026-03-27T08:10:00Z'), refresh_token: '1//0clear-refresh-1' });
    expect(world.tables.get('sync-state', { connection_id: id, part: 'inbox' })).toMatchObject({ dirtySince: world.now, dirtyShard: expect.any(String) });
    expect(world.tables.get('sync-state', { connection_id: id, part: 'pull' })).toMatchObject({ dueAt: expect.any(Number), dueShard: expect.stringMatching(/^jobs/) });
    expect(JSON.stringify(world.tables.all('sync-state').concat(world.tables.all('booking-events'), world.tables.all('busy-intervals')))).not.toMatch(/clear-/);
  });

  it('blocks from the first moment, and leaves nothing free before the first complete list', async () => {
    const folder = writeExport({ connections: [aConnectionLine(2)], events: [anEventLine(2, 1, spanIn(3)), anEventLine(2, 2, spanIn(4), { is_busy: false })] });
    await world.migrate(folder);
    const { dynamo, named } = world.tables;
    const read = await readProvider(dynamo, named['busy-intervals'])(uuidOf(2, 2), { start: world.now, end: world.now + days(30) });
    expect(read.intervals.map(inMs)).toEqual([spanIn(3)]);
    expect(unknownReasons(read.connections, spanIn(5), { now: world.now, gate: 'open' })).toEqual(['not_yet_read']);
  });

  it('carries back-off over, and of the last error only what can be no secret', async () => {
    const until = new Date(world.now + minutes(4)).toISOString();
    const lines = [aConnectionLine(2, { backoff_until: until, error_count: 3, last_error: 'GET https://x?access_token=ya29.abc: 503 unavailable for ada@example.com' }), aConnectionLine(4, { backoff_until: '2020-01-01T00:00:00Z', last_error: 'Bearer ya29.xyz' })];
    await world.migrate(writeExport({ connections: lines, events: [] }));
    const pull = (n: number) => world.tables.get('sync-state', { connection_id: uuidOf(1, n), part: 'pull' });
    expect(pull(2)).toMatchObject({ backoffUntil: Date.parse(until), errorCount: 3, lastError: 'carried over 503 unavailable' });
    expect(pull(2)?.['dueAt']).toBeGreaterThanOrEqual(Date.parse(until));
    expect(pull(4)).toMatchObject({ lastError: 'carried over' });
    expect(pull(4)).not.toHaveProperty('backoffUntil');
  });

  it('keeps a connection without a grant, which waits for the person, and leaves out one that was ended', async () => {
    const folder = writeExport({
      connections: [aConnectionLine(2, { refresh_token: null }), aConnectionLine(4, { status: 'disconnected' })],
      events: [anEventLine(2, 1, spanIn(3)), anEventLine(4, 2, spanIn(3)), aBookingLine(4, 3, spanIn(3))],
    });
    expect(countsOf(await world.migrate(folder))).toMatchObject({ foundations: { loaded_without_grant: 1, disconnected: 1 }, uniqueness: { loaded: 1, disconnected: 1, bookings: 1 }, outbound: { disconnected: 1 }, operational: { loaded: 1, disconnected: 1 } });
    expect(world.tables.get('connections', { connection_id: uuidOf(1, 2) })).toMatchObject({ state: 'reauthorization_required', dead_at: world.now });
    expect(await world.violations()).toEqual([]);
  });

  it('tells each line that it does not load, by number and reason, and never what the line holds', async () => {
    const { refresh_token: _, ...line } = aConnectionLine(2);
    const folder = writeExport({
      connections: [
        '{"broken', '[]', '', { ...line, id: undefined }, aConnectionLine(2, { id: 'no#id' }), aConnectionLine(2, { calendar_id: 'primary' }), aConnectionLine(2, { created_at: '2026-02-01 10:00' }), aConnectionLine(2, { time_zone: 'Berlin' }),
        aConnectionLine(2), aConnectionLine(2), aConnectionLine(2, { id: uuidOf(9, 9) }), `"${'x'.repeat(70_000)}"`, aConnectionLine(4), aConnectionLine(6, { provider_id: uuidOf(2, 4) }),
      ],
      events: [
        anEventLine(2, 1, spanIn(3)), anEventLine(2, 1, spanIn(5)), anEventLine(8, 2, spanIn(3)), anEventLine(4, 3, spanIn(3)), anEventLine(4, 4, spanIn(3), { connection_id: uuidOf(1, 4) }),
        anEventLine(2, 5, { start: world.now + 5, end: world.now + 4 }), anEventLine(2, 6, spanIn(2), { is_busy: 'yes' }),
        aBookingLine(2, 7, spanIn(3)), aBookingLine(2, 7, spanIn(3), { external_event_id: 'bookingaaaaaa', booking_id: uuidOf(5, 7) }), aBookingLine(2, 7, spanIn(3), { booking_id: 'other' }),
        aBookingLine(2, 8, spanIn(3), { external_event_id: 'booking1', ical_uid: null }), aBookingLine(2, 9, spanIn(3), { external_event_id: 'booking:9!' }),
      ],
    });
    const reports = await world.migrate(folder);
    expect(world.bad.map(({ file, line, reason }) => `${file.slice(18, 21)} ${line}: ${reason}`)).toEqual([
      'con 1: it is no JSON object', 'con 2: it is no JSON object', 'con 4: id is missing', 'con 5: id must be 1 to 36 of A–Z, a–z, 0–9, _ and -', "con 6: calendar_id must be the calendar's own id, not its alias", 'con 7: created_at must be a timestamp with its offset', 'con 8: time_zone must be an IANA zone',
      'con 10: it says the same as line 9', 'con 11: its account is connected already, under another id', 'con 12: it is longer than 64 KB, or no UTF-8',
      'eve 2: it says the same as line 1', 'eve 3: it belongs to no connection of the export', 'eve 4: connection_id is missing, and its provider has several connections', 'eve 6: end_time must not be before start_time', 'eve 7: is_busy must be true or false',
      'eve 9: its booking has another event already: line 8', 'eve 10: its event stands for another booking already: line 8', 'eve 11: booking_id is missing, and its ids hold no UUID', 'eve 12: provider_event_id is missing, and external_event_id is no id of the calendar provider',
    ]);
    expect(countsOf(reports)).toMatchObject({ foundations: { loaded: 3, bad: 9, duplicates: 1 }, uniqueness: { loaded: 2, duplicates: 1, bad: 4 }, outbound: { loaded: 1, duplicates: 2, bad: 2, unreadable: 2 } });
    expect(await world.violations()).toEqual([]);
  });

  it('counts in a dry run what it would do, and writes nothing at all', async () => {
    let written = 0;
    world.tables.onWrite = () => void (written += 1);
    const folder = writeExport({ connections: [aConnectionLine(2), aConnectionLine(2), aConnectionLine(2, { id: uuidOf(9, 9) })], events: [anEventLine(2, 1, spanIn(3)), anEventLine(2, 1, spanIn(3)), aBookingLine(2, 3, spanIn(3))] });
    const reports = await world.migrate(folder, { dryRun: true });
    expect(countsOf(reports)).toEqual({ foundations: { loaded: 1, duplicates: 1, bad: 1 }, uniqueness: { loaded: 1, duplicates: 1, bookings: 1 }, outbound: { loaded: 1, busy_rows: 2 }, operational: { loaded: 3 } });
    expect(reports.map(({ outcome }) => outcome)).toEqual(['dry_run', 'dry_run', 'dry_run', 'dry_run']);
    await world.migrate(folder);
    const there = written;
    expect(countsOf(await world.rollback({ dryRun: true }))).toEqual({ operational: { removed: 1 }, outbound: { removed: 1 }, uniqueness: { removed: 1 }, foundations: { removed: 1 } });
    expect(written).toBe(there);
  });

  it('looks at an export that is loaded no second time, and takes in what a newer one adds', async () => {
    const { connections, events } = anExport(world.now, { connections: 2, events: 10 });
    const folder = writeExport({ connections, events });
    await world.migrate(folder);
    const before = world.everything();
    expect((await world.migrate(folder)).map(({ outcome }) => outcome)).toEqual(['already', 'already', 'already', 'already']);
    expect(world.everything()).toEqual(before);
    writeExport({ connections: [...connections, aConnectionLine(2)], events: [...events, aBookingLine(1, 500, spanIn(9)), anEventLine(2, 501, spanIn(9))] }, folder);
    expect(countsOf(await world.migrate(folder))).toMatchObject({ foundations: { loaded: 1, present: 2 }, uniqueness: { loaded: 1 }, outbound: { loaded: 1 } });
    expect(await world.violations()).toEqual([]);
  });

  it('goes as far as it is asked to, no faster than asked, and only while sync is off', async () => {
    const folder = small();
    expect((await world.migrate(folder, { to: 'uniqueness' })).map(({ migration }) => migration)).toEqual(['foundations', 'uniqueness']);
    expect(world.tables.all('booking-events')).toEqual([]);
    expect(world.waits.reduce((sum, ms) => sum + ms, 0)).toBe(((3 + 60) * 2 * 1000) / 500);
    await expect(world.migrate(folder, { to: 'nothing' })).rejects.toThrow('There is no migration nothing: there are foundations, uniqueness, outbound, operational.');
    await expect(world.migrate('/nowhere')).rejects.toThrow('There is no external_calendar_connections.jsonl in /nowhere: docs/migrations.md tells what an export holds.');
    for (const value of ['true', undefined]) {
      world.settings.unknown = value === undefined;
      world.settings.values.set(Setting.syncEnabled, value ?? 'false');
      await expect(world.migrate(folder)).rejects.toThrow(/runs while CALENDAR_SYNC_ENABLED is off, and known to be/);
      await expect(world.rollback()).rejects.toThrow(/is off, and known to be/);
    }
  });

  it('reads any timestamp that has an offset, and none that has not', () => {
    const at = Date.parse('2026-01-10T09:00:00Z');
    for (const text of ['2026-01-10T09:00:00Z', '2026-01-10 09:00:00+00', '2026-01-10 09:00:00.000+00:00', '2026-01-10T10:00:00+01:00', '2026-01-10 14:30:00+0530', '2026-01-10T09:00Z']) expect([text, instantOf(text)]).toEqual([text, at]);
    for (const text of ['2026-01-10T09:00:00', '2026-01-10', 'now', '2026-13-10T09:00:00Z', '1768035600']) expect([text, instantOf(text)]).toEqual([text, undefined]);
  });
});

describe('a change of our own rows', () => {
  it('is recorded in the same ledger, runs beside live sync, and can be taken back', async () => {
    const shift: Migration = {
      name: 'zone-of-cursors', kind: 'layout',
      forward: async ({ parts, dryRun }) => ({
        table: 'sync-state',
        async each(item: Item) {
          if (!item['part']?.S?.startsWith('cal#') || item['zoneOf']) return undefined;
          const key = { connection_id: item['connection_id'] ?? { S: '' }, part: item['part'] };
          if (!dryRun) await parts.dynamo.send(new UpdateItemCommand({ TableName: parts.tables['sync-state'], Key: key, UpdateExpression: 'SET zoneOf = :calendar', ConditionExpression: 'attribute_exists(connection_id)', ExpressionAttributeValues: { ':calendar': { S: 'calendar' } } }));
          return 'changed';
        },
      }),
      verify: async () => ({ table: 'sync-state', each: async (item: Item) => (item['part']?.S?.startsWith('cal#') ? (item['zoneOf'] ? 'stands' : 'missing') : undefined) }),
      rollback: async ({ parts }) => ({
        table: 'sync-state',
        async each(item) {
          if (!item['zoneOf']) return undefined;
          const key = { connection_id: item['connection_id'] ?? { S: '' }, part: item['part'] ?? { S: '' } };
          await parts.dynamo.send(new UpdateItemCommand({ TableName: parts.tables['sync-state'], Key: key, UpdateExpression: 'REMOVE zoneOf', ConditionExpression: 'attribute_exists(connection_id)' }));
          return 'changed';
        },
      }),
    };
    const folder = small();
    await world.migrate(folder);
    world.settings.values.set(Setting.syncEnabled, 'true');
    for (const n of [1, 2]) world.tables.put('sync-state', { connection_id: uuidOf(1, n), part: 'cal#k', fence: 1, cursor: 'x' });
    const parts = await world.parts();
    expect(await migrate(parts, {}, [shift])).toEqual([{ migration: 'zone-of-cursors', direction: 'forward', outcome: 'done', counts: { changed: 2 } }]);
    expect((await migrate(parts, { folder }, [shift]))[0]?.outcome).toBe('already');
    expect(await migrate(parts, {})).toEqual([]);
    expect(await ledger(parts, [shift])).toMatchObject([{ migration: 'zone-of-cursors', state: 'done', counts: { changed: 2 } }]);
    await rollback(parts, {}, [shift]);
    expect(world.tables.all('sync-state').some((row) => row['zoneOf'] !== undefined)).toBe(false);
  });
});

describe('a change that does not stand once it is made', () => {
  it('is refused, and not done', async () => {
    const pass = (ending: 'changed' | 'missing') => async () => ({ table: 'sync-state' as const, each: async () => ending });
    const hollow: Migration = { name: 'hollow', kind: 'layout', forward: pass('changed'), verify: pass('missing'), rollback: pass('changed') };
    await world.migrate(small());
    const parts = await world.parts();
    await expect(migrate(parts, {}, [hollow])).rejects.toThrow(/hollow: \d+ of what it loaded/);
    expect(await ledger(parts, [hollow])).toMatchObject([{ migration: 'hollow', state: 'verify' }]);
  });
});

describe('a large export', () => {
  it('is held a few lines at a time, however long it is', async () => {
    const folder = writeExport({ connections: [aConnectionLine(2)], events: Array.from({ length: 3_000 }, (_, n) => anEventLine(2, n, spanIn(1 + (n % 90)), { is_busy: n % 30 === 0 })) });
    let [most, under] = [0, 0];
    const parts = await world.parts();
    const counting = { ...parts, dynamo: Object.assign(Object.create(parts.dynamo) as typeof parts.dynamo, { send: async (command: never) => {
      most = Math.max(most, (under += 1));
      const answer = await (parts.dynamo.send as (one: never) => Promise<unknown>)(command);
      under -= 1;
      return answer;
    } }) };
    const [, report] = await migrate(counting, { folder, to: 'uniqueness' });
    expect(report?.counts).toEqual({ loaded: 100, free: 2_900 });
    expect(most).toBeLessThanOrEqual(10);
  });
});
