// The four tables of the synthesized template on an engine inside this process, and a client that remembers what it was asked.
import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createTables, localAccess } from '../../infra/local/tables.ts';
import { fromItem, toItem } from '../../lib/platform/dynamo.ts';
import { tableNames, type TableName } from '../../lib/platform/names.ts';
import { recordCalls, type Call } from './recorded-calls.ts';
import { synthesizedStack } from './template.ts';

type Row = Record<string, unknown>;

/** Tables that count; test/support/counted-tables.ts has them without an engine. */
export interface CountedTables {
  /** A client whose every command is in `calls`. */
  readonly dynamo: DynamoDBClient;
  readonly calls: Call[];
  /** Physical names by short ones. */
  readonly named: Readonly<Record<TableName, string>>;
  readonly put: (table: TableName, row: Row) => Promise<void>;
  readonly get: (table: TableName, key: Record<string, string>) => Promise<Row | undefined>;
  readonly all: (table: TableName) => Promise<Row[]>;
  /** Empties the table, and forgets the calls. */
  readonly aClean: (table: TableName) => Promise<void>;
}

export interface Tables extends CountedTables {
  readonly url: string;
  /** Another client, as another process would have; its commands are not counted. */
  readonly another: () => DynamoDBClient;
  readonly close: () => Promise<void>;
}

export async function startTables(): Promise<Tables> {
  const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;
  const engine = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // The SDK keeps connections: closed by the server after the usual 5 s, a request in flight would be reset.
  engine.keepAliveTimeout = 120_000;
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  const physical = await createTables(await synthesizedStack(), url);
  const named = Object.fromEntries(tableNames.map((name) => [name, physical.find((one) => one.endsWith(`-${name}`)) ?? '?'])) as Record<TableName, string>;
  const clients: DynamoDBClient[] = [];
  const another = (): DynamoDBClient => {
    const client = new DynamoDBClient({ ...localAccess, endpoint: url, maxAttempts: 1 });
    clients.push(client);
    return client;
  };
  const [dynamo, behind] = [another(), another()];
  const calls = recordCalls(dynamo);
  const all = async (table: TableName): Promise<Row[]> => {
    const { Items = [] } = await behind.send(new ScanCommand({ TableName: named[table], ConsistentRead: true }));
    return Items.map(fromItem);
  };
  return {
    dynamo, calls, url, named, another, all,
    put: async (table, row) => void (await behind.send(new PutItemCommand({ TableName: named[table], Item: toItem(row) }))),
    get: async (table, key) => {
      const { Item } = await behind.send(new GetItemCommand({ TableName: named[table], Key: toItem(key), ConsistentRead: true }));
      return Item && fromItem(Item);
    },
    async aClean(table) {
      const keys = keysOf[table];
      for (let rows = await all(table); rows.length > 0; rows = await all(table)) {
        const requests = rows.slice(0, 25).map((row) => ({ DeleteRequest: { Key: toItem(Object.fromEntries(keys.map((key) => [key, row[key]]))) } }));
        await behind.send(new BatchWriteItemCommand({ RequestItems: { [named[table]]: requests } }));
      }
      calls.length = 0;
    },
    async close() {
      for (const client of clients) client.destroy();
      engine.closeAllConnections();
      engine.close();
      await once(engine, 'close');
    },
  };
}

const keysOf: Readonly<Record<TableName, readonly string[]>> = {
  connections: ['connection_id'],
  'sync-state': ['connection_id', 'part'],
  'busy-intervals': ['provider_id', 'row'],
  'booking-events': ['booking_id', 'part'],
};
