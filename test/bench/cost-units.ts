// Units of reads and writes of the tables in memory, by DynamoDB's documented rules, indexes included.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { toItem } from '../../lib/platform/dynamo.ts';
import type { TableName } from '../../lib/platform/names.ts';
import type { MemoryTables } from '../support/memory-tables.ts';
import { schemasOf, type TableSchema } from '../support/memory-query.ts';
import { indexUnits, itemSize, writeUnits, type Item } from './write-units.ts';

export interface UnitMeter {
  readonly write: number;
  readonly read: number;
  reset(): void;
  /** Bytes that all items take, indexes and the overhead of each item included. */
  stored(): number;
}

type Input = Record<string, unknown> & { readonly TableName: string; readonly ConsistentRead?: boolean };
interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Input;
}
type Answer = Record<string, unknown>;

/** A strongly consistent unit reads 4 KB; an eventually consistent read costs half. */
const readOf = (bytes: number, consistent: boolean | undefined): number => Math.max(1, Math.ceil(bytes / 4096)) * (consistent === true ? 1 : 0.5);

export async function meterTables(tables: MemoryTables): Promise<UnitMeter> {
  const schemas = new Map((await schemasOf()).map((schema) => [schema.TableName, schema]));
  const units = { write: 0, read: 0 };
  const before = tables.onWrite;
  tables.onWrite = (written) => {
    before?.(written);
    const [was, is] = [toItem(written.before ?? {}), toItem(written.after ?? {})];
    units.write += writeUnits(was, is) + unitsOfIndexes(schemas.get(tables.named[written.table]), was, is);
  };
  const send = tables.dynamo.send.bind(tables.dynamo) as unknown as (command: Command) => Promise<Answer>;
  const metered = async (command: Command): Promise<Answer> => {
    try {
      const answer = await send(command);
      units.read += await readUnits(command, answer, send);
      return answer;
    } catch (error) {
      // What is refused is billed all the same.
      if (error instanceof ConditionalCheckFailedException) units.write += writeUnits({}, refusedItem(tables, command));
      throw error;
    }
  };
  Object.assign(tables.dynamo, { send: metered });
  return {
    get write() {
      return units.write;
    },
    get read() {
      return units.read;
    },
    reset: () => void Object.assign(units, { write: 0, read: 0 }),
    stored: () => Object.keys(tables.named).reduce((sum, name) => sum + bytesOf(tables, name as TableName, schemas), 0),
  };
}

function refusedItem(tables: MemoryTables, { input }: Command): Item {
  const table = (Object.keys(tables.named) as TableName[]).find((name) => tables.named[name] === input.TableName);
  const key = (input['Key'] ?? input['Item']) as Item;
  if (!table) throw new Error(`There is no table ${input.TableName}.`);
  const names = { connections: ['connection_id'], 'sync-state': ['connection_id', 'part'], 'busy-intervals': ['provider_id', 'row'], 'booking-events': ['booking_id', 'part'] }[table];
  return toItem(tables.get(table, Object.fromEntries(names.map((name) => [name, key[name]?.S ?? '']))) ?? {});
}

async function readUnits(command: Command, answer: Answer, send: (command: Command) => Promise<Answer>): Promise<number> {
  const { input } = command;
  const name = command.constructor.name;
  if (name === 'GetItemCommand') {
    // A projection does not make a read cheaper.
    const whole = input['ProjectionExpression'] === undefined ? answer : await send(asking('GetItemCommand', { TableName: input.TableName, Key: input['Key'] }));
    return readOf(itemSize((whole['Item'] ?? {}) as Item), input.ConsistentRead);
  }
  if (name === 'QueryCommand') return readOf(sizeOf(((await send(asking('QueryCommand', unfiltered(input))))['Items'] ?? []) as Item[]), input.ConsistentRead);
  if (name !== 'BatchGetItemCommand') return 0;
  const requests = input['RequestItems'] as Record<string, { Keys: Item[]; ConsistentRead?: boolean }>;
  const each = Object.entries(requests).flatMap(([TableName, { Keys, ConsistentRead }]) => Keys.map(async (Key) => readOf(itemSize(((await send(asking('GetItemCommand', { TableName, Key })))['Item'] ?? {}) as Item), ConsistentRead)));
  return (await Promise.all(each)).reduce((sum, one) => sum + one, 0);
}

const sizeOf = (items: readonly Item[]): number => items.reduce((sum, item) => sum + itemSize(item), 0);
const asking = (name: string, input: Record<string, unknown>): Command => ({ constructor: { name }, input: input as Input });

/** What is read, before a filter or a projection takes from it. */
function unfiltered({ FilterExpression: _filter, ProjectionExpression: _projection, Select: _select, ...input }: Input): Record<string, unknown> {
  const condition = String(input['KeyConditionExpression']);
  const used = (all: unknown): Record<string, unknown> | undefined => {
    const kept = Object.entries((all ?? {}) as object).filter(([name]) => new RegExp(`${name}(?![A-Za-z0-9_])`).test(condition));
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  };
  const [ExpressionAttributeNames, ExpressionAttributeValues] = [used(input['ExpressionAttributeNames']), used(input['ExpressionAttributeValues'])];
  const { ExpressionAttributeNames: _names, ExpressionAttributeValues: _values, ...rest } = input;
  return { ...rest, ...(ExpressionAttributeNames && { ExpressionAttributeNames }), ...(ExpressionAttributeValues && { ExpressionAttributeValues }) };
}

const shapesOf = (schema: TableSchema | undefined, item: Item) =>
  (schema?.indexes ?? []).map(({ KeySchema, Projection: { ProjectionType, NonKeyAttributes = [] } }) => ({
    keys: KeySchema.map(({ AttributeName }) => AttributeName),
    projected: ProjectionType === 'ALL' ? Object.keys(item) : [...(schema?.KeySchema ?? []).map(({ AttributeName }) => AttributeName), ...NonKeyAttributes],
  }));

const unitsOfIndexes = (schema: TableSchema | undefined, was: Item, is: Item): number => shapesOf(schema, { ...was, ...is }).reduce((sum, shape) => sum + indexUnits(was, is, shape), 0);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html: 100 bytes of overhead an item. */
const overhead = 100;

function bytesOf(tables: MemoryTables, name: TableName, schemas: ReadonlyMap<string, TableSchema>): number {
  return tables.all(name).reduce((sum, row) => {
    const item = toItem(row);
    const entries = shapesOf(schemas.get(tables.named[name]), item).filter(({ keys }) => keys.every((key) => item[key] !== undefined));
    return sum + itemSize(item) + overhead + entries.reduce((total, { projected }) => total + overhead + itemSize(Object.fromEntries(projected.flatMap((one) => (item[one] === undefined ? [] : [[one, item[one]]])))), 0);
  }, 0);
}
