// Queries over items in memory: a table or one of its indexes, in key order, page by page as DynamoDB would cut them.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { createRequire } from 'node:module';
import { physicalName } from '../../infra/local/template.ts';
import type { Item } from '../../lib/platform/dynamo.ts';
import { synthesizedStack } from './template.ts';

type KeySchema = readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
export interface IndexSchema {
  readonly IndexName: string;
  readonly KeySchema: KeySchema;
  readonly Projection: { readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; readonly NonKeyAttributes?: readonly string[] };
  readonly local: boolean;
}
export interface TableSchema {
  readonly TableName: string;
  readonly KeySchema: KeySchema;
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  readonly indexes: readonly IndexSchema[];
}

interface Judging {
  createKey(item: Item, table: TableSchema): string;
  createIndexKey(item: Item, table: TableSchema, keys: KeySchema): string;
  compare(operator: string, value: AttributeValue | undefined, against: readonly AttributeValue[]): boolean;
  matchesExprFilter(item: Item, expression: object): boolean;
  mapPaths(paths: readonly unknown[], item: Item): Item;
  itemSize(item: Item, compress: boolean, meta: boolean, rangeKey: string | undefined): number;
}
const { createKey, createIndexKey, compare, matchesExprFilter, mapPaths, itemSize } = createRequire(import.meta.url)('dynalite/db') as Judging;
const pageBytes = 1024 * 1024;

let known: Promise<TableSchema[]> | undefined;
/** Of all tables of the template, read once: a world a run would spend half of its time on it. */
export const schemasOf = (): Promise<TableSchema[]> => (known ??= readSchemas());

async function readSchemas(): Promise<TableSchema[]> {
  const stack = await synthesizedStack();
  return stack.of('AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table').map((resource) => {
    const indexes = (property: string, local: boolean) => ((resource.property(property) ?? []) as Omit<IndexSchema, 'local'>[]).map((index) => ({ ...index, local }));
    return {
      TableName: physicalName(stack, resource, 'TableName'),
      KeySchema: resource.property('KeySchema') as KeySchema,
      AttributeDefinitions: resource.property('AttributeDefinitions') as TableSchema['AttributeDefinitions'],
      indexes: [...indexes('GlobalSecondaryIndexes', false), ...indexes('LocalSecondaryIndexes', true)],
    };
  });
}

/** As dynalite's validation leaves a query. */
interface JudgedQuery {
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
  readonly KeyConditions: Readonly<Record<string, { readonly ComparisonOperator: string; readonly AttributeValueList: readonly AttributeValue[] }>>;
  readonly ExclusiveStartKey?: Item;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly Select?: string;
  readonly _filter?: { readonly expression: object };
  readonly _projection?: { readonly paths: readonly unknown[] };
}

/** Where items lie: those of a partition, and all that the global indexes show. */
interface Source {
  readonly partition: (value: string) => Iterable<Item>;
  readonly shown: () => Iterable<Item>;
}

export const partitionOf = ({ KeySchema }: TableSchema, item: Item | undefined): string => item?.[KeySchema[0]?.AttributeName ?? '']?.S ?? '';

export function queryItems(schema: TableSchema, data: object, { partition, shown }: Source): object {
  const query = data as JudgedQuery;
  const index = query.IndexName === undefined ? undefined : schema.indexes.find(({ IndexName }) => IndexName === query.IndexName);
  if (query.IndexName !== undefined && !index) throw invalid(`The table does not have the specified index: ${query.IndexName}`);
  if (index && !index.local && query.ConsistentRead) throw invalid('Consistent reads are not supported on global secondary indexes');
  const keys = index?.KeySchema ?? schema.KeySchema;
  const orderOf = orderIn(schema, index);
  const conditions = Object.entries(query.KeyConditions);
  for (const [name] of conditions) if (!keys.some(({ AttributeName }) => AttributeName === name)) throw invalid(`Query condition missed key schema element: ${keys[0]?.AttributeName}`);
  if (!query.KeyConditions[keys[0]?.AttributeName ?? '']) throw invalid(`Query condition missed key schema element: ${keys[0]?.AttributeName}`);

  const [{ AttributeName: hash = '' } = {}] = keys;
  const wanted = query.KeyConditions[hash]?.AttributeValueList[0]?.S ?? '';
  let found: { at: string; item: Item }[] = [];
  for (const item of index && !index.local ? shown() : partition(wanted)) {
    if (item[hash]?.S !== wanted || keys.some(({ AttributeName }) => item[AttributeName] === undefined)) continue;
    if (conditions.every(([name, { ComparisonOperator, AttributeValueList }]) => compare(ComparisonOperator, item[name], AttributeValueList))) found.push({ at: orderOf(item), item });
  }
  const direction = query.ScanIndexForward === false ? -1 : 1;
  found.sort((a, b) => (a.at < b.at ? -1 : 1) * direction);
  const names = [...new Set([...schema.KeySchema, ...keys].map(({ AttributeName }) => AttributeName))];
  if (query.ExclusiveStartKey) {
    if (names.some((name) => query.ExclusiveStartKey?.[name] === undefined) || Object.keys(query.ExclusiveStartKey).length !== names.length) throw invalid('The provided starting key is invalid');
    const from = orderOf(query.ExclusiveStartKey);
    found = found.filter(({ at }) => (direction === 1 ? at > from : at < from));
  }
  return page(query, found.map(({ item }) => projected(item, index, names)), names);
}

/** Where an item stands. Items are replaced, never changed, so that an order is worked out once for each. */
function orderIn(schema: TableSchema, index: IndexSchema | undefined): (item: Item) => string {
  const place = index ?? schema;
  const orders = ordersOf.get(place) ?? new WeakMap<Item, string>();
  ordersOf.set(place, orders);
  return (item) => {
    const order = orders.get(item) ?? (index ? createIndexKey(item, schema, index.KeySchema) : createKey(item, schema));
    orders.set(item, order);
    return order;
  };
}
const ordersOf = new WeakMap<IndexSchema | TableSchema, WeakMap<Item, string>>();

function page({ Limit = Infinity, Select, _filter, _projection }: JudgedQuery, found: readonly Item[], names: readonly string[]): object {
  const taken: Item[] = [];
  let size = 0;
  for (const item of found) {
    if (taken.length >= Limit || size >= pageBytes) break;
    taken.push(item);
    size += sizeOf(item, names[1]);
  }
  const last = taken.at(-1);
  const cut = (taken.length >= Limit || size >= pageBytes) && last !== undefined;
  const matching = _filter ? taken.filter((item) => matchesExprFilter(item, _filter.expression)) : taken;
  const items = _projection ? matching.map((item) => ({ ...mapPaths(_projection.paths, item) })) : matching;
  return {
    ScannedCount: taken.length,
    Count: items.length,
    ...(Select !== 'COUNT' && { Items: items }),
    ...(cut && { LastEvaluatedKey: Object.fromEntries(names.map((name) => [name, last[name]])) }),
  };
}

const sizes = new WeakMap<Item, number>();
function sizeOf(item: Item, rangeKey: string | undefined): number {
  const size = sizes.get(item) ?? itemSize(item, true, true, rangeKey);
  sizes.set(item, size);
  return size;
}

function projected(item: Item, index: IndexSchema | undefined, names: readonly string[]): Item {
  if (!index || index.Projection.ProjectionType === 'ALL') return item;
  const wanted = new Set([...names, ...(index.Projection.NonKeyAttributes ?? [])]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}

const invalid = (message: string): Error => Object.assign(new Error(message), { name: 'ValidationException' });
