// Makes a connection's rows. The health row comes first, since it names the connection to readers: until the first complete read it
// says "not yet read", and unknown is never free. The connection itself comes last: whatever is found before it is no connection yet. A row
// that says so is written before all others and goes after them: what a maker leaves who dies in between is taken away.
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthEnd, healthRow, healthStart, type ConnectionHealth } from '../platform/busy-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { toItem } from '../platform/dynamo.ts';
import { lateAfter, lateIndex } from '../platform/late-dues.ts';
import { leaveKey, leavingRows, makingTime } from '../platform/leaving-rows.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { dueShard, shardOf } from '../platform/shard.ts';
import { claimOf } from './account-claims.ts';

export interface CreateParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string; readonly busyIntervals: string };
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
}

/** Throws where it took so long that it may have been given up meanwhile; what is there of it leaves. */
export async function createConnection({ dynamo, tables, hints, clock }: CreateParts, connection: Connection): Promise<void> {
  const { connection_id: id, provider_id, calendar_provider, state, calendars, granted_at } = connection;
  const now = clock();
  const leaving = leavingRows(dynamo, tables.syncState);
  const put = async (table: string, item: Record<string, unknown>): Promise<void> => void (await dynamo.send(new PutItemCommand({ TableName: table, Item: toItem(item) })));
  const health: ConnectionHealth = { connection_id: id, calendar_provider, state, granted_at, blocks: calendars.some(({ blocks }) => blocks) };
  await leaving.making(leaveKey(id), { providerId: provider_id, claim: claimOf(connection), now });
  await put(tables.busyIntervals, { provider_id, row: healthRow(id), start: healthStart, end: healthEnd, v: 1, fence: 0, ...health });
  await put(tables.syncState, { connection_id: id, part: 'inbox', v: 1, generation: 1, dirtySince: now, dirtyShard: shardOf(id) });
  await put(tables.syncState, { connection_id: id, part: 'pull', v: 1, fence: 0, provider_id, duePoll: now, dueAt: now, dueShard: dueShard('jobs', id) });
  await put(tables.syncState, { connection_id: id, part: 'push', v: 1, fence: 0, provider_id, ...lateIndex(id, now + lateAfter) });
  await put(tables.connections, { ...connection });
  if (clock() - now > makingTime / 2) {
    await leaving.begin(leaveKey(id), { providerId: provider_id, removes: false, now: clock() });
    throw new Error('Making the connection took too long.');
  }
  await leaving.made(leaveKey(id));
  await hints.send({ v: 1, hint: 'pull', connection_id: id });
}
