// Connections as operators see them: all of them, page by page, without what is secret about them.
import { ScanCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem } from '../platform/dynamo.ts';
import type { Connection } from '../platform/connections.ts';
import { sealKeyId } from '../platform/seal.ts';

/** A connection as far as an operator needs it; `key` is that of its sealed tokens. */
export interface ListedConnection extends Omit<Connection, 'tokens' | 'account'> {
  readonly key?: string;
}

const asked = ['connection_id', 'provider_id', 'calendar_provider', 'state', 'paused_at', 'calendars', 'watches', 'created_at', 'granted_at', 'grant_ends_at', 'zone', 'scopes', 'on_edit', 'dead_at', 'tokens', 'verifier', 'ends_at'];

export interface Walked {
  readonly connections: ListedConnection[];
  /** Key ids under which consents under way are sealed, with the moment at which each ends. */
  readonly starts: readonly { readonly key: string; readonly endsAt: number }[];
}

/** Walks the whole table, eventually consistent: for lists and counts. Of tokens only the key's id leaves this function. */
export async function walkConnections(dynamo: DynamoDBClient, table: string): Promise<Walked> {
  const connections: ListedConnection[] = [];
  const starts: { key: string; endsAt: number }[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(
      new ScanCommand({
        TableName: table,
        ProjectionExpression: asked.map((name) => `#${name}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(asked.map((name) => [`#${name}`, name])),
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items ?? []) {
      const { tokens, verifier, ends_at, ...row } = fromItem(item);
      if (typeof row['provider_id'] === 'string' && typeof row['state'] === 'string') connections.push({ ...(row as unknown as ListedConnection), ...(typeof tokens === 'string' && { key: sealKeyId(tokens) ?? '?' }) });
      else if (typeof verifier === 'string') starts.push({ key: sealKeyId(verifier) ?? '?', endsAt: Number(ends_at) });
    }
    from = page.LastEvaluatedKey;
  } while (from);
  return { connections, starts };
}


/** What an operator calls its state: `paused` stands before `active`, and nothing before the others. */
export const standing = ({ state, paused_at }: Pick<Connection, 'state' | 'paused_at'>): string => (state === 'active' && paused_at !== undefined ? 'paused' : state);
