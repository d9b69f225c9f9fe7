// Days for one connection, without waiting for them: the local run's clock cannot jump, so its rows are set back.
import { UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { minutes } from '../../lib/platform/clock.ts';
import { connections } from '../../lib/platform/connections.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { leases } from '../../lib/platform/lease.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { eventually } from './eventually.ts';
import { inboxRow, stateRow } from './inbox-rows.ts';
import type { Run } from './run.ts';

/** Members of `pull` and `push` rows that are moments. */
const moments = ['dueAt', 'duePoll', 'dueRoll', 'dueTrailing', 'dueRelist', 'dueWatch', 'dueReminder', 'dueLate', 'backoffUntil', 'provenAt', 'missedAt', 'remindedOf'];
const parts = ['pull', 'push'] as const;

/**
 * As if so much time had passed: every moment on the connection's rows lies that much further back, and the timer comes by. At the calendar
 * provider no time passes: what has ended by our rows lives on there. Both leases are held meanwhile, and given back as a worker would:
 * somebody who had read the rows before, and wrote them afterwards, would bring the old moments back.
 */
export async function timePasses({ sandbox, platform }: Run, connectionId: string, ms: number): Promise<void> {
  const { dynamo, sqs, outputs } = platform;
  const { connections: connectionsTable, 'sync-state': TableName } = outputs.tables;
  const setBack = async (where: { TableName: string; Key: Record<string, AttributeValue> }, paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    const change = { UpdateExpression: `SET ${paths.map((path) => `${path} = ${path} - :ms`).join(', ')}`, ConditionExpression: paths.map((path) => `attribute_exists(${path})`).join(' AND ') };
    await dynamo.send(new UpdateItemCommand({ ...where, ...change, ExpressionAttributeValues: { ':ms': { N: String(ms) } } }));
  };
  const { take, giveUp } = leases(dynamo, TableName);
  const held = await Promise.all(
    parts.map((part) =>
      eventually(`nobody at work on the ${part} row`, async () => {
        const { fence, leaseUntil } = await stateRow(platform, connectionId, part);
        const now = sandbox.clock.now();
        // A lease that ran out is for workers to take over: it tells them that somebody died.
        return leaseUntil === undefined && take({ fence: Number(fence?.N) }, { connectionId, part, now, endsAt: now + minutes(10) });
      }),
    ),
  );
  const connection = await connections(dynamo, connectionsTable).get(connectionId);
  const watches = (connection?.watches ?? []).flatMap((watch, n) => (['expires_at', 'made_at'] as const).filter((name) => watch[name] !== undefined).map((name) => `watches[${n}].${name}`));
  await setBack({ TableName: connectionsTable, Key: { connection_id: { S: connectionId } } }, [...watches, ...(connection?.dead_at === undefined ? [] : ['dead_at'])]);
  for (const part of parts) {
    const row = await stateRow(platform, connectionId, part);
    await setBack({ TableName, Key: { connection_id: { S: connectionId }, part: { S: part } } }, moments.filter((name) => name in row));
  }
  for (const lease of held) await giveUp(lease, {});
  // Whoever rang meanwhile was sent away.
  const hints = hintQueue<InboundHint>(sqs, outputs.queues.inbound, (hint) => hint.connection_id);
  if ((await inboxRow(platform, connectionId))['dirtySince'] !== undefined) await hints.send({ v: 1, hint: 'pull', connection_id: connectionId });
  await sandbox.invoke('upkeep', {});
}
