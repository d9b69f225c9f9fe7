// Whether a migrated connection has been used since: read, written to, watched, or consented to anew. From then on all that belongs to it is
// live sync's, and a rollback leaves it where it is.
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Connection } from '../../platform/connections.ts';
import type { MigrationParts } from './migration.ts';

export type Use = 'gone' | 'unused' | 'used';
export type UseOf = (connectionId: string) => Promise<Use>;

/** Members of a migrated connection beside those that all have. */
export interface MigratedConnection extends Connection {
  readonly migrated?: string;
  readonly migrated_at?: number;
  /** 1: a rollback has begun to take it away. */
  readonly rolling_back?: 1;
}

const mostKept = 5_000;

export function useOf({ connections, dynamo, tables }: Pick<MigrationParts, 'connections' | 'dynamo' | 'tables'>): UseOf {
  const known = new Map<string, Use>();
  const fenceOf = async (connectionId: string, part: 'pull' | 'push'): Promise<number> => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: tables['sync-state'], Key: { connection_id: { S: connectionId }, part: { S: part } }, ConsistentRead: true, ProjectionExpression: 'fence' }));
    return Number(Item?.['fence']?.N ?? 0);
  };
  const look = async (connectionId: string): Promise<Use> => {
    const connection = (await connections.get(connectionId)) as MigratedConnection | undefined;
    if (connection === undefined) return 'gone';
    const { migrated_at: at, granted_at, state, watches, revision, rolling_back } = connection;
    if (rolling_back === 1) return 'unused';
    if (at === undefined || granted_at > at || state === 'disconnecting' || watches.length > 0 || revision !== undefined) return 'used';
    return (await fenceOf(connectionId, 'pull')) > 0 || (await fenceOf(connectionId, 'push')) > 0 ? 'used' : 'unused';
  };
  return async (connectionId) => {
    const before = known.get(connectionId);
    if (before !== undefined) return before;
    if (known.size >= mostKept) known.clear();
    const use = await look(connectionId);
    known.set(connectionId, use);
    return use;
  };
}
