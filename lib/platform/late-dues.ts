// "Look at this connection and at its provider's future bookings once more": a due time of its own kind on the `push` row of sync-state, on
// the sparse index `due`. It is saved before whatever makes that necessary, so that a crash after it, or an index that lags, costs minutes.
import { UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { minutes } from './clock.ts';
import { unlessRefused } from './dynamo.ts';
import { updateExpression, type RowChange } from './lease.ts';
import { dueShard } from './shard.ts';

/** What the first walk missed, or never began, a walk so long after finds. Longer than any function that asks for it lives. */
export const lateAfter = minutes(5);

/** What the `push` row holds of it. */
export const lateIndex = (connectionId: string, at: number) => ({ dueLate: at, dueAt: at, dueShard: dueShard('sync', connectionId) });

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
    ask: (id, providerId, at) => update(id, { ...lateIndex(id, at), provider_id: providerId }, 'attribute_exists(connection_id)'),
    postpone: (id, from, to) => update(id, { dueLate: to, dueAt: to }, 'dueLate = :noted', { ':noted': { N: String(from) } }),
    done: async (id, due) => void (await update(id, { dueLate: undefined, dueAt: undefined, dueShard: undefined }, 'dueLate = :noted', { ':noted': { N: String(due) } })),
  };
}
