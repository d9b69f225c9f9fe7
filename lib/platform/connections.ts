// The connections table: who connected which account, its sealed tokens, calendars and watches.
import { BatchGetItemCommand, GetItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider, CalendarRef } from '../calendars/port.ts';
import { fromItem } from './dynamo.ts';
import { Index } from './names.ts';

export interface ConnectionCalendar extends CalendarRef {
  /** Its busy time blocks slots. */
  readonly blocks: boolean;
  /** Bookings are written to it; at most one calendar of a connection. */
  readonly receives: boolean;
  /** False: the provider can't watch it, so it is polled. */
  readonly watchable?: boolean;
}

/** A watch channel (Google, one a calendar) or subscription (Graph, one a connection). */
export interface ConnectionWatch {
  readonly id: string;
  readonly resource_id?: string;
  /** Google only: which calendar it watches. */
  readonly calendar_key?: string;
  /** As the provider answered, in ms. Absent: planned, and the answer has not come; the watch may exist all the same. */
  readonly expires_at?: number;
  /** The webhook key its token was signed under; the key may be dropped when no watch names it. */
  readonly key_id: string;
  /** When it was planned, in ms. */
  readonly made_at?: number;
  /** Another has taken its place; it is still to be stopped. */
  readonly retired?: true;
}

export type ConnectionState = 'active' | 'reauthorization_required' | 'disconnecting';

export interface Connection {
  readonly v: 1;
  readonly connection_id: string;
  readonly provider_id: string;
  readonly calendar_provider: CalendarProvider;
  readonly state: ConnectionState;
  /** Hash of the account's stable id at the calendar provider. */
  readonly account: string;
  /** IANA zone of the professional, given at connect. */
  readonly zone?: string;
  readonly scopes: readonly string[];
  /** Sealed under TOKEN_KEYS with the connection id; absent once erased. */
  readonly tokens?: string;
  readonly calendars: readonly ConnectionCalendar[];
  readonly watches: readonly ConnectionWatch[];
  /** Raised by every change of the watches. Absent: never changed. */
  readonly watches_revision?: number;
  /** What to do where a person moves or deletes an event of ours; absent: tell. */
  readonly on_edit?: 'tell' | 'restore';
  /** It came over from the system before, whose events of bookings bear no id or mark of ours: only pointers tell them. */
  readonly adopts?: 1;
  /** Raised by every change of calendars or policy; a change is made only to the revision that it was decided on. Absent: 0. */
  readonly revision?: number;
  readonly created_at: number;
  /** Since when an operator has it paused, in ms: nothing is read from its calendars or written to them; notices and wishes are recorded. */
  readonly paused_at?: number;
  /** When the grant was last found dead, in ms. */
  readonly dead_at?: number;
  /** When the person last consented, in ms. */
  readonly granted_at: number;
  /** When the calendar provider itself will end the grant, in ms, where it said so: Google does for apps in testing, after 7 days. */
  readonly grant_ends_at?: number;
}

export interface Connections {
  /** Strongly consistent. */
  get(connectionId: string): Promise<Connection | undefined>;
  /** Strongly consistent, in the order asked; those that are gone are left out. */
  getAll(connectionIds: readonly string[]): Promise<Connection[]>;
  /** Connections of one account at a calendar provider, through an index that may lag. */
  idsOfAccount(account: string): Promise<string[]>;
  /** Through the index, which may lag: for lists only. */
  idsOf(providerId: string, page?: { after?: string; limit?: number }): Promise<{ ids: string[]; next?: string }>;
}

export function connections(dynamo: DynamoDBClient, table: string): Connections {
  return {
    async get(connectionId) {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: { connection_id: { S: connectionId } }, ConsistentRead: true }));
      return Item && (fromItem(Item) as unknown as Connection);
    },
    async getAll(connectionIds) {
      const found = new Map<string, Connection>();
      let keys = [...new Set(connectionIds)].map((id) => ({ connection_id: { S: id } }));
      while (keys.length > 0) {
        const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys.slice(0, 100), ConsistentRead: true } } }));
        for (const item of Responses?.[table] ?? []) {
          const connection = fromItem(item) as unknown as Connection;
          found.set(connection.connection_id, connection);
        }
        const unprocessed = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof keys;
        if (unprocessed.length === Math.min(keys.length, 100)) throw new Error('The connections table answered none of the keys asked.');
        keys = [...unprocessed, ...keys.slice(100)];
      }
      return connectionIds.flatMap((id) => found.get(id) ?? []);
    },
    async idsOfAccount(account) {
      const { Items } = await dynamo.send(
        new QueryCommand({ TableName: table, IndexName: Index.connectionsByAccount, KeyConditionExpression: 'account = :account', ExpressionAttributeValues: { ':account': { S: account } } }),
      );
      return (Items ?? []).flatMap((item) => item['connection_id']?.S ?? []);
    },
    async idsOf(providerId, { after, limit = 100 } = {}) {
      const { Items, LastEvaluatedKey } = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: Index.connectionsByProvider,
          KeyConditionExpression: after === undefined ? 'provider_id = :provider' : 'provider_id = :provider AND connection_id > :after',
          ExpressionAttributeValues: { ':provider': { S: providerId }, ...(after !== undefined && { ':after': { S: after } }) },
          Limit: limit,
        }),
      );
      const ids = (Items ?? []).flatMap((item) => item['connection_id']?.S ?? []);
      const next = LastEvaluatedKey ? ids.at(-1) : undefined;
      return { ids, ...(next !== undefined && { next }) };
    },
  };
}
