// Deliveries that no sender of ours would make. None may be answered 2xx or 5xx, throw, or reach a table or the queue.
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { countedTables } from '../../support/counted-tables.ts';
import { aGoogleNotice, aGraphItem, aGraphPost, aPost, graphBody, googleToken } from '../../support/notices.ts';
import type { CountedTables } from '../../support/tables.ts';
import { webhookWorld, type WebhookWorld } from '../../support/webhook-world.ts';

let tables: CountedTables;
let world: WebhookWorld;
beforeAll(async () => void (tables = await countedTables()));
beforeEach(async () => {
  await tables.aClean('sync-state');
  world = webhookWorld(tables);
  await world.connected('c');
});

/** What it was answered; that nothing else happened is asserted here. */
async function refusal(event: APIGatewayProxyEventV2): Promise<number | undefined> {
  const { statusCode, body } = await world.post(event);
  expect(body).toBeUndefined();
  expect(tables.calls).toEqual([]);
  expect(world.queue).toEqual([]);
  return statusCode;
}
const graphValue = (...value: unknown[]) => graphBody(JSON.stringify({ value }));

describe('a body', () => {
  it('is measured in decoded bytes', async () => {
    const most = 256 * 1024;
    const base64 = (bytes: number) => graphBody(Buffer.alloc(bytes, 0x20).toString('base64'), { isBase64Encoded: true });
    expect(await refusal(base64(most))).toBe(400);
    expect(await refusal(base64(most + 1))).toBe(413);
    expect(await refusal(graphBody('é'.repeat(most / 2 + 1)))).toBe(413);
    expect(await refusal(aGoogleNotice({ connectionId: 'c', event: { body: Buffer.alloc(300 * 1024).toString('base64'), isBase64Encoded: true } }))).toBe(413);
  });

  it('in base64 is as good as any other', async () => {
    const { body = '' } = aGraphPost({ connectionId: 'c' });
    expect(await world.post(graphBody(Buffer.from(body).toString('base64'), { isBase64Encoded: true }))).toEqual({ statusCode: 202 });
  });

  it.each([
    ['200 KB of opening brackets', '['.repeat(200 * 1024)],
    ['arrays 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects 40,000 deep', '{"a":'.repeat(40_000) + '1' + '}'.repeat(40_000)],
    ['an item 100,000 deep', `{"value":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`],
    ['nothing', ''],
    ['blanks', ' \n'],
    ['no value', '{}'],
    ['an empty value', '{"value":[]}'],
    ['a value that is an object', '{"value":{"0":{}}}'],
    ['an array', '[{"value":[]}]'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['two documents', '{"value":[]}{"value":[]}'],
    ['a prototype', '{"__proto__":{"value":[{}]}}'],
  ])('is refused as malformed: %s', async (_, body) => {
    expect(await refusal(graphBody(body))).toBe(400);
  });

  it.each([
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['half a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{"value":[{}]}', 'utf16le')],
    ['gzip', gzipSync('{"value":[{}]}')],
  ])('is refused as malformed: %s', async (_, bytes) => {
    expect(await refusal(graphBody(bytes.toString('base64'), { isBase64Encoded: true }))).toBe(400);
  });
});

describe('an authentic item', () => {
  it('does not excuse invalid UTF-8 elsewhere in the body', async () => {
    const { body = '' } = aGraphPost({ connectionId: 'c', members: { tenantId: 'TENANT' } });
    const bytes = Buffer.from(body);
    bytes[bytes.indexOf('TENANT')] = 0xff;
    expect(await refusal(graphBody(bytes.toString('base64'), { isBase64Encoded: true }))).toBe(400);
  });
});

describe('headers', () => {
  it.each(['x-goog-channel-id', 'x-goog-message-number', 'x-goog-resource-id', 'x-goog-resource-state'])('without %s, or with it empty, are malformed', async (name) => {
    expect(await refusal(aGoogleNotice({ connectionId: 'c', headers: { [name]: undefined } }))).toBe(400);
    expect(await refusal(aGoogleNotice({ connectionId: 'c', headers: { [name]: '' } }))).toBe(400);
  });

  it('without a token are not authentic', async () => {
    expect(await refusal(aGoogleNotice({ connectionId: 'c', headers: { 'x-goog-channel-token': undefined } }))).toBe(401);
  });

  it('that come twice arrive joined by a comma and are refused', async () => {
    const { headers } = aGoogleNotice({ connectionId: 'c' });
    for (const name of ['x-goog-channel-id', 'x-goog-channel-token', 'x-goog-message-number', 'x-goog-resource-state']) {
      expect([400, 401]).toContain(await refusal(aGoogleNotice({ connectionId: 'c', headers: { [name]: `${headers[name] ?? ''},${headers[name] ?? ''}` } })));
    }
  });

  it.each(['-1', '1.5', '0x10', '1e3', ' ', '１２', '9'.repeat(16), 'NaN', '1,2'])('with message number %p are malformed', async (messageNumber) => {
    expect(await refusal(aGoogleNotice({ connectionId: 'c', messageNumber }))).toBe(400);
  });

  it('with a state that Google does not send are malformed', async () => {
    for (const state of ['EXISTS', 'update', 'exists ', '__proto__']) expect(await refusal(aGoogleNotice({ connectionId: 'c', state }))).toBe(400);
  });

  it('are found in any case', async () => {
    const { headers } = aGoogleNotice({ connectionId: 'c' });
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    expect(await world.post(aPost('google', { headers: upper }))).toEqual({ statusCode: 202 });
  });

  it('that are missing altogether are malformed, and so is an event without them', async () => {
    expect(await refusal(aPost('google'))).toBe(400);
    expect(await refusal(aPost('google', { headers: undefined as never, rawQueryString: undefined as never }))).toBe(400);
    expect(await refusal(aPost('microsoft', { headers: undefined as never, rawQueryString: undefined as never }))).toBe(400);
  });

  it('of all three states are accepted', async () => {
    for (const [n, state] of ['sync', 'exists', 'not_exists'].entries()) expect(await world.post(aGoogleNotice({ connectionId: 'c', state, messageNumber: n + 1 }))).toEqual({ statusCode: 202 });
  });
});

describe('a token', () => {
  const good = googleToken('c', 'channel-1');
  const swapped = (n: number, part: string) => good.split('.').map((was, at) => (at === n ? part : was)).join('.');
  it.each([
    ['empty', ''],
    ['of another version', swapped(0, 'v2')],
    ['under an unknown key', swapped(1, 'k9')],
    ['without a key', swapped(1, '')],
    ['for another connection', swapped(2, 'd')],
    ['with a connection id that could leave its row', swapped(2, 'c#x')],
    ['with a short MAC', swapped(3, good.split('.')[3]?.slice(0, 20) ?? '')],
    ['with a MAC of a thousand characters', swapped(3, 'A'.repeat(1000))],
    ['with an empty MAC', swapped(3, '')],
    ['with a member too many', `${good}.x`],
    ['with no dots', 'A'.repeat(200)],
    ['of dots', '.'.repeat(200)],
    ['of 10 KB', 'v1.'.repeat(3000)],
    ['with bytes above ASCII', `${good}é`.replace('v1', 'v１')],
  ])('is not authentic: %s', async (_, token) => {
    expect(await refusal(aGoogleNotice({ connectionId: 'c', token }))).toBe(401);
    expect(await refusal(graphValue(aGraphItem({ connectionId: 'c', members: { clientState: token } })))).toBe(401);
  });

  it('of one channel does not serve another, nor Google’s the other provider', async () => {
    expect(await refusal(aGoogleNotice({ connectionId: 'c', channelId: 'channel-2', token: good }))).toBe(401);
    const { clientState } = aGraphItem({ connectionId: 'c' });
    expect(await refusal(aGoogleNotice({ connectionId: 'c', channelId: 'nonce-1', token: String(clientState) }))).toBe(401);
    expect(await refusal(aGoogleNotice({ connectionId: 'c', channelId: 'nonce-1', token: String(clientState).replace('.nonce-1', '') }))).toBe(401);
  });
});

describe('anything at all', () => {
  it('in a Graph body is answered 400 or 401', async () => {
    const item = fc.record(
      { subscriptionId: fc.jsonValue(), clientState: fc.jsonValue(), changeType: fc.oneof(fc.constant('updated'), fc.jsonValue()), lifecycleEvent: fc.jsonValue(), resourceData: fc.jsonValue(), encryptedContent: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const body = fc.oneof(fc.record({ value: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(item, fc.jsonValue()))), validationTokens: fc.jsonValue() }, { requiredKeys: [] }), fc.jsonValue());
    await fc.assert(fc.asyncProperty(body, async (value) => expect([400, 401]).toContain(await refusal(graphBody(JSON.stringify(value))))), { numRuns: 500, seed: 1 });
  });

  it('in bytes or text is answered 400 or 401', async () => {
    const event = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true })),
      fc.string({ unit: 'binary', maxLength: 200 }).map((body) => ({ body, isBase64Encoded: false })),
      fc.string({ unit: 'binary', maxLength: 200 }).map((body) => ({ body, isBase64Encoded: true })),
    );
    await fc.assert(fc.asyncProperty(event, async (one) => expect([400, 401]).toContain(await refusal(graphBody(one.body, one)))), { numRuns: 300, seed: 2 });
  });

  it('in Google’s headers is answered 400 or 401', async () => {
    const wild = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('exists', 'sync', '1', '007', 'channel-1', googleToken('d', 'channel-1')));
    const headers = fc.record({ 'x-goog-channel-id': wild, 'x-goog-channel-token': wild, 'x-goog-message-number': wild, 'x-goog-resource-id': wild, 'x-goog-resource-state': wild, 'X-Goog-Signature': wild }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(headers, async (some) => {
        const own = some['x-goog-channel-token'] === googleToken('d', 'channel-1') && some['x-goog-channel-id'] === 'channel-1';
        if (!own) expect([400, 401]).toContain(await refusal(aPost('google', { headers: some as Record<string, string> })));
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
