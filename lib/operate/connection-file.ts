// What the tables say of one connection beside its own row: its mark, what is due, what went wrong, how far each calendar was read.
import { GetItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthRow } from '../platform/busy-keys.ts';
import type { Connection } from '../platform/connections.ts';
import { fromItem } from '../platform/dynamo.ts';

/** Times in ms; absent: never, or not. */
export interface ConnectionFile {
  readonly inbox: { readonly dirtySince?: number; readonly generation?: number };
  readonly pull: WorkRow & { readonly dueAt?: number; readonly provenAt?: number; readonly watchFailures?: number };
  readonly push: WorkRow;
  readonly leaving?: { readonly since: number; readonly step: number };
  readonly health: { readonly lastRead?: number; readonly windowFrom?: number; readonly windowTo?: number; readonly unreadable?: boolean };
  /** By calendar key. */
  readonly calendars: Readonly<Record<string, { readonly hasCursor: boolean; readonly lastRead?: number }>>;
}

interface WorkRow {
  readonly fence?: number;
  readonly leaseUntil?: number;
  readonly backoffUntil?: number;
  readonly errorCount?: number;
  readonly lastError?: string;
}

type Row = Readonly<Record<string, unknown>>;

/** The named members that are there: nothing else of a row leaves, so that a cursor or a slot is never shown. */
const pick = (row: Row | undefined, names: readonly string[]): Row => Object.fromEntries(names.flatMap((name) => (row?.[name] === undefined ? [] : [[name, row[name]]])));
const work = ['fence', 'leaseUntil', 'backoffUntil', 'errorCount', 'lastError'];

export async function connectionFile(dynamo: DynamoDBClient, tables: { syncState: string; busyIntervals: string }, { connection_id, provider_id }: Pick<Connection, 'connection_id' | 'provider_id'>): Promise<ConnectionFile> {
  const { Items = [] } = await dynamo.send(new QueryCommand({ TableName: tables.syncState, ConsistentRead: true, KeyConditionExpression: 'connection_id = :id', ExpressionAttributeValues: { ':id': { S: connection_id } } }));
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: tables.busyIntervals, ConsistentRead: true, Key: { provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } } }));
  const rows = new Map(Items.map(fromItem).map((row) => [String(row['part']), row]));
  const health = Item && fromItem(Item);
  const leaving = rows.get('leave');
  const calendars = [...rows].flatMap(([part, row]) => (part.startsWith('cal#') ? [[part.slice(4), { hasCursor: row['cursor'] !== undefined, ...pick(row, ['lastRead']) }] as const] : []));
  return {
    inbox: pick(rows.get('inbox'), ['dirtySince', 'generation']),
    pull: pick(rows.get('pull'), [...work, 'dueAt', 'provenAt', 'watchFailures']),
    push: pick(rows.get('push'), work),
    ...(leaving && { leaving: { since: Number(leaving['since']), step: Number(leaving['step']) } }),
    health: Object.fromEntries([['lastRead', 'last_read'], ['windowFrom', 'window_from'], ['windowTo', 'window_to'], ['unreadable', 'unreadable']].flatMap(([ours = '', theirs = '']) => (health?.[theirs] === undefined ? [] : [[ours, health[theirs]]]))),
    calendars: Object.fromEntries(calendars),
  };
}
