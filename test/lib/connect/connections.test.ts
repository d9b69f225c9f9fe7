import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { unknownReasons } from '../../../lib/availability/bookable.ts';
import { readProvider } from '../../../lib/availability/read-provider.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import { grantDied } from '../../../lib/connect/grant-died.ts';
import { readStandings } from '../../../lib/connect/connection-standing.ts';
import { readConnections, told } from '../../../lib/connect/read-connections.ts';
import type { Change } from '../../../lib/platform/changes.ts';
import { connections, type Connection } from '../../../lib/platform/connections.ts';
import type { InboundHint } from '../../../lib/platform/messages.ts';
import type { TableName } from '../../../lib/platform/names.ts';
import { days, hours } from '../../../lib/platform/clock.ts';
import { aPost } from '../../support/notices.ts';
import { startTables, type Tables } from '../../support/tables.ts';
import { quietLog } from '../../support/traces.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const used: TableName[] = ['connections', 'sync-state', 'busy-intervals'];
let tables: Tables;
beforeAll(async () => void (tables = await startTables()));
afterAll(() => tables.close());
beforeEach(async () => {
  for (const table of used) await tables.aClean(table);
});
const aConnection = (overrides: Partial<Connection> = {}): Connection => ({
  v: 1, connection_id: 'c', provider_id: 'p', calendar_provider: 'google', state: 'active', account: 'account-hash', scopes: ['calendar'], tokens: 's1.sealed', created_at: now, granted_at: now,
  calendars: [{ id: 'primary', key: 'k', blocks: true, receives: true }], watches: [{ id: 'w', expires_at: now, key_id: 'k1' }], ...overrides,
});

/** Creates a connection, dying before the step of that number; returns how many steps were made. */
async function createUntil(step: number, hints: InboundHint[] = []): Promise<number> {
  let made = 0;
  const dying = tables.another();
  const orDie = (): void => {
    if (made === step) throw new Error('died');
    made += 1;
  };
  dying.middlewareStack.add((next) => (args) => (orDie(), next(args)), { step: 'initialize', name: 'die' });
  const parts = {
    dynamo: dying,
    tables: { connections: tables.named.connections, syncState: tables.named['sync-state'], busyIntervals: tables.named['busy-intervals'] },
    hints: { send: async (hint: InboundHint) => (orDie(), void hints.push(hint)), sendAll: () => Promise.reject(new Error('not used')) },
    clock: () => now,
  };
  await createConnection(parts, aConnection()).catch((error: Error) => expect(error.message).toBe('died'));
  return made;
}
const reader = () => readProvider(tables.dynamo, tables.named['busy-intervals'])('p', { start: now, end: now + 1 });

describe('a connection being made', () => {
  it('is nothing to readers or not yet read, after a crash at any step, and never free', async () => {
    const steps = await createUntil(Infinity);
    expect(steps).toBe(8);
    for (let step = 0; step <= steps; step += 1) {
      for (const table of used) await tables.aClean(table);
      await createUntil(step);
      const { connections: seen } = await reader();
      const whole = await tables.get('connections', { connection_id: 'c' });
      expect({ step, reasons: unknownReasons(seen, { start: now, end: now + 1 }, { now, gate: 'open' }) }).toEqual({ step, reasons: step <= 1 ? [] : ['not_yet_read'] });
      expect({ step, whole: whole !== undefined }).toEqual({ step, whole: step >= 6 });
    }
  });

  it('is dirty and due before it exists, so that a lost hint only delays it', async () => {
    const hints: InboundHint[] = [];
    await createUntil(Infinity, hints);
    expect(await tables.get('sync-state', { connection_id: 'c', part: 'inbox' })).toMatchObject({ generation: 1, dirtySince: now, dirtyShard: expect.any(String) });
    expect(await tables.get('sync-state', { connection_id: 'c', part: 'pull' })).toMatchObject({ fence: 0, dueAt: now, dueShard: expect.stringMatching(/^jobs#\d$/) });
    expect(await tables.get('sync-state', { connection_id: 'c', part: 'push' })).toMatchObject({ fence: 0 });
    expect(hints).toEqual([{ v: 1, hint: 'pull', connection_id: 'c' }]);
  });

  it('is whole when it is made again after a crash', async () => {
    await createUntil(3);
    await createUntil(Infinity);
    expect(await connections(tables.dynamo, tables.named.connections).get('c')).toEqual(aConnection());
  });
});

describe('a grant that died', () => {
  const changes: Change[] = [];
  const die = (connection: Connection, { at = now, lines = [] as string[] } = {}) =>
    grantDied({ dynamo: tables.dynamo, connectionsTable: tables.named.connections, busyIntervalsTable: tables.named['busy-intervals'], changes: { tell: async (change) => void changes.push(change) }, log: { ...quietLog, warn: (line) => void lines.push(line) }, clock: () => at })(connection);

  it('is told, shown to readers and saved on the connection', async () => {
    await createUntil(Infinity);
    await die(aConnection());
    expect(changes.at(-1)).toEqual({ type: 'connection.reauthorization_required', connection_id: 'c', provider_id: 'p', cause: String(now) });
    expect((await reader()).connections).toMatchObject([{ state: 'reauthorization_required' }]);
    expect(await tables.get('connections', { connection_id: 'c' })).toMatchObject({ state: 'reauthorization_required' });
  });

  it.each([
    ['seven days after it was given', {}, days(7) + hours(15), true],
    ['when Google had said that it would', { grant_ends_at: now + 604_799_000 }, 604_799_000, true],
    ['before Google ended it', { grant_ends_at: now + 604_799_000 }, days(3), false],
    ['after six days', {}, days(6), false],
    ['after eight days', {}, days(8), false],
    ['at Microsoft, after seven days', { calendar_provider: 'microsoft' }, days(7) + hours(1), false],
  ] as const)('%s is told to be of an app in testing, or not: to the platform, in the log and by GET', async (_when, over, after, trap) => {
    const [given, lines] = [aConnection(over), [] as string[]];
    await createUntil(Infinity);
    await tables.put('connections', { ...given });
    await die(given, { at: now + after, lines });
    expect(changes.at(-1)?.detail).toEqual(trap ? { likely_cause: 'google_app_in_testing' } : undefined);
    expect(lines).toEqual(trap ? [expect.stringContaining('publishing status')] : []);
    const [warning] = told((await connections(tables.dynamo, tables.named.connections).get('c')) as Connection).warnings;
    expect(warning).toEqual(trap ? expect.stringContaining('ended this grant seven days after it was given') : undefined);
  });

  it('does not undo a later consent, nor a removal, nor bring back what was erased', async () => {
    await tables.put('connections', { ...aConnection({ granted_at: now + 1 }) });
    await die(aConnection());
    expect(await tables.get('connections', { connection_id: 'c' })).toMatchObject({ state: 'active' });
    await tables.put('connections', { ...aConnection({ state: 'disconnecting' }) });
    await die(aConnection());
    expect(await tables.get('connections', { connection_id: 'c' })).toMatchObject({ state: 'disconnecting' });
    await tables.aClean('connections');
    await die(aConnection());
    expect([await tables.all('connections'), await tables.all('busy-intervals')]).toEqual([[], []]);
  });
});

describe('reading connections', () => {
  const ask = async (pathParameters: Record<string, string>, rawQueryString = ''): Promise<Record<string, unknown>> => {
    const { statusCode, body } = await readConnections({ connections: connections(tables.dynamo, tables.named.connections), standings: readStandings(tables.dynamo, { syncState: tables.named['sync-state'], busyIntervals: tables.named['busy-intervals'] }), failed: () => undefined })({ ...aPost('google'), rawQueryString, pathParameters });
    return { status: statusCode, ...(JSON.parse(body ?? '') as Record<string, unknown>) };
  };
  const many = (n: number) => Promise.all(Array.from({ length: n }, (_, at) => tables.put('connections', { ...aConnection({ connection_id: `c-${String(at).padStart(3, '0')}` }) })));

  it('tells what a caller may see: no token, no account, no key', async () => {
    await tables.put('connections', { ...aConnection() });
    const { standing, ...told } = await ask({ connection_id: 'c' });
    expect(standing).toMatchObject({ last_complete_read: null, next_due: null, reading: { error_count: 0, last_error: null, backing_off_until: null } });
    expect(told).toEqual({ status: 200, connection_id: 'c', provider_id: 'p', calendar_provider: 'google', state: 'active', paused_since: null, zone: null, scopes: ['calendar'], calendars: [{ id: 'primary', blocks: true, receives: true }], watches: [{ id: 'w', expires_at: '2026-03-02T09:00:00.000Z' }], created_at: '2026-03-02T09:00:00.000Z', on_edit: 'tell', warnings: [] });
  });

  it('tells how each stands: what was read, what failed, what is due, in four requests for a hundred', async () => {
    await many(100);
    const put = (part: string, row: object) => tables.put('sync-state', { connection_id: 'c-007', part, ...row });
    await put('inbox', { dirtySince: now, s1: 'secret' });
    await put('pull', { duePoll: now + 2, dueWatch: now + 1, provenAt: now, errorCount: 3, lastError: '503 unavailable', backoffUntil: now + 60_000, watchFailures: 2 });
    await put('push', { errorCount: 1, lastError: '429' });
    await tables.put('busy-intervals', { provider_id: 'p', row: '!c-007', connection_id: 'c-007', last_read: now, window_from: now, window_to: now + 1000, unreadable: true });
    const iso = (ms: number) => new Date(ms).toISOString();
    const expected = {
      last_complete_read: iso(now), window: { from: iso(now), to: iso(now + 1000) }, unreadable: true, dirty_since: iso(now), next_due: { kind: 'watch', at: iso(now + 1) }, notices_last_seen: iso(now), watch_failures: 2,
      reading: { error_count: 3, last_error: '503 unavailable', backing_off_until: iso(now + 60_000) }, writing: { error_count: 1, last_error: '429', backing_off_until: null },
    };
    tables.calls.length = 0;
    const { connections: told } = (await ask({ provider_id: 'p' })) as unknown as { connections: { connection_id: string; standing: object }[] };
    expect(tables.calls.length).toBeLessThanOrEqual(1 + 1 + 4);
    expect(told.find(({ connection_id }) => connection_id === 'c-007')?.standing).toEqual(expected);
    expect((await ask({ connection_id: 'c-007' }))['standing']).toEqual(expected);
  });

  it('says in words when the calendar provider will end a grant by itself', async () => {
    await tables.put('connections', { ...aConnection(), grant_ends_at: Date.parse('2026-03-09T09:00:00Z') });
    const told = (await ask({ connection_id: 'c' })) as unknown as { warnings: string[] };
    expect(told.warnings).toEqual([expect.stringMatching(/ends this grant on 2026-03-09T09:00:00.000Z.*publishing status is Testing/)]);
  });

  it('finds nothing, without a call, by an id that cannot be one', async () => {
    for (const id of ['', 'a#b', 'c'.repeat(37), '../c', 'start#x']) expect(await ask({ connection_id: id })).toMatchObject({ status: 404, type: 'urn:calendar-sync:problem:not-found' });
    expect(tables.calls).toEqual([]);
    expect(await ask({ connection_id: 'unknown' })).toMatchObject({ status: 404 });
  });

  it('lists a provider’s in pages, each once, and nobody else’s', async () => {
    await many(7);
    await tables.put('connections', { ...aConnection({ connection_id: 'other', provider_id: 'q' }) });
    const seen: unknown[] = [];
    for (let after: unknown = ''; after !== undefined; ) {
      const { connections: page, next } = await ask({ provider_id: 'p' }, `limit=3${after === '' ? '' : `&after=${String(after)}`}`);
      seen.push(...(page as { connection_id: string }[]).map(({ connection_id }) => connection_id));
      after = next;
    }
    expect(seen).toEqual(Array.from({ length: 7 }, (_, at) => `c-00${at}`));
  });

  it('of a provider who has none is an empty list, whatever characters the id has', async () => {
    for (const id of ['nobody', 'a/b ü%', 'x'.repeat(256)]) expect(await ask({ provider_id: id })).toEqual({ status: 200, connections: [] });
  });

  it.each([['p', 'limit=0'], ['p', 'limit=101'], ['p', 'limit=1.5'], ['p', 'limit='], ['p', 'limit=x'], ['p', 'after='], ['p', 'after=a%23b'], ['', ''], ['x'.repeat(3000), '']])('in a way that cannot be answered gets 400 and a sentence: %j %j', async (id, query) => {
    expect(await ask({ provider_id: id }, query)).toMatchObject({ status: 400, type: 'urn:calendar-sync:problem:bad-request', detail: expect.stringMatching(/\.$/) });
    expect(tables.calls).toEqual([]);
  });

  it('of many asks for a hundred at a time, keeps the order asked, and leaves out what is gone', async () => {
    await many(130);
    const ids = Array.from({ length: 131 }, (_, at) => `c-${String(130 - at).padStart(3, '0')}`);
    const found = await connections(tables.dynamo, tables.named.connections).getAll(ids);
    expect(found.map(({ connection_id }) => connection_id)).toEqual(ids.slice(1));
    expect(tables.calls.map(({ command }) => command)).toEqual(['BatchGetItem', 'BatchGetItem']);
  });
});
