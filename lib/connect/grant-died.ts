import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthRow } from '../platform/busy-keys.ts';
import type { Changes } from '../platform/changes.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { unlessRefused } from '../platform/dynamo.ts';

export interface GrantDiedParts {
  readonly dynamo: DynamoDBClient;
  readonly connectionsTable: string;
  readonly busyIntervalsTable: string;
  readonly changes: Changes;
  readonly clock: Clock;
}

/**
 * The person must consent again. Told first, then shown to readers, then saved on the connection, which ends all calls: a crash in
 * between meets the dead grant again and tells the same fact under the same id. With a day it only reminds.
 */
export const grantDied =
  ({ dynamo, connectionsTable, busyIntervalsTable, changes, clock }: GrantDiedParts) =>
  async (connection: Connection, reminderDay?: number): Promise<void> => {
    const { connection_id, provider_id, granted_at } = connection;
    const now = clock();
    const cause = reminderDay === undefined ? String(granted_at) : `${granted_at} day ${reminderDay}`;
    await changes.tell({ type: 'connection.reauthorization_required', connection_id, provider_id, cause, ...(reminderDay !== undefined && { detail: { reminder_day: reminderDay } }) }, now);
    if (reminderDay !== undefined) return;
    const state = { ExpressionAttributeNames: { '#state': 'state' }, UpdateExpression: 'SET #state = :dead' };
    const values = { ':dead': { S: 'reauthorization_required' } };
    await unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          ...state,
          TableName: busyIntervalsTable,
          Key: { provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } },
          UpdateExpression: `${state.UpdateExpression}, granted_at = :granted`,
          ConditionExpression: 'attribute_exists(provider_id) AND #state <> :leaving AND (attribute_not_exists(granted_at) OR granted_at <= :granted)',
          ExpressionAttributeValues: { ...values, ':granted': { N: String(granted_at) }, ':leaving': { S: 'disconnecting' } },
        }),
      ),
    );
    await unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          ...state,
          UpdateExpression: `${state.UpdateExpression}, dead_at = :now`,
          TableName: connectionsTable,
          Key: { connection_id: { S: connection_id } },
          ConditionExpression: '#state = :active AND granted_at = :granted',
          ExpressionAttributeValues: { ...values, ':active': { S: 'active' }, ':granted': { N: String(granted_at) }, ':now': { N: String(now) } },
        }),
      ),
    );
  };
