import { BatchGetItemCommand, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toItem } from '../../lib/platform/dynamo.ts';
import { memoryTables, type MemoryTables } from './memory-tables.ts';
import { startTables, type Tables } from './tables.ts';

let real: Tables;
let memory: MemoryTables;
let now = 0;
beforeAll(async () => {
  [real, memory] = await Promise.all([startTables(), memoryTables(() => now)]);
});
afterAll(() => real.close());

type Asked = (client: DynamoDBClient) => Promise<object>;
/** What a client answers: its output, or the name of its failure. */
async function answer(client: DynamoDBClient, ask: Asked): Promise<unknown> {
  try {
    const { $metadata: _, ...told } = (await ask(client)) as Record<string, unknown>;
    return JSON.parse(JSON.stringify(told));
  } catch (error) {
    return { failed: (error as Error).name };
  }
}

/** Both must answer each alike; gives the last answer. */
async function alike(...asked: readonly Asked[]): Promise<unknown> {
  let last: unknown;
  for (const [n, ask] of asked.entries()) {
    const expected = await answer(real.dynamo, ask);
    last = await answer(memory.dynamo, ask);
    expect({ n, told: last }).toEqual({ n, told: expected });
  }
  return last;
}

const state = (): string => memory.named['sync-state'];
const busy = (): string => memory.named['busy-intervals'];
const key = (id: string, part = 'pull') => ({ connection_id: { S: id }, part: { S: part } });
const put = (table: string, row: Record<string, unknown>, more: object = {}): Asked => (client) => client.send(new PutItemCommand({ TableName: table, Item: toItem(row), ...more }));
const update = (id: string, UpdateExpression: string, more: object = {}): Asked => (client) => client.send(new UpdateItemCommand({ TableName: state(), Key: key(id), UpdateExpression, ...more }));
const read = (id: string, more: object = {}): Asked => (client) => client.send(new GetItemCommand({ TableName: state(), Key: key(id), ...more }));
const query = (input: Omit<QueryCommandInput, 'TableName'>, table = busy()): Asked => (client) => client.send(new QueryCommand({ TableName: table, ...input }));
const n = (value: number) => ({ N: String(value) });

describe('the tables in memory answer as dynalite does', () => {
  it('to conditions on what is and is not there', async () => {
    await alike(
      put(state(), { connection_id: 'a', part: 'pull', fence: 1 }, { ConditionExpression: 'attribute_not_exists(connection_id)' }),
      put(state(), { connection_id: 'a', part: 'pull', fence: 2 }, { ConditionExpression: 'attribute_not_exists(connection_id)' }),
      put(state(), { connection_id: 'a', part: 'pull', fence: 3 }, { ConditionExpression: 'attribute_not_exists(connection_id) OR fence <= :mine', ExpressionAttributeValues: { ':mine': n(3) } }),
      put(state(), { connection_id: 'a', part: 'pull', fence: 0 }, { ConditionExpression: 'fence <= :mine', ExpressionAttributeValues: { ':mine': n(0) } }),
      update('nobody', 'SET x = :x', { ConditionExpression: 'attribute_exists(connection_id) AND (attribute_not_exists(s1) OR s1 <> :x)', ExpressionAttributeValues: { ':x': { S: 'k' } } }),
      update('a', 'SET s1 = :x', { ConditionExpression: 'attribute_exists(connection_id) AND (attribute_not_exists(s1) OR s1 <> :x)', ExpressionAttributeValues: { ':x': { S: 'k' } } }),
      update('a', 'SET s1 = :x', { ConditionExpression: 'attribute_exists(connection_id) AND (attribute_not_exists(s1) OR s1 <> :x)', ExpressionAttributeValues: { ':x': { S: 'k' } } }),
      read('a'), read('nobody'),
    );
  });

  it('to updates of every kind, and tells the old values', async () => {
    const one = { ':one': n(1), ':now': n(5) };
    const step = 'SET generation = if_not_exists(generation, :one) + :one, dirtySince = if_not_exists(dirtySince, :now)';
    await alike(
      update('b', step, { ReturnValues: 'UPDATED_OLD', ExpressionAttributeValues: one }),
      update('b', step, { ReturnValues: 'UPDATED_OLD', ExpressionAttributeValues: one }),
      update('b', 'ADD disputes :one, strays :some', { ExpressionAttributeValues: { ':one': n(1), ':some': { SS: ['x', 'y'] } } }),
      update('b', 'ADD disputes :one, strays :some', { ExpressionAttributeValues: { ':one': n(1), ':some': { SS: ['y', 'z'] } } }),
      read('b'),
      update('b', 'DELETE strays :some', { ExpressionAttributeValues: { ':some': { SS: ['x', 'y', 'z'] } } }),
      update('b', 'SET #a = :one REMOVE dirtySince, nothing', { ExpressionAttributeNames: { '#a': 'state' }, ExpressionAttributeValues: { ':one': n(1) } }),
      read('b'), read('b', { ProjectionExpression: 'generation, disputes', ConsistentRead: true }),
      update('b', 'SET generation = missing + :one', { ExpressionAttributeValues: { ':one': n(1) } }),
      update('b', 'SET list = :list', { ExpressionAttributeValues: { ':list': { L: [{ M: { key: { S: 'k' } } }] } } }),
      update('b', 'SET list[0].watchable = :no', { ConditionExpression: 'list[0].#key = :key', ExpressionAttributeNames: { '#key': 'key' }, ExpressionAttributeValues: { ':no': { BOOL: false }, ':key': { S: 'k' } } }),
      update('b', 'SET dirtySince = :text', { ExpressionAttributeValues: { ':text': { S: 'not a number' } } }),
      update('b', 'SET unused = :one', { ExpressionAttributeValues: { ':one': n(1), ':two': n(2) } }),
      update('b', 'SET state = :one', { ExpressionAttributeValues: { ':one': n(1) } }),
      read('b'),
      (client) => client.send(new DeleteItemCommand({ TableName: state(), Key: key('b'), ConditionExpression: 'disputes = :two', ExpressionAttributeValues: { ':two': n(2) }, ReturnValues: 'ALL_OLD' })),
      read('b'),
    );
  });

  it('to queries by prefix, range, filter and index, page by page', async () => {
    for (let row = 0; row < 12; row += 1) {
      await alike(put(busy(), { provider_id: 'p', row: `c#${row % 3}#${row}`, ...(row % 4 !== 0 && { start: `2026-0${(row % 9) + 1}`, end: '2027' }), ...(row % 2 === 0 && { series: `c#s${row % 3}` }), v: row }));
    }
    const provider = { ':p': { S: 'p' } };
    const names = { '#row': 'row', '#start': 'start' };
    await alike(
      query({ KeyConditionExpression: 'provider_id = :p AND begins_with(#row, :c)', ExpressionAttributeNames: { '#row': 'row' }, ExpressionAttributeValues: { ...provider, ':c': { S: 'c#1' } } }),
      query({ KeyConditionExpression: 'provider_id = :p AND begins_with(#row, :c)', FilterExpression: 'attribute_exists(#start)', ExpressionAttributeNames: names, ExpressionAttributeValues: { ...provider, ':c': { S: 'c' } }, ConsistentRead: true }),
      query({ IndexName: 'by-start', KeyConditionExpression: 'provider_id = :p AND #start < :to', FilterExpression: '#end > :from', ExpressionAttributeNames: { '#start': 'start', '#end': 'end' }, ExpressionAttributeValues: { ...provider, ':to': { S: '2026-06' }, ':from': { S: '2026' } }, ConsistentRead: true }),
      query({ IndexName: 'by-series', KeyConditionExpression: 'provider_id = :p AND series = :s', ExpressionAttributeValues: { ...provider, ':s': { S: 'c#s0' } }, ConsistentRead: true }),
      query({ KeyConditionExpression: 'provider_id = :p', ExpressionAttributeValues: provider, ScanIndexForward: false, Limit: 5, Select: 'COUNT' }),
      query({ KeyConditionExpression: 'provider_id = :p AND #row BETWEEN :a AND :b', ExpressionAttributeNames: { '#row': 'row' }, ExpressionAttributeValues: { ...provider, ':a': { S: 'c#1' }, ':b': { S: 'c#2' } } }),
      query({ IndexName: 'unknown', KeyConditionExpression: 'provider_id = :p', ExpressionAttributeValues: provider }),
      query({ KeyConditionExpression: '#row = :p', ExpressionAttributeNames: { '#row': 'row' }, ExpressionAttributeValues: provider }),
      query({ KeyConditionExpression: 'provider_id = :p', ExpressionAttributeValues: provider, ExclusiveStartKey: { provider_id: { S: 'p' } } }),
    );
    let from: Record<string, AttributeValue> | undefined;
    for (let page = 0; page < 5; page += 1) {
      const told = (await alike(query({ KeyConditionExpression: 'provider_id = :p', ExpressionAttributeValues: provider, Limit: 3, ...(from && { ExclusiveStartKey: from }) }))) as { LastEvaluatedKey?: Record<string, AttributeValue> };
      from = told.LastEvaluatedKey;
    }
    expect(from).toBeUndefined();
  });

  it('to walks over sparse global indexes', async () => {
    for (let row = 0; row < 7; row += 1) await alike(put(state(), { connection_id: `w${row}`, part: 'inbox', ...(row !== 3 && { dirtyShard: 'd', dirtySince: 100 - row }) }));
    const walk = { IndexName: 'dirty', KeyConditionExpression: '#shard = :shard AND #time <= :until', ExpressionAttributeNames: { '#shard': 'dirtyShard', '#time': 'dirtySince' }, ExpressionAttributeValues: { ':shard': { S: 'd' }, ':until': n(98) } };
    const { LastEvaluatedKey } = (await alike(query(walk, state()), query({ ...walk, Limit: 2 }, state()))) as { LastEvaluatedKey: Record<string, AttributeValue> };
    await alike(query({ ...walk, Limit: 9, ExclusiveStartKey: LastEvaluatedKey }, state()), query({ ...walk, ConsistentRead: true }, state()), query({ ...walk, Select: 'COUNT', FilterExpression: '#part = :pull', ExpressionAttributeNames: { ...walk.ExpressionAttributeNames, '#part': 'part' }, ExpressionAttributeValues: { ...walk.ExpressionAttributeValues, ':pull': { S: 'inbox' } } }, state()));
  });

  it('to batches, in which what is not there is left out', async () => {
    await alike(put(state(), { connection_id: 'g', part: 'pull', fence: 1 }));
    const told = (await alike((client) => client.send(new BatchGetItemCommand({ RequestItems: { [state()]: { Keys: [key('g'), key('not there')], ConsistentRead: true, ProjectionExpression: 'connection_id, fence' } } })))) as { Responses: object };
    expect(Object.values(told.Responses)).toEqual([[{ connection_id: { S: 'g' }, fence: { N: '1' } }]]);
  });

  it('with pages of a megabyte', async () => {
    for (let row = 0; row < 5; row += 1) await alike(put(busy(), { provider_id: 'large', row: String(row), text: 'x'.repeat(300_000) }));
    const told = (await alike(query({ KeyConditionExpression: 'provider_id = :p', ExpressionAttributeValues: { ':p': { S: 'large' } }, ProjectionExpression: '#row', ExpressionAttributeNames: { '#row': 'row' } }))) as { Items: unknown[]; LastEvaluatedKey?: unknown };
    expect(told.Items.length).toBeLessThan(5);
    expect(told.LastEvaluatedKey).toBeDefined();
  });
});

describe('beyond dynalite, the tables in memory', () => {
  const dirty = () => query({ IndexName: 'dirty', KeyConditionExpression: 'dirtyShard = :shard', ExpressionAttributeValues: { ':shard': { S: 'lag' } } }, state());
  const count = async (): Promise<number> => ((await answer(memory.dynamo, dirty())) as { Count: number }).Count;

  it('show a write in a global index only after its lag, and in the table at once', async () => {
    memory.weather.indexLag = () => 1000;
    memory.put('sync-state', { connection_id: 'l', part: 'inbox', dirtyShard: 'lag', dirtySince: 1 });
    expect(memory.get('sync-state', { connection_id: 'l', part: 'inbox' })).toMatchObject({ dirtySince: 1 });
    expect(await count()).toBe(0);
    memory.weather.indexLag = () => 0;
    memory.put('sync-state', { connection_id: 'l', part: 'inbox' });
    now += 999;
    expect(await count()).toBe(0);
    now += 1;
    expect(await count()).toBe(0);
    memory.put('sync-state', { connection_id: 'l', part: 'inbox', dirtyShard: 'lag', dirtySince: 1 });
    expect(await count()).toBe(1);
  });

  it('turn commands away without effect, and leave keys unprocessed', async () => {
    memory.weather.throttled = (command) => command === 'PutItem';
    expect(await answer(memory.dynamo, put(state(), { connection_id: 't', part: 'pull' }))).toEqual({ failed: 'ProvisionedThroughputExceededException' });
    expect(memory.get('sync-state', { connection_id: 't', part: 'pull' })).toBeUndefined();
    memory.weather.throttled = () => false;
    memory.weather.unprocessed = (keys) => keys - 1;
    const told = (await memory.dynamo.send(new BatchGetItemCommand({ RequestItems: { [state()]: { Keys: [key('x'), key('y')], ProjectionExpression: 'part' } } }))).UnprocessedKeys;
    expect(told).toEqual({ [state()]: { Keys: [key('y')], ProjectionExpression: 'part' } });
    memory.weather.unprocessed = () => 0;
  });

  it('tell every write, before and after', () => {
    const told: unknown[] = [];
    memory.onWrite = (written) => void told.push(written);
    memory.put('sync-state', { connection_id: 'o', part: 'pull', fence: 1 });
    memory.put('sync-state', { connection_id: 'o', part: 'pull', fence: 2 });
    expect(told).toEqual([
      { table: 'sync-state', before: undefined, after: { connection_id: 'o', part: 'pull', fence: 1 } },
      { table: 'sync-state', before: { connection_id: 'o', part: 'pull', fence: 1 }, after: { connection_id: 'o', part: 'pull', fence: 2 } },
    ]);
  });
});
