// Days for one connection, without waiting for them: the local run's clock cannot jump, so its rows are set back.
import { GetItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { unlessRefused } from '../../lib/platform/dynamo.ts';
import { eventually } from './eventually.ts';
import type { Run } from './run.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** Members of `pull` and `push` rows that are moments. */
const moments = ['dueAt', 'duePoll', 'dueRoll', 'dueTrailing', 'dueRelist', 'dueWatch', 'dueReminder', 'dueLate', 'backoffUntil', 'provenAt', 'missedAt', 'remindedOf'];

/**
 * As if so much time had passed: every moment on the connection's rows lies that much further back, and the timer comes by. At the calendar
 * provider no time passes: what has ended by our rows lives on there.
 */
export async function timePasses({ sandbox, platform: { dynamo, outputs } }: Run, connectionId: string, ms: number): Promise<void> {
  const setBack = async (TableName: string, Key: Record<string, { S: string }>, pathsOf: (item: Item) => readonly string[]): Promise<void> =>
    void (await eventually('nobody at work on the row', async () => {
      // Read anew each time: what is a moment on it now may be gone when somebody has worked on it.
      const { Item = {} } = await dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      const paths = pathsOf(Item);
      if (paths.length === 0) return true;
      // Whoever holds the lease would write what he read before over it.
      const ConditionExpression = ['(attribute_not_exists(leaseUntil) OR leaseUntil <= :now)', ...paths.map((path) => `attribute_exists(${path})`)].join(' AND ');
      const UpdateExpression = `SET ${paths.map((path) => `${path} = ${path} - :ms`).join(', ')}`;
      return unlessRefused(dynamo.send(new UpdateItemCommand({ TableName, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues: { ':ms': { N: String(ms) }, ':now': { N: String(sandbox.clock.now()) } } })));
    }));
  const key = { connection_id: { S: connectionId } };
  await setBack(outputs.tables.connections, key, (item) => [...(item['watches']?.L ?? []).flatMap(({ M = {} }, n) => ['expires_at', 'made_at'].filter((name) => name in M).map((name) => `watches[${n}].${name}`)), ...('dead_at' in item ? ['dead_at'] : [])]);
  for (const part of ['pull', 'push']) await setBack(outputs.tables['sync-state'], { ...key, part: { S: part } }, (item) => moments.filter((name) => name in item));
  await sandbox.invoke('upkeep', {});
}
