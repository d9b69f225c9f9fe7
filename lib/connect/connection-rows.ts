// Taking a connection's rows away, in an order in which whoever reads them meanwhile sees a connection that leaves, and never half of one.
import { DeleteItemCommand, QueryCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthRow } from '../platform/busy-keys.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { Connection } from '../platform/connections.ts';
import { fromItem, unlessRefused } from '../platform/dynamo.ts';

export interface ConnectionRows {
  /** State `disconnecting`, on the connection and for readers of busy time: from here on it neither blocks nor leaves anything unknown. */
  showLeaving(connection: Pick<Connection, 'connection_id' | 'provider_id'>): Promise<void>;
  eraseTokens(connectionId: string): Promise<void>;
  /** All that begins with the connection's id, tombstones too. */
  eraseBusy(providerId: string, connectionId: string): Promise<void>;
  /** All rows of a provider. */
  eraseAllBusy(providerId: string): Promise<void>;
  /** Unless another connection holds the account by now. */
  eraseClaim(connectionId: string, claim: string): Promise<void>;
  /** All but the row that says that it is leaving. */
  eraseSyncState(connectionId: string): Promise<void>;
  eraseConnection(connectionId: string): Promise<void>;
  eraseHealth(providerId: string, connectionId: string): Promise<void>;
}

export interface RowTables {
  readonly connections: string;
  readonly syncState: string;
  readonly busyIntervals: string;
}

const deletesAtOnce = 25;

export function connectionRows(dynamo: DynamoDBClient, tables: RowTables): ConnectionRows {
  const remove = (table: string, key: Record<string, AttributeValue>): Promise<unknown> => dynamo.send(new DeleteItemCommand({ TableName: table, Key: key }));
  const busy = async (providerId: string, prefix?: string): Promise<void> => {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: tables.busyIntervals,
          ConsistentRead: true,
          KeyConditionExpression: prefix === undefined ? 'provider_id = :provider' : 'provider_id = :provider AND begins_with(#row, :prefix)',
          ProjectionExpression: 'provider_id, #row',
          ExpressionAttributeNames: { '#row': 'row' },
          ExpressionAttributeValues: { ':provider': { S: providerId }, ...(prefix !== undefined && { ':prefix': { S: prefix } }) },
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      await eachConcurrently(page.Items ?? [], deletesAtOnce, async (key) => void (await remove(tables.busyIntervals, key)));
      from = page.LastEvaluatedKey;
    } while (from);
  };
  const setState = (table: string, key: Record<string, AttributeValue>): Promise<boolean> =>
    unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          UpdateExpression: 'SET #state = :leaving',
          ConditionExpression: 'attribute_exists(provider_id)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':leaving': { S: 'disconnecting' } },
        }),
      ),
    );
  return {
    async showLeaving({ connection_id, provider_id }) {
      await setState(tables.connections, { connection_id: { S: connection_id } });
      await setState(tables.busyIntervals, { provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } });
    },
    eraseTokens: async (connectionId) =>
      void (await unlessRefused(
        dynamo.send(new UpdateItemCommand({ TableName: tables.connections, Key: { connection_id: { S: connectionId } }, UpdateExpression: 'REMOVE tokens', ConditionExpression: 'attribute_exists(connection_id)' })),
      )),
    eraseBusy: (providerId, connectionId) => busy(providerId, `${connectionId}#`),
    eraseAllBusy: (providerId) => busy(providerId),
    async eraseClaim(connectionId, claim) {
      await unlessRefused(
        dynamo.send(
          new DeleteItemCommand({
            TableName: tables.connections,
            Key: { connection_id: { S: claim } },
            ConditionExpression: 'held_by = :id',
            ExpressionAttributeValues: { ':id': { S: connectionId } },
          }),
        ),
      );
    },
    async eraseSyncState(connectionId) {
      const { Items = [] } = await dynamo.send(
        new QueryCommand({ TableName: tables.syncState, ConsistentRead: true, KeyConditionExpression: 'connection_id = :id', ProjectionExpression: 'connection_id, part', ExpressionAttributeValues: { ':id': { S: connectionId } } }),
      );
      const parts = Items.map((item) => String(fromItem(item)['part'])).filter((part) => part !== 'leave');
      // The `pull` row holds the lease: while it is there nobody else gets in.
      for (const part of parts.sort((a, b) => Number(a === 'pull') - Number(b === 'pull'))) await remove(tables.syncState, { connection_id: { S: connectionId }, part: { S: part } });
    },
    eraseConnection: async (connectionId) => void (await remove(tables.connections, { connection_id: { S: connectionId } })),
    eraseHealth: async (providerId, connectionId) => void (await remove(tables.busyIntervals, { provider_id: { S: providerId }, row: { S: healthRow(connectionId) } })),
  };
}
