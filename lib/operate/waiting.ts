// What waits: dirty connections, pending bookings, and what is due; counted by index keys alone.
import { GetItemCommand, QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem } from '../platform/dynamo.ts';
import { Index } from '../platform/names.ts';
import { allShards, dueShards } from '../platform/shard.ts';

export interface Waiting {
  readonly count: number;
  /** In ms; absent: nothing waits. */
  readonly oldest?: number;
}

export interface AllWaiting {
  readonly dirty: Waiting;
  readonly pending: Waiting;
  /** By the gate that it runs under. */
  readonly due: Readonly<Record<'any' | 'sync' | 'jobs', Waiting>>;
}

interface Walk {
  readonly table: string;
  readonly index: string;
  readonly shardName: string;
  readonly timeName: string;
  readonly shards: readonly string[];
  /** Entries up to this time. */
  readonly until: number;
}

export async function readWaiting(dynamo: DynamoDBClient, tables: { syncState: string; bookingEvents: string }, now: number): Promise<AllWaiting> {
  const due = (gate: 'any' | 'sync' | 'jobs') => count(dynamo, { table: tables.syncState, index: Index.due, shardName: 'dueShard', timeName: 'dueAt', shards: dueShards(gate), until: now });
  return {
    dirty: await count(dynamo, { table: tables.syncState, index: Index.dirty, shardName: 'dirtyShard', timeName: 'dirtySince', shards: allShards, until: now }),
    pending: await count(dynamo, { table: tables.bookingEvents, index: Index.pending, shardName: 'pendingShard', timeName: 'pendingSince', shards: allShards, until: now }),
    due: { any: await due('any'), sync: await due('sync'), jobs: await due('jobs') },
  };
}

async function count(dynamo: DynamoDBClient, { table, index, shardName, timeName, shards, until }: Walk): Promise<Waiting> {
  let [found, oldest] = [0, Infinity];
  for (const shard of shards) {
    const query = { TableName: table, IndexName: index, KeyConditionExpression: '#shard = :shard AND #time <= :until', ExpressionAttributeNames: { '#shard': shardName, '#time': timeName }, ExpressionAttributeValues: { ':shard': { S: shard }, ':until': { N: String(until) } } };
    const { Items: [first] = [] } = await dynamo.send(new QueryCommand({ ...query, Limit: 1 }));
    if (first === undefined) continue;
    oldest = Math.min(oldest, Number(first[timeName]?.N));
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamo.send(new QueryCommand({ ...query, Select: 'COUNT', ...(from && { ExclusiveStartKey: from }) }));
      found += page.Count ?? 0;
      from = page.LastEvaluatedKey;
    } while (from);
  }
  return { count: found, ...(found > 0 && { oldest }) };
}

export interface UpkeepSeen {
  /** As of `countedAt`, in ms. */
  readonly connections?: number;
  readonly countedAt?: number;
  /** A gate or list changed, and whom it concerns is being marked. */
  readonly sweeping: boolean;
}

export async function readUpkeep(dynamo: DynamoDBClient, table: string): Promise<UpkeepSeen> {
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: { connection_id: { S: '!upkeep' }, part: { S: 'state' } }, ConsistentRead: true }));
  const { connections, countedAt, gates } = (Item ? fromItem(Item) : {}) as { connections?: number; countedAt?: number; gates?: { sweep?: unknown } };
  return { ...(connections !== undefined && { connections }), ...(countedAt !== undefined && { countedAt }), sweeping: gates?.sweep !== undefined };
}
