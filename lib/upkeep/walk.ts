// Walks a sparse, sharded index from where the last tick stopped: its cost is what is due, not what exists.
import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WalkPlace } from './upkeep-state.ts';

export interface IndexWalk {
  readonly table: string;
  readonly index: string;
  readonly shardName: string;
  readonly shards: readonly string[];
  /** The index's sort key: a time in ms. */
  readonly timeName: string;
  /** Entries up to this time. */
  readonly until: number;
}

export type IndexEntry = Readonly<Record<string, AttributeValue>>;

const pageSize = 100;

/** Hands over pages of entries until all shards are seen once or `goOn` says no; returns where to begin the next time. */
export async function walk(dynamo: DynamoDBClient, index: IndexWalk, run: { from: WalkPlace | undefined; goOn: () => boolean; page: (entries: readonly IndexEntry[]) => Promise<void> }): Promise<WalkPlace> {
  const first = (run.from?.shard ?? 0) % index.shards.length;
  let after = placeWithin(index, first, run.from?.after);
  const resumed = after !== undefined;
  for (let step = 0; step <= index.shards.length; step += 1) {
    const shard = (first + step) % index.shards.length;
    do {
      if (!run.goOn()) return { shard, ...(after && { after: JSON.stringify(after) }) };
      const { Items, LastEvaluatedKey } = await dynamo.send(
        new QueryCommand({
          TableName: index.table,
          IndexName: index.index,
          KeyConditionExpression: '#shard = :shard AND #time <= :until',
          ExpressionAttributeNames: { '#shard': index.shardName, '#time': index.timeName },
          ExpressionAttributeValues: { ':shard': { S: index.shards[shard] ?? '' }, ':until': { N: String(index.until) } },
          Limit: pageSize,
          ...(after && { ExclusiveStartKey: after }),
        }),
      );
      if (Items?.length) await run.page(Items);
      after = LastEvaluatedKey;
    } while (after);
    // The shard begun in the middle is met again at the end, from its beginning; a full walk ends there.
    if (step === index.shards.length - 1 && !resumed) break;
  }
  return { shard: first };
}

/** Another release may have had other shards: a key of another one would be refused, tick after tick. */
function placeWithin(index: IndexWalk, shard: number, after: string | undefined): Record<string, AttributeValue> | undefined {
  const key = after === undefined ? undefined : (JSON.parse(after) as Record<string, AttributeValue>);
  return key?.[index.shardName]?.S === index.shards[shard] ? key : undefined;
}
