import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2, type TablePropsV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { Index, type TableName } from '../lib/platform/names.ts';
import { physicalName } from './physical-name.ts';
import type { Stage } from './stages.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });
const number = (name: string) => ({ name, type: AttributeType.NUMBER });
const keysOnly = { projectionType: ProjectionType.KEYS_ONLY };

type Shape = Pick<TablePropsV2, 'partitionKey' | 'sortKey' | 'globalSecondaryIndexes' | 'localSecondaryIndexes' | 'timeToLiveAttribute' | 'deletionProtection'>;

/** Keys and indexes. An index that is sparse holds a row only while it has the index's key: what is dirty, due, pending. */
const shapes: Readonly<Record<TableName, Shape>> = {
  connections: {
    partitionKey: text('connection_id'),
    globalSecondaryIndexes: [
      { indexName: Index.connectionsByProvider, partitionKey: text('provider_id'), sortKey: text('connection_id'), ...keysOnly },
      { indexName: Index.connectionsByAccount, partitionKey: text('account'), ...keysOnly },
    ],
    // Starts of consents end after ten minutes; connections have no such attribute.
    timeToLiveAttribute: 'expires',
    deletionProtection: true,
  },
  'sync-state': {
    partitionKey: text('connection_id'),
    sortKey: text('part'),
    globalSecondaryIndexes: [
      { indexName: Index.dirty, partitionKey: text('dirtyShard'), sortKey: number('dirtySince'), ...keysOnly },
      { indexName: Index.due, partitionKey: text('dueShard'), sortKey: number('dueAt'), ...keysOnly },
    ],
    timeToLiveAttribute: 'expires',
  },
  'busy-intervals': {
    partitionKey: text('provider_id'),
    sortKey: text('row'),
    // Local, not global: only a local index can be read strongly consistently, and an answer must never show a gap that is not there.
    localSecondaryIndexes: [
      { indexName: Index.busyByStart, sortKey: text('start'), projectionType: ProjectionType.ALL },
      { indexName: Index.busyBySeries, sortKey: text('series'), ...keysOnly },
    ],
    timeToLiveAttribute: 'expires',
  },
  'booking-events': {
    partitionKey: text('booking_id'),
    sortKey: text('part'),
    globalSecondaryIndexes: [
      { indexName: Index.pending, partitionKey: text('pendingShard'), sortKey: number('pendingSince'), ...keysOnly },
      { indexName: Index.bookingsByEnd, partitionKey: text('provider_id'), sortKey: text('end'), projectionType: ProjectionType.INCLUDE, nonKeyAttributes: ['start'] },
    ],
    timeToLiveAttribute: 'expires',
    deletionProtection: true,
  },
};

/** The four tables. Encrypted under DynamoDB's own key: what is secret in them, the tokens, is sealed before it gets here. */
export class StateTables extends Construct {
  private readonly tables: Readonly<Record<TableName, TableV2>>;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const table = (name: TableName): TableV2 =>
      new TableV2(this, name, {
        ...shapes[name],
        tableName: physicalName(stage, name),
        billing: Billing.onDemand({ maxWriteRequestUnits: stage.tableMaxWriteUnits[name] }),
        encryption: TableEncryptionV2.dynamoOwnedKey(),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        removalPolicy: stage.dataRemoval,
      });
    this.tables = {
      connections: table('connections'),
      'sync-state': table('sync-state'),
      'busy-intervals': table('busy-intervals'),
      'booking-events': table('booking-events'),
    };
  }

  named(name: TableName): TableV2 {
    return this.tables[name];
  }
}
