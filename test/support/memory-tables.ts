// The tables of the template in this process's memory, behind the same `send` as the real client, for the commands that our code uses. Items
// are judged by dynalite's own parsers and comparisons; test/support/memory-tables.test.ts holds it against dynalite itself. Beyond dynalite
// it can do what only the real one does: indexes that lag, throttles, keys left unprocessed.
import { ConditionalCheckFailedException, ProvisionedThroughputExceededException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRequire } from 'node:module';
import { fromItem, toItem, type Item } from '../../lib/platform/dynamo.ts';
import { tableNames, type TableName } from '../../lib/platform/names.ts';
import { judge, limits } from './memory-judges.ts';
import { partitionOf, queryItems, schemasOf, type TableSchema } from './memory-query.ts';

type Input = Record<string, unknown> & { TableName: string };
type Row = Record<string, unknown>;
type Answered = (error: unknown, answer?: Row) => void;
type Action = (store: object, data: Input, answered: Answered) => void;

const require = createRequire(import.meta.url);
const actions = Object.fromEntries(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((name) => [name, require(`dynalite/actions/${name[0]?.toLowerCase()}${name.slice(1)}`) as Action]));

export interface TableWeather {
  /** How long a global index shows a row as it was before a write, in ms; asked anew for each write. */
  indexLag: () => number;
  /** True: this command is turned away, without effect. */
  throttled: (command: string, table: TableName) => boolean;
  /** How many of the keys of a batch are left unprocessed. */
  unprocessed: (keys: number) => number;
}

export interface Written {
  readonly table: TableName;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

export interface MemoryTables {
  readonly dynamo: DynamoDBClient;
  readonly named: Readonly<Record<TableName, string>>;
  readonly weather: TableWeather;
  /** Told of every write, as soon as it is made. */
  onWrite: ((written: Written) => void) | undefined;
  put(table: TableName, row: Row): void;
  get(table: TableName, key: Record<string, string>): Row | undefined;
  all(table: TableName): Row[];
  /** As if nothing had ever been in it. */
  empty(table: TableName): void;
}

interface Kept {
  readonly schema: TableSchema;
  /** For dynalite's actions, which must not look after indexes. */
  readonly plain: object;
  readonly items: Map<string, Item>;
  /** The same by the value of their partition key. */
  readonly partitions: Map<string, Map<string, Item>>;
  /** As the global indexes show it. */
  readonly shown: Map<string, Item>;
  late: { at: number; key: string; item: Item | undefined }[];
}

export async function memoryTables(clock: () => number): Promise<MemoryTables> {
  const schemas = await schemasOf();
  const kept = new Map<string, Kept>(schemas.map((schema) => [schema.TableName, { schema, plain: { ...schema, GlobalSecondaryIndexes: undefined, LocalSecondaryIndexes: undefined }, items: new Map(), partitions: new Map(), shown: new Map(), late: [] }]));
  const named = Object.fromEntries(tableNames.map((name) => [name, schemas.find(({ TableName }) => TableName.endsWith(`-${name}`))?.TableName ?? '?'])) as Record<TableName, string>;
  const shortOf = new Map(Object.entries(named).map(([short, physical]) => [physical, short as TableName]));
  const weather: TableWeather = { indexLag: () => 0, throttled: () => false, unprocessed: () => 0 };
  const tables: Omit<MemoryTables, 'dynamo'> & { onWrite: MemoryTables['onWrite'] } = {
    named, weather,
    onWrite: undefined,
    put: (table, row) => void run('PutItem', { TableName: named[table], Item: toItem(row) }),
    get: (table, key) => {
      const { Item: found } = run('GetItem', { TableName: named[table], Key: toItem(key) });
      return found === undefined ? undefined : fromItem(found as Item);
    },
    all: (table) => [...tableOf(named[table]).items.values()].map(fromItem),
    empty(table) {
      const emptied = tableOf(named[table]);
      for (const map of [emptied.items, emptied.partitions, emptied.shown]) map.clear();
      emptied.late = [];
    },
  };
  function tableOf(name: string): Kept {
    const found = kept.get(name);
    if (!found) throw named_('ResourceNotFoundException', `There is no table ${name}.`);
    return found;
  }
  const change = (table: Kept, key: string, item: Item | undefined): void => {
    const before = table.items.get(key);
    if (item) checked(table.schema, item);
    keep(table, key, item);
    const lag = weather.indexLag();
    if (lag > 0 || table.late.some((one) => one.key === key)) table.late.push({ at: Math.max(clock() + lag, ...table.late.filter((one) => one.key === key).map(({ at }) => at)), key, item });
    else show(table, key, item);
    tables.onWrite?.({ table: shortOf.get(table.schema.TableName) ?? 'connections', before: before && fromItem(before), after: item && fromItem(item) });
  };
  function run(name: string, data: Input): Row {
    const refusal = judge(name, data);
    if (refusal) throw named_('ValidationException', refusal);
    const table = tableOf(data.TableName);
    if (name === 'Query') return copyOf(queryItems(table.schema, data, { partition: (value) => table.partitions.get(value)?.values() ?? [], shown: () => caughtUp(table, clock()).values() })) as Row;
    let end: { error: unknown; answer: Row | undefined } | undefined;
    actions[name]?.(storeOf(table, change), data, (error, answer) => void (end = { error, answer }));
    if (!end) throw new Error(`${name} did not end at once.`);
    if (end.error) throw translated(end.error);
    return copyOf(end.answer ?? {});
  }
  const batchGet = (asked: Record<string, Row & { Keys: Item[] }>): Row => {
    const left: Record<string, Row> = {};
    const found: Record<string, unknown[]> = {};
    for (const [TableName, { Keys, ...how }] of Object.entries(asked)) {
      const done = Keys.slice(0, Keys.length - Math.min(weather.unprocessed(Keys.length), Keys.length));
      if (done.length < Keys.length) left[TableName] = { ...how, Keys: Keys.slice(done.length) };
      found[TableName] = done.flatMap((Key) => run('GetItem', { TableName, ...how, Key })['Item'] ?? []);
    }
    return { Responses: found, UnprocessedKeys: left };
  };
  const send = async (command: { constructor: { name: string }; input: object }): Promise<Row> => {
    const name = command.constructor.name.replace(/Command$/, '');
    // What is only read is not kept, so that a shallow copy will do.
    const input = (name === 'GetItem' || name === 'Query' ? { ...command.input } : copyOf(command.input)) as Input;
    const table = input.TableName ?? Object.keys((input as unknown as { RequestItems: object }).RequestItems)[0] ?? '';
    if (weather.throttled(name, shortOf.get(table) ?? 'connections')) throw new ProvisionedThroughputExceededException({ message: 'Throttled.', $metadata: { attempts: 3 } });
    if (name !== 'BatchGetItem' && name !== 'Query' && !(name in actions)) throw new Error(`The tables in memory know no ${name}.`);
    const answer = name === 'BatchGetItem' ? batchGet(input['RequestItems'] as Record<string, Row & { Keys: Item[] }>) : run(name, input);
    return { ...answer, $metadata: { attempts: 1 } };
  };
  return Object.assign(tables, { dynamo: { send, destroy: () => undefined } as unknown as DynamoDBClient });
}

function keep({ schema, items, partitions }: Kept, key: string, item: Item | undefined): void {
  const partition = partitionOf(schema, item ?? items.get(key));
  const there = partitions.get(partition) ?? new Map<string, Item>();
  partitions.set(partition, there);
  for (const map of [items, there]) {
    if (item) map.set(key, item);
    else map.delete(key);
  }
}

function show({ shown }: Kept, key: string, item: Item | undefined): void {
  if (item) shown.set(key, item);
  else shown.delete(key);
}

function caughtUp(table: Kept, now: number): ReadonlyMap<string, Item> {
  for (const { key, item } of table.late.filter(({ at }) => at <= now)) show(table, key, item);
  table.late = table.late.filter(({ at }) => at > now);
  return table.shown;
}

/** What dynalite's actions ask of their store; all of it at once, so that an action is atomic. */
const storeOf = (table: Kept, change: (table: Kept, key: string, item: Item | undefined) => void): object => ({
  ...limits,
  getTable: (_name: string, answered: Answered) => answered(null, table.plain as Row),
  getItemDb: () => ({
    lock: (_key: string, locked: (release: <T>(then: T) => T) => void) => locked((then) => then),
    get(key: string, answered: Answered) {
      const item = table.items.get(key);
      if (item) answered(null, item);
      else answered({ name: 'NotFoundError' });
    },
    put(key: string, item: Item, answered: Answered) {
      change(table, key, item);
      answered(null);
    },
    del(key: string, answered: Answered) {
      change(table, key, undefined);
      answered(null);
    },
  }),
});

/** An index refuses items whose keys are of another type. */
function checked({ AttributeDefinitions, indexes }: TableSchema, item: Item): void {
  for (const { AttributeName, AttributeType } of AttributeDefinitions) {
    const value = item[AttributeName] as Partial<Record<string, unknown>> | undefined;
    if (value && value[AttributeType] === undefined) throw named_('ValidationException', `${AttributeName} is a key of an index, and of another type there.`);
    if (value?.['S'] === '' && indexes.length > 0) throw named_('ValidationException', `${AttributeName} is a key of an index, and empty.`);
  }
}

function translated(error: unknown): Error {
  const { message, body } = error as { message: string; body?: { __type?: string } };
  const name = body?.__type?.split('#')[1] ?? 'InternalServerError';
  return name === 'ConditionalCheckFailedException' ? new ConditionalCheckFailedException({ message, $metadata: { attempts: 1 } }) : named_(name, message);
}

/** Under jest each mention of a global goes through the wall of its context: ten times as slow, in here. */
const { isArray } = Array;
/** Of items and answers, which are plain. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const name in value) if (value[name] !== undefined) copy[name] = copyOf(value[name]);
  return copy as T;
}

const named_ = (name: string, message: string): Error => Object.assign(new Error(message), { name });

