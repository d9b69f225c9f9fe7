import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plainCall, signedCall } from '../../../infra/commands/ops/http-call.ts';

const seen: { request: IncomingMessage; body: string }[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    seen.push({ request, body });
    response.setHeader('content-type', 'application/json').end('{"outcome":"pulled"}');
  });
});
let apiUrl = '';
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});

const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const hex = (data: string): string => createHash('sha256').update(data).digest('hex');

/** Signature Version 4 by its own description: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html */
function signatureOf({ method = '', url = '', headers }: IncomingMessage, { body, secret }: { body: string; secret: string }): string {
  const [, date, region, service, signed = ''] = /Credential=\w+\/(\d+)\/([\w-]+)\/([\w-]+)\/aws4_request, SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const [path = '', query = ''] = url.split('?');
  const canonical = [method, path.split('/').map(encodeURIComponent).join('/'), query, ...signed.split(';').map((name) => `${name}:${String(headers[name])}`), '', signed, hex(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>((from, part) => hmac(from, part ?? ''), `AWS4${secret}`);
  return hmac(key as Buffer, ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hex(canonical)].join('\n')).toString('hex');
}

describe('a call of the HTTP API', () => {
  it('on a stage is signed over method, path, query and body, for the API gateway', async () => {
    const call = signedCall({ apiUrl, region: 'eu-central-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } });
    expect(await call('POST', '/v1/sync/inbound', { connection_id: 'c-1' })).toEqual({ status: 200, text: '{"outcome":"pulled"}', body: { outcome: 'pulled' } });
    await call('DELETE', '/v1/connections/c%201?remove_events=true');
    expect(seen.map(({ request }) => request.method)).toEqual(['POST', 'DELETE']);
    for (const { request, body } of seen) {
      expect(request.headers.authorization).toContain('/eu-central-1/execute-api/aws4_request');
      expect(request.headers.authorization?.split('Signature=')[1]).toBe(signatureOf(request, { body, secret: 'secret' }));
    }
  });

  it('on the local run goes as it is', async () => {
    await plainCall(apiUrl)('POST', '/v1/sync/outbound', { booking_id: 'b' });
    expect(seen.at(-1)).toMatchObject({ body: '{"booking_id":"b"}', request: { url: '/v1/sync/outbound' } });
    expect(seen.at(-1)?.request.headers.authorization).toBeUndefined();
  });

  it('that nobody answers says what to do', async () => {
    await expect(plainCall('http://127.0.0.1:9')('GET', '/')).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('npm start') });
  });
});
