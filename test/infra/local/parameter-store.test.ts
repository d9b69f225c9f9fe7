import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteParameterCommand, GetParameterCommand, GetParametersByPathCommand, GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { startParameterServer } from '../../../infra/local/ssm.ts';
import type { ParameterServer } from '../../../infra/local/ssm.ts';

let server: ParameterServer;
let client: SSMClient;
beforeAll(async () => {
  server = await startParameterServer(() => 1_000, '');
  client = new SSMClient({ region: 'us-east-1', endpoint: server.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const put = (Name: string, Value: string, more: object = {}) => client.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }));

describe('the local parameter store', () => {
  it('gives many at once and names those that it does not have', async () => {
    await put('/a/one', '1');
    await put('/a/secret', 's', { Type: 'SecureString' });
    const { Parameters, InvalidParameters } = await client.send(new GetParametersCommand({ Names: ['/a/one', '/a/secret', '/a/none'], WithDecryption: true }));
    expect(Parameters?.map(({ Name, Value }) => [Name, Value])).toEqual([['/a/one', '1'], ['/a/secret', 's']]);
    expect(InvalidParameters).toEqual(['/a/none']);
  });

  it('gives a SecureString in clear only to who asks for it', async () => {
    await put('/b/secret', 's', { Type: 'SecureString' });
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '/b/secret' }));
    expect(Parameter?.Value).not.toBe('s');
  });

  it('refuses more than ten names, empty and oversized values, and a second one of a name', async () => {
    await expect(client.send(new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, n) => `/x/${n}`) }))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('/c/empty', '')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('/c/large', 'x'.repeat(4097))).rejects.toMatchObject({ name: 'ValidationException' });
    await put('/c/full', 'x'.repeat(4096));
    await expect(put('/c/full', 'y')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect(await put('/c/full', 'y', { Overwrite: true })).toMatchObject({ Version: 2 });
  });

  it('pages what lies below a path', async () => {
    for (let n = 0; n < 12; n += 1) await put(`/d/p${String(n).padStart(2, '0')}`, String(n));
    const first = await client.send(new GetParametersByPathCommand({ Path: '/d/' }));
    const second = await client.send(new GetParametersByPathCommand({ Path: '/d/', NextToken: first.NextToken }));
    expect([first.Parameters?.length, second.Parameters?.length, second.NextToken]).toEqual([10, 2, undefined]);
  });

  it('forgets what is deleted', async () => {
    await put('/e/x', '1');
    await client.send(new DeleteParameterCommand({ Name: '/e/x' }));
    await expect(client.send(new GetParameterCommand({ Name: '/e/x' }))).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('counts calls, and fails as often as it is told to', async () => {
    await put('/f/x', '1');
    await fetch(`${server.url}/_control/calls`, { method: 'DELETE' });
    await fetch(`${server.url}/_control/fail?times=1`, { method: 'PUT' });
    const ask = () => client.send(new GetParametersCommand({ Names: ['/f/x'] }));
    await expect(ask()).rejects.toMatchObject({ name: 'InternalServerError' });
    expect((await ask()).Parameters).toHaveLength(1);
    expect(await (await fetch(`${server.url}/_control/calls`)).json()).toEqual({ GetParameters: 2 });
  });
});
