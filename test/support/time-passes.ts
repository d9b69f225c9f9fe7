// Days for one connection, without waiting for them: the local run's clock cannot jump, so its rows are set back.
import { GetItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unlessRefused } from '../../lib/platform/dynamo.ts';
import { eventually } from './eventually.ts';
import type { Run } from './run.ts';

/** Members of `pull` and `push` rows that are moments. */
const moments = ['dueAt', 'duePoll', 'dueRoll', 'dueTrailing', 'dueRelist', 'dueWatch', 'dueReminder', 'dueLate', 'backoffUntil', 'provenAt', 'missedAt', 'remindedOf'];

/**
 * As if so much time had passed: every moment on the connection's rows lies that much further back, and the timer comes by. At the calendar
 * provider no time passes: what has ended by our rows lives on there.
 */
export async function timePasses({ sandbox, platform: { dynamo, outputs } }: Run, connectionId: string, ms: number): Promise<void> {
  const set = async (TableName: string, Key: Record<string, { S: string }>, paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    const sets = paths.map((path) => `${path} = ${path} - :ms`).join(', ');
    // Whoever holds the lease would write what he read before over it.
    const ConditionExpression = 'attribute_not_exists(leaseUntil) OR leaseUntil <= :now';
    const update = (): Promise<boolean> =>
      unlessRefused(dynamo.send(new UpdateItemCommand({ TableName, Key, UpdateExpression: `SET ${sets}`, ConditionExpression, ExpressionAttributeValues: { ':ms': { N: String(ms) }, ':now': { N: String(sandbox.clock.now()) } } })));
    await eventually('nobody at work on the row', update);
  };
  const key = { connection_id: { S: connectionId } };
  const { Item = {} } = await dynamo.send(new GetItemCommand({ TableName: outputs.tables.connections, Key: key, ConsistentRead: true }));
  const watches = (Item['watches']?.L ?? []).flatMap(({ M = {} }, n) => ['expires_at', 'made_at'].filter((name) => name in M).map((name) => `watches[${n}].${name}`));
  await set(outputs.tables.connections, key, [...watches, ...('dead_at' in Item ? ['dead_at'] : [])]);
  const { Items = [] } = await dynamo.send(new QueryCommand({ TableName: outputs.tables['sync-state'], ConsistentRead: true, KeyConditionExpression: 'connection_id = :id', ExpressionAttributeValues: { ':id': { S: connectionId } } }));
  for (const row of Items.filter(({ part }) => part?.S === 'pull' || part?.S === 'push')) {
    await set(outputs.tables['sync-state'], { ...key, part: { S: row['part']?.S ?? '' } }, moments.filter((name) => name in row));
  }
  await sandbox.invoke('upkeep', {});
}
