// "Walk this provider's future bookings once more": a due time of its own kind on the `push` row of sync-state, on the sparse index `due`.
import { UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { minutes } from './clock.ts';
import { unlessRefused } from './dynamo.ts';
import { updateExpression, type RowChange } from './lease.ts';
import { dueShard } from './shard.ts';

/** Indexes lag: what the first walk missed, a walk so long after finds. */
export const lateAfter = minutes(5);

export interface LateDues {
  /** False: no such connection. */
  ask(connectionId: string, providerId: string, at: number): Promise<boolean>;
  /** Taken up: due again at `to` unless it is done before. False: somebody else has taken it up. */
  postpone(connectionId: string, from: number, to: number): Promise<boolean>;
  /** Done, unless it was asked for anew meanwhile. */
  done(connectionId: string, due: number): Promise<void>;
}

export function lateDues(dynamo: DynamoDBClient, table: string): LateDues {
  const update = (connectionId: string, change: RowChange, condition: string, values: Record<string, AttributeValue> = {}): Promise<boolean> => {
    const { expression, names, values: set } = updateExpression(change);
    const all = { ...set, ...values };
    return unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { connection_id: { S: connectionId }, part: { S: 'push' } },
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ...(Object.keys(all).length > 0 && { ExpressionAttributeValues: all }),
        }),
      ),
    );
  };
  return {
    ask: (id, providerId, at) => update(id, { dueLate: at, dueAt: at, dueShard: dueShard('sync', id), provider_id: providerId }, 'attribute_exists(connection_id)'),
    postpone: (id, from, to) => update(id, { dueLate: to, dueAt: to }, 'dueLate = :noted', { ':noted': { N: String(from) } }),
    done: async (id, due) => void (await update(id, { dueLate: undefined, dueAt: undefined, dueShard: undefined }, 'dueLate = :noted', { ':noted': { N: String(due) } })),
  };
}
