import { describe, expect, it } from '@jest/globals';
import { list, object, plain, theOne, type Json, type Resource, type Synthesized } from './synthesized.ts';

/** `name:type` of each key, and of each index `name projection keys`. */
const shapes: Record<string, { readonly keys: string; readonly indexes: readonly string[]; readonly expires: string | undefined; readonly guarded: boolean }> = {
  connections: {
    keys: 'connection_id:S',
    indexes: ['by-account KEYS_ONLY account:S', 'by-provider KEYS_ONLY provider_id:S connection_id:S'],
    expires: 'expires',
    guarded: true,
  },
  'sync-state': {
    keys: 'connection_id:S part:S',
    indexes: ['dirty KEYS_ONLY dirtyShard:S dirtySince:N', 'due KEYS_ONLY dueShard:S dueAt:N'],
    expires: 'expires',
    guarded: false,
  },
  'busy-intervals': {
    keys: 'provider_id:S row:S',
    indexes: ['local by-series KEYS_ONLY provider_id:S series:S', 'local by-start ALL provider_id:S start:S'],
    expires: 'expires',
    guarded: false,
  },
  'booking-events': {
    keys: 'booking_id:S part:S',
    indexes: ['by-provider-end INCLUDE start provider_id:S end:S', 'pending KEYS_ONLY pendingShard:S pendingSince:N'],
    expires: 'expires',
    guarded: true,
  },
};

export function tableRules(stack: Synthesized): void {
  const prefix = `calendar-sync-${stack.stage.name}-`;
  const tables = stack.of('AWS::DynamoDB::GlobalTable');
  const replicaOf = (table: Resource) => object(theOne(list(table.Properties['Replicas']), 'replicas'));

  describe('tables', () => {
    it('have these keys and indexes', () => {
      const found = Object.fromEntries(tables.map((table) => [plain(table.Properties['TableName']).replace(prefix, ''), { keys: keysOf(table, table.Properties['KeySchema']), indexes: indexesOf(table) }]));
      expect(found).toEqual(Object.fromEntries(Object.entries(shapes).map(([name, { keys, indexes }]) => [name, { keys, indexes }])));
    });

    it('can be restored to any second, outlive the stack, and tidy themselves by one attribute', () => {
      for (const table of tables) {
        const name = plain(table.Properties['TableName']).replace(prefix, '');
        const ttl = table.Properties['TimeToLiveSpecification'];
        expect([name, replicaOf(table)['PointInTimeRecoverySpecification']]).toEqual([name, { PointInTimeRecoveryEnabled: true }]);
        expect([name, table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual([name, 'Retain', 'Retain']);
        expect([name, ttl]).toEqual([name, shapes[name]?.expires === undefined ? undefined : { AttributeName: 'expires', Enabled: true }]);
      }
    });

    it('refuse to be deleted where nothing could rebuild them', () => {
      const guarded = tables.filter((table) => replicaOf(table)['DeletionProtectionEnabled'] === true).map((table) => plain(table.Properties['TableName']).replace(prefix, ''));
      expect(guarded.sort()).toEqual(Object.keys(shapes).filter((name) => shapes[name]?.guarded).sort());
    });

    it('are billed by request, up to a ceiling', () => {
      for (const table of tables) {
        expect(table.Properties['BillingMode']).toBe('PAY_PER_REQUEST');
        expect(object(table.Properties['WriteOnDemandThroughputSettings'])['MaxWriteRequestUnits']).toBeGreaterThan(0);
      }
    });
  });
}

function keysOf(table: Resource, schema: Json | undefined): string {
  const types = new Map(list(table.Properties['AttributeDefinitions']).map((json) => [plain(object(json)['AttributeName']), plain(object(json)['AttributeType'])]));
  return list(schema)
    .map((json) => plain(object(json)['AttributeName']))
    .map((name) => `${name}:${types.get(name)}`)
    .join(' ');
}

function indexesOf(table: Resource): string[] {
  const tell = (kind: string) => (json: Json): string => {
    const { IndexName, Projection, KeySchema } = object(json);
    const { ProjectionType, NonKeyAttributes } = object(Projection);
    return [`${kind}${plain(IndexName)}`, plain(ProjectionType), ...list(NonKeyAttributes).map(plain), keysOf(table, KeySchema)].join(' ');
  };
  return [...list(table.Properties['GlobalSecondaryIndexes']).map(tell('')), ...list(table.Properties['LocalSecondaryIndexes']).map(tell('local '))].sort();
}
