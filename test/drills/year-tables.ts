// DynamoDB for a simulated year: the commands and conditions that a pull and a webhook use, at the speed of a map, since a year of 200
// connections makes ten million calls. Held against the real engine by test/drills/year-tables.test.ts.
import { ConditionalCheckFailedException, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { conditionOf, updateOf, type Item } from './year-expressions.ts';

interface Input {
  readonly TableName?: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
  readonly ReturnValues?: string;
}

/** Partition and sort key of a table by its name. */
export type TableKeys = Readonly<Record<string, readonly [partition: string, sort?: string]>>;

class Table {
  readonly #keys: readonly [partition: string, sort?: string];
  readonly #partitions = new Map<string, Map<string, Item>>();
  constructor(keys: readonly [partition: string, sort?: string]) {
    this.#keys = keys;
  }
  #place(item: Item): [string, string] {
    const [partition, sort] = this.#keys;
    return [item[partition]?.S ?? '', sort === undefined ? '' : (item[sort]?.S ?? '')];
  }
  get(key: Item): Item | undefined {
    const [partition, sort] = this.#place(key);
    return this.#partitions.get(partition)?.get(sort);
  }
  put(item: Item): void {
    const [partition, sort] = this.#place(item);
    const rows = this.#partitions.get(partition) ?? new Map<string, Item>();
    this.#partitions.set(partition, rows.set(sort, item));
  }
  ofPartition(partition: string): Item[] {
    const sort = this.#keys[1] ?? '';
    return [...(this.#partitions.get(partition)?.values() ?? [])].sort((a, b) => ((a[sort]?.S ?? '') < (b[sort]?.S ?? '') ? -1 : 1));
  }
}

/** A client whose tables are empty maps. Throws for what no pull or webhook asks. */
export function yearTables(keys: TableKeys): DynamoDBClient {
  const tables = new Map(Object.entries(keys).map(([name, key]) => [name, new Table(key)]));
  const run: Readonly<Record<string, (table: Table, input: Input) => object>> = {
    GetItem: (table, { Key = {} }) => {
      const Item = table.get(Key);
      return Item ? { Item } : {};
    },
    PutItem: (table, input) => {
      guard(input, table.get(input.Item ?? {}));
      table.put(input.Item ?? {});
      return {};
    },
    UpdateItem: update,
    Query: (table, input) => {
      const partition = input.ExpressionAttributeValues?.[/^\w+ = (:\w+)/.exec(input.KeyConditionExpression ?? '')?.[1] ?? '']?.S ?? '';
      const [holds, passes] = [conditionOf(input.KeyConditionExpression ?? ''), input.FilterExpression === undefined ? () => true : conditionOf(input.FilterExpression)];
      return { Items: table.ofPartition(partition).filter((item) => holds(scopeOf(input, item)) && passes(scopeOf(input, item))) };
    },
  };
  const send = async (command: { readonly constructor: { readonly name: string }; readonly input: Input }): Promise<object> => {
    const [table, work] = [tables.get(command.input.TableName ?? ''), run[command.constructor.name.replace(/Command$/, '')]];
    if (!table || !work) throw new Error(`The year knows no ${command.constructor.name} of ${String(command.input.TableName)}.`);
    return { $metadata: {}, ...work(table, command.input) };
  };
  return { send } as unknown as DynamoDBClient;
}

const scopeOf = ({ ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} }: Input, item: Item) => ({ item, names, values });

function guard(input: Input, there: Item | undefined): void {
  if (input.ConditionExpression === undefined || conditionOf(input.ConditionExpression)(scopeOf(input, there ?? {}))) return;
  throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
}

function update(table: Table, input: Input): object {
  const before = table.get(input.Key ?? {});
  guard(input, before);
  const after: Item = { ...(before ?? input.Key) };
  const changed = updateOf(input.UpdateExpression ?? '')(scopeOf(input, before ?? {}));
  for (const [name, value] of changed) {
    if (value === undefined) delete after[name];
    else after[name] = value;
  }
  table.put(after);
  if (input.ReturnValues !== 'UPDATED_OLD') return {};
  return { Attributes: Object.fromEntries(changed.flatMap(([name]) => (before?.[name] === undefined ? [] : [[name, before[name]]]))) };
}
