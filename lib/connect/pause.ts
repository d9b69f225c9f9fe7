// An operator's pause of one connection: nothing is read from its calendars or written to them, while notices and wishes go on being
// recorded; its availability grows stale, and so unknown. Resuming catches up once. Disconnecting goes first: a pause does not hold it up.
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { unlessRefused } from '../platform/dynamo.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { markDirty } from './keep-grant.ts';

interface PauseParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string };
  readonly clock: Clock;
}

export interface ResumeParts extends PauseParts {
  readonly hints: HintQueue<InboundHint>;
  readonly markFutureBookings: (connection: Pick<Connection, 'connection_id' | 'provider_id'>) => Promise<void>;
}

/** False: there is no such connection. Paused again, it stays paused since the first time. */
export const pauseConnection = ({ dynamo, tables, clock }: PauseParts, connectionId: string): Promise<boolean> =>
  unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.connections,
        Key: { connection_id: { S: connectionId } },
        UpdateExpression: 'SET paused_at = if_not_exists(paused_at, :now)',
        ConditionExpression: 'attribute_exists(provider_id)',
        ExpressionAttributeValues: { ':now': { N: String(clock()) } },
      }),
    ),
  );

/** False: there is no such connection. Safe to repeat: after a failure half way the second call does what the first left. */
export async function resumeConnection(parts: ResumeParts, connection: Pick<Connection, 'connection_id' | 'provider_id'>): Promise<boolean> {
  const resumed = await unlessRefused(
    parts.dynamo.send(
      new UpdateItemCommand({
        TableName: parts.tables.connections,
        Key: { connection_id: { S: connection.connection_id } },
        UpdateExpression: 'REMOVE paused_at',
        ConditionExpression: 'attribute_exists(provider_id)',
      }),
    ),
  );
  if (!resumed) return false;
  await markDirty(parts, connection);
  await parts.markFutureBookings(connection);
  return true;
}
