import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand, DescribeLimitsCommand } from '@aws-sdk/client-dynamodb';
import { startTableEngine } from '../../../infra/local/tables.ts';

let engine: Awaited<ReturnType<typeof startTableEngine>>;
let client: DynamoDBClient;
beforeAll(async () => {
  engine = await startTableEngine();
  client = new DynamoDBClient({ region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' }, endpoint: engine.url, maxAttempts: 1, requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true } });
});
afterAll(async () => {
  client.destroy();
  await engine.child?.stop();
});
afterEach(() => fail('', 'DELETE'));

const fail = (query: string, method = 'PUT') => fetch(`${engine.url}/_control/fail${query}`, { method });
const list = () => client.send(new ListTablesCommand());

describe('an engine that is told to fail', () => {
  it('fails so many calls of one operation, as the service would, and then works again', async () => {
    await fail('?operation=ListTables&how=throttled&times=2');
    await expect(list()).rejects.toThrow(expect.objectContaining({ name: 'ProvisionedThroughputExceededException' }));
    await expect(client.send(new DescribeLimitsCommand())).rejects.not.toThrow(expect.objectContaining({ name: 'ProvisionedThroughputExceededException' }));
    await expect(list()).rejects.toThrow();
    await expect(list()).resolves.toMatchObject({ TableNames: [] });
  });

  it('breaks or hangs until it is told to stop', async () => {
    await fail('?how=broken');
    await expect(list()).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    await fail('?how=hanging');
    await expect(list()).rejects.toMatchObject({ name: 'TimeoutError' });
    await fail('', 'DELETE');
    await expect(list()).resolves.toMatchObject({ TableNames: [] });
  });

  it('fails several operations at once, and counts what it throttled by table', async () => {
    await fail('?operation=ListTables&operation=DescribeTable&how=throttled');
    await expect(list()).rejects.toThrow();
    await expect(client.send(new DescribeTableCommand({ TableName: 'bookings' }))).rejects.toThrow();
    await fail('', 'DELETE');
    await list();
    const calls = (await (await fetch(`${engine.url}/_control/calls`)).json()) as Record<string, number>;
    expect(calls['throttled DescribeTable bookings']).toBe(1);
  });

  it('does not fail in ways that it does not know', async () => {
    expect((await fail('?how=politely')).status).toBe(400);
    await expect(list()).resolves.toBeDefined();
  });
});
