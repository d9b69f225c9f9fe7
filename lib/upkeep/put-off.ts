import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { hours } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import { unlessRefused } from '../platform/dynamo.ts';
import type { IndexEntry } from './walk.ts';

/** A fleet of which a tenth is let in would else be read whole every minute. Twice a day, so that one whom no sweep finds is not lost. */
const putOffFor = hours(12);

/**
 * Looks away from due rows of providers who are off the list: only the index's time moves, and what is due stays on the row. Whoever is let in
 * is marked by the sweep, so that this is for gates alone that a tick before has saved: one that opens later is seen to change.
 */
export const putOff = ({ dynamo, table, now }: { dynamo: DynamoDBClient; table: string; now: number }, entries: readonly IndexEntry[]): Promise<void> =>
  eachConcurrently(entries, 20, async ({ connection_id = { S: '' }, part = { S: '' }, dueAt = { N: '0' } }) =>
    void (await unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { connection_id, part },
          UpdateExpression: 'SET dueAt = :later',
          ConditionExpression: 'dueAt = :seen',
          ExpressionAttributeValues: { ':later': { N: String(now + putOffFor) }, ':seen': dueAt },
        }),
      ),
    )),
  );
