import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthRow } from '../platform/busy-keys.ts';
import type { Changes } from '../platform/changes.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { unlessRefused } from '../platform/dynamo.ts';
import type { Log } from '../platform/telemetry.ts';
import { endedInTesting } from './testing-trap.ts';

export interface GrantDiedParts {
  readonly dynamo: DynamoDBClient;
  readonly connectionsTable: string;
  readonly busyIntervalsTable: string;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * The person must consent again. Told first, then shown to readers, then saved on the connection, which ends all calls: a crash in
 * between meets the dead grant again and tells the same fact under the same id, or finds it alive after all, and the next complete read
 * shows it so. With a day it only reminds.
 */
export const grantDied =
  ({ dynamo, connectionsTable, busyIntervalsTable, changes, clock, log }: GrantDiedParts) =>
  async (connection: Connection, reminderDay?: number): Promise<void> => {
    const { connection_id, provider_id, granted_at } = connection;
    const now = clock();
    const cause = reminderDay === undefined ? String(granted_at) : `${granted_at} day ${reminderDay}`;
    const inTesting = reminderDay === undefined && endedInTesting(connection, now);
    const detail = { ...(reminderDay !== undefined && { reminder_day: reminderDay }), ...(inTesting && { likely_cause: 'google_app_in_testing' }) };
    await changes.tell({ type: 'connection.reauthorization_required', connection_id, provider_id, cause, ...(Object.keys(detail).length > 0 && { detail }) }, now);
    if (reminderDay !== undefined) return;
    if (inTesting) log.warn('Google ended a grant seven days after it was given: is the app’s publishing status Testing? See docs/connect.md', { connection_id });
    const state = { ExpressionAttributeNames: { '#state': 'state' }, UpdateExpression: 'SET #state = :dead' };
    const values = { ':dead': { S: 'reauthorization_required' } };
    await unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          ...state,
          TableName: busyIntervalsTable,
          Key: { provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } },
          UpdateExpression: `${state.UpdateExpression}, granted_at = :granted, dead_since = :now`,
          ConditionExpression: 'attribute_exists(provider_id) AND #state <> :leaving AND (attribute_not_exists(granted_at) OR granted_at <= :granted)',
          ExpressionAttributeValues: { ...values, ':granted': { N: String(granted_at) }, ':now': { N: String(now) }, ':leaving': { S: 'disconnecting' } },
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
