// Makes a connection's rows. The health row comes first, since it names the connection to readers: until the first complete read it
// says "not yet read", and unknown is never free. The connection itself comes last: whatever is found before it is no connection yet.
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthEnd, healthRow, healthStart, type ConnectionHealth } from '../platform/busy-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { toItem } from '../platform/dynamo.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { dueShard, shardOf } from '../platform/shard.ts';

export interface CreateParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string; readonly busyIntervals: string };
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
}

export async function createConnection({ dynamo, tables, hints, clock }: CreateParts, connection: Connection): Promise<void> {
  const { connection_id: id, provider_id, calendar_provider, state, calendars } = connection;
  const now = clock();
  const put = async (table: string, item: Record<string, unknown>): Promise<void> => void (await dynamo.send(new PutItemCommand({ TableName: table, Item: toItem(item) })));
  const health: ConnectionHealth = { connection_id: id, calendar_provider, state, blocks: calendars.some(({ blocks }) => blocks) };
  await put(tables.busyIntervals, { provider_id, row: healthRow(id), start: healthStart, end: healthEnd, v: 1, fence: 0, ...health });
  await put(tables.syncState, { connection_id: id, part: 'inbox', v: 1, generation: 1, dirtySince: now, dirtyShard: shardOf(id) });
  await put(tables.syncState, { connection_id: id, part: 'pull', v: 1, fence: 0, duePoll: now, dueAt: now, dueShard: dueShard('jobs', id) });
  await put(tables.syncState, { connection_id: id, part: 'push', v: 1, fence: 0 });
  await put(tables.connections, { ...connection });
  await hints.send({ v: 1, hint: 'pull', connection_id: id });
}
