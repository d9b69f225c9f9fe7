import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Index } from '../platform/names.ts';
import { groupShards, type DueShardGroup } from '../platform/shard.ts';

/** Those who leave lie here too, until they are gone. */
type Group = Exclude<DueShardGroup, 'any'>;

/**
 * How many connections there are, and how many of them are polled fast, by the shards that they lie in: index keys alone are read, about
 * 60 rows a read unit. One that waits for a trailing pull or a re-list counts as proven for those minutes.
 */
export async function countFleet(dynamo: DynamoDBClient, table: string): Promise<{ connections: number; unproven: number }> {
  const counts = { sync: 0, jobs: 0, tight: 0 } satisfies Record<Group, number>;
  for (const group of Object.keys(counts) as Group[]) {
    for (const shard of groupShards(group)) counts[group] += await countShard(dynamo, table, shard);
  }
  return { connections: counts.sync + counts.jobs + counts.tight, unproven: counts.tight };
}

async function countShard(dynamo: DynamoDBClient, table: string, shard: string): Promise<number> {
  let count = 0;
  let after: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: Index.due,
        Select: 'COUNT',
        KeyConditionExpression: 'dueShard = :shard',
        // A push row is on the index for its provider's future bookings.
        FilterExpression: '#part = :pull',
        ExpressionAttributeNames: { '#part': 'part' },
        ExpressionAttributeValues: { ':shard': { S: shard }, ':pull': { S: 'pull' } },
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    count += page.Count ?? 0;
    after = page.LastEvaluatedKey;
  } while (after);
  return count;
}
