import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { leases } from '../../lib/platform/lease.ts';
import { memoryTables } from './memory-tables.ts';
import { startTables, type Tables } from './tables.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await startTables();
}, 60_000);
afterAll(() => tables.close());

type Named = Readonly<Record<'connections' | 'syncState' | 'busyIntervals', string>>;
const now = Date.parse('2026-03-02T09:00:00Z');

/** Everything that a pull and a webhook do to the tables, and each answer that they get. */
async function script(dynamo: DynamoDBClient, named: Named): Promise<unknown[]> {
  const answers: unknown[] = [];
  const say = async (answer: Promise<unknown>): Promise<void> => void answers.push((await answer) ?? null);
  const calendar = { id: 'a@example.com', key: 'a', blocks: true, receives: true };
  const connection: Connection = { v: 1, connection_id: 'c-1', provider_id: 'p-1', calendar_provider: 'google', state: 'active', account: 'x', scopes: ['s'], tokens: 't', calendars: [calendar], watches: [], created_at: now, granted_at: now };
  await createConnection({ dynamo, tables: named, hints: { send: () => Promise.resolve(), sendAll: () => Promise.resolve() }, clock: () => now }, connection);
  const [states, lease, rows, box] = [syncStates(dynamo, named.syncState), leases(dynamo, named.syncState), busyRows(dynamo, named.busyIntervals), inbox(dynamo, named.syncState)];
  const place = { providerId: 'p-1', connectionId: 'c-1', calendarId: calendar.id, calendarKey: 'a', calendarProvider: 'google' as const };
  await say(connections(dynamo, named.connections).get('c-1'));
  await say(connections(dynamo, named.connections).get('c-2'));
  const delivery = { connectionId: 'c-1', dedupes: [{ slot: 3, key: 'k' }], neverDuplicate: false, watchDue: true };
  for (const one of [delivery, delivery, { ...delivery, dedupes: [{ slot: 3, key: 'l' }, { slot: 4, key: 'm' }] }, { ...delivery, connectionId: 'c-9' }]) await say(box.record(one, now + 9000));
  await say(states.read('c-1'));
  const held = await lease.take({ fence: 0 }, { connectionId: 'c-1', part: 'pull', now, endsAt: now + 60 });
  await say(Promise.resolve(held));
  await say(lease.take({ fence: 0 }, { connectionId: 'c-1', part: 'pull', now, endsAt: now + 60 }));
  if (!held) throw new Error('The lease was not given.');
  await say(states.saveCursor(held, 'a', { cursor: '7', windowFrom: 1, windowTo: 2, lastRead: now }));
  await say(states.saveCursor({ ...held, fence: 1 }, 'a', { cursor: '6' }));
  for (const fence of [5, 4, 6]) await say(rows.put(place, { eventId: 'e', start: now, end: now + fence }, fence));
  await say(rows.remove('p-1', 'c-1#a#x', { fence: 6, now }));
  await say(rows.ofCalendar(place).then((found) => [...found]));
  await say(lease.release(held, { duePoll: 5, lastError: 'x', backoffUntil: undefined }));
  await say(lease.release({ ...held, fence: 2 }, { duePoll: 6 }));
  for (const generation of [1, 3]) await say(states.clear('c-1', generation));
  await say(states.mark('c-1', now, '2'));
  await say(states.mark('c-9', now, '2'));
  await say(states.read('c-1').then((state) => state && 'cursors' in state && { ...state, cursors: [...state.cursors] }));
  return answers;
}

describe('the tables in memory', () => {
  it('answer every call of a pull and a webhook as the real engine does', async () => {
    const memory = await memoryTables(() => now);
    const answersOf = ({ dynamo, named }: Pick<Tables, 'dynamo' | 'named'>) => script(dynamo, { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] });
    const real = await answersOf(tables);
    expect(await answersOf(memory)).toEqual(real);
    expect(real.length).toBeGreaterThan(20);
  });
});
