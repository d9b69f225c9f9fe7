// Tables in memory that operators' commands can walk: no job of the service scans, so the tables themselves know no Scan.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { toItem, type Item } from '../../lib/platform/dynamo.ts';
import type { TableName } from '../../lib/platform/names.ts';
import type { MemoryTables } from './memory-tables.ts';

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}

const keysOf: Readonly<Record<TableName, readonly [string, ...string[]]>> = {
  connections: ['connection_id'],
  'sync-state': ['connection_id', 'part'],
  'busy-intervals': ['provider_id', 'row'],
  'booking-events': ['booking_id', 'part'],
};

/** In the order of the keys, page by page; filters and projections are not known. */
export function scanning(tables: MemoryTables): DynamoDBClient {
  const scan = ({ TableName, Limit, ExclusiveStartKey, FilterExpression }: Record<string, unknown>): object => {
    const table = (Object.keys(tables.named) as TableName[]).find((name) => tables.named[name] === TableName);
    if (table === undefined || FilterExpression !== undefined) throw new Error('This is no walk of one of the four tables.');
    const keyOf = (item: Item): string => keysOf[table].map((name) => item[name]?.S ?? '').join('\n');
    const items = tables.all(table).map(toItem).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const from = ExclusiveStartKey === undefined ? 0 : items.findIndex((item) => keyOf(item) > keyOf(ExclusiveStartKey as Item));
    const page = from === -1 ? [] : items.slice(from, from + Number(Limit ?? items.length));
    const last = page.at(-1);
    const more = last !== undefined && from + page.length < items.length;
    return { Items: page, ...(more && { LastEvaluatedKey: Object.fromEntries(keysOf[table].map((name) => [name, last[name]])) }), $metadata: { attempts: 1 } };
  };
  const send = async (command: Command): Promise<unknown> => (command.constructor.name === 'ScanCommand' ? scan(command.input) : tables.dynamo.send(command as never));
  return { send, destroy: () => undefined } as unknown as DynamoDBClient;
}
