import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { minutes, type Clock } from '../platform/clock.ts';
import type { Fleet } from './due.ts';

/** The counts that upkeep makes hourly, read at most every ten minutes by one warm function. */
export function readFleet(dynamo: DynamoDBClient, { table, clock }: { table: string; clock: Clock }): () => Promise<Fleet> {
  let known: { fleet: Fleet; at: number } | undefined;
  return async () => {
    if (known && clock() - known.at < minutes(10)) return known.fleet;
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { connection_id: { S: '!upkeep' }, part: { S: 'state' } }, ProjectionExpression: 'connections, unproven' }),
    );
    known = { at: clock(), fleet: { connections: Number(Item?.['connections']?.N ?? 0), unproven: Number(Item?.['unproven']?.N ?? 0) } };
    return known.fleet;
  };
}
