// Where totals survive: one item of sync-state, `!metrics` / `totals`.
import { GetItemCommand, PutItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem, toItem, unlessRefused } from '../../platform/dynamo.ts';
import type { Figures, Snapshot } from './snapshot.ts';

export interface SnapshotRow extends Snapshot {
  /** Raised by every save. */
  readonly revision: number;
  /** The midnight (UTC) up to which `totals` go. */
  readonly through: number;
  readonly totals: Figures;
}

export interface SnapshotRows {
  read(): Promise<SnapshotRow | undefined>;
  /** False: another saved since `before` was read. */
  save(row: SnapshotRow, before: SnapshotRow | undefined): Promise<boolean>;
}

export function snapshotRows(dynamo: DynamoDBClient, table: string): SnapshotRows {
  const key: Record<string, AttributeValue> = { connection_id: { S: '!metrics' }, part: { S: 'totals' } };
  return {
    async read() {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
      return Item ? (fromItem(Item) as unknown as SnapshotRow) : undefined;
    },
    save: (row, before) =>
      unlessRefused(
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: { ...toItem({ v: 1, ...row }), ...key },
            ...(before === undefined
              ? { ConditionExpression: 'attribute_not_exists(connection_id)' }
              : { ConditionExpression: 'revision = :before', ExpressionAttributeValues: { ':before': { N: String(before.revision) } } }),
          }),
        ),
      ),
  };
}
