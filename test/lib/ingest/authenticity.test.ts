import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { countedTables } from '../../support/counted-tables.ts';
import { aGoogleNotice, aGraphPost, aSecret, keyRing } from '../../support/notices.ts';
import type { CountedTables } from '../../support/tables.ts';
import { webhookWorld, type WebhookWorld } from '../../support/webhook-world.ts';

let tables: CountedTables;
let world: WebhookWorld;
let number = 0;
beforeAll(async () => void (tables = await countedTables()));
beforeEach(async () => {
  await tables.aClean('sync-state');
  world = webhookWorld(tables);
  await world.connected('c');
});
const google = (headers: Record<string, string | undefined> = {}, event: Partial<APIGatewayProxyEventV2> = {}) => aGoogleNotice({ connectionId: 'c', messageNumber: (number += 1), headers, event });
const statusOf = async (event: APIGatewayProxyEventV2) => (await world.post(event)).statusCode;

describe('a signing relay, once its secret is set', () => {
  const secrets = { google: 'relay-of-google', microsoft: 'relay-of-microsoft' };
  const hmac = (secret: string, signed: string) => createHmac('sha256', secret).update(signed);
  beforeEach(() => world.set({ [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document, relay: secrets }) }));
  const forms: [string, (mac: Buffer) => string][] = [
    ['hex', (mac) => mac.toString('hex')],
    ['upper-case hex', (mac) => mac.toString('hex').toUpperCase()],
    ['base64', (mac) => mac.toString('base64')],
    ['sha256= and hex', (mac) => `sha256=${mac.toString('hex')}`],
    ['sha256= and base64', (mac) => `sha256=${mac.toString('base64')}`],
  ];

  it.each(forms)('signs Google’s notices over channel id, message number and body: %s', async (_, told) => {
    for (const body of ['', 'a body']) {
      const unsigned = google({}, { body });
      const signed = `${unsigned.headers['x-goog-channel-id'] ?? ''}.${unsigned.headers['x-goog-message-number'] ?? ''}.${body}`;
      expect(await statusOf({ ...unsigned, headers: { ...unsigned.headers, 'X-Goog-Signature': told(hmac(secrets.google, signed).digest()) } })).toBe(202);
    }
  });

  it.each(forms)('signs Graph’s over the raw body, however API Gateway wrapped it: %s', async (_, told) => {
    const { body = '' } = aGraphPost({ connectionId: 'c', etag: `W/"${(number += 1)}"` });
    const headers = { 'X-Microsoft-Graph-Signature': told(hmac(secrets.microsoft, body).digest()) };
    expect(await statusOf({ ...aGraphPost(), headers, body })).toBe(202);
    expect(await statusOf({ ...aGraphPost(), headers, body: Buffer.from(body).toString('base64'), isBase64Encoded: true })).toBe(200);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['only its prefix', 'sha256='],
    ['of another secret', hmac('other', 'channel-1.1.').digest('hex')],
    ['of another message', hmac(secrets.google, 'channel-1.0.').digest('hex')],
    ['over nothing', hmac(secrets.google, '').digest('hex')],
    ['cut short', hmac(secrets.google, 'channel-1.1.').digest('hex').slice(0, 62)],
    ['with more behind it', `${hmac(secrets.google, 'channel-1.1.').digest('base64')}AAAA`],
    ['of another hash', `sha1=${createHmac('sha1', secrets.google).update('channel-1.1.').digest('hex')}`],
  ])('refuses a signature that is %s, though the token be right', async (_, signature) => {
    expect(await statusOf(aGoogleNotice({ connectionId: 'c', headers: { 'x-goog-signature': signature } }))).toBe(401);
    expect(await statusOf({ ...aGraphPost({ connectionId: 'c' }), headers: signature === undefined ? {} : { 'x-microsoft-graph-signature': signature } })).toBe(401);
    expect(tables.calls).toEqual([]);
  });

  it('does not replace the token', async () => {
    const forged = aGoogleNotice({ connectionId: 'c', token: 'forged', headers: { 'x-goog-signature': hmac(secrets.google, 'channel-1.1.').digest('hex') } });
    expect(await statusOf(forged)).toBe(401);
  });

  it('is asked of the one provider that has a secret', async () => {
    world.set({ [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document, relay: { google: secrets.google } }) });
    expect(await statusOf(aGraphPost({ connectionId: 'c' }))).toBe(202);
    expect(await statusOf(google())).toBe(401);
  });
});

describe('keys of the ring', () => {
  const key = (id: string, signsFrom: string) => ({ id, secret: aSecret(id), signsFrom });
  const [old, young] = [key('k1', '2026-01-01T00:00:00Z'), key('k2', '2026-02-20T00:00:00Z')];
  const use = (...keys: object[]) => world.set({ [Setting.webhookKeys]: JSON.stringify({ keys }) });

  it('verify as long as they are in it, and not after', async () => {
    use(old, young);
    expect(await statusOf(aGoogleNotice({ connectionId: 'c' }))).toBe(202);
    use(young);
    expect(await statusOf(google())).toBe(401);
    expect(await statusOf(aGraphPost({ connectionId: 'c' }))).toBe(401);
  });

  it('verify at once, also while they are too young to sign', async () => {
    use(old, key('k3', '2099-01-01T00:00:00Z'));
    const ring = parseKeyRing({ keys: [key('k3', '2026-01-01T00:00:00Z')] });
    expect(await statusOf(aGoogleNotice({ connectionId: 'c', ring }))).toBe(202);
  });

  it('are not told apart by what a forger is answered: unknown key, known key, no key', async () => {
    const answers = await Promise.all(['k1', 'k9', ''].map((id) => world.post(aGoogleNotice({ connectionId: 'c', token: `v1.${id}.c.${'A'.repeat(43)}` }))));
    expect(answers).toEqual([{ statusCode: 401 }, { statusCode: 401 }, { statusCode: 401 }]);
    expect(world.outcomes).toEqual(['not_authentic', 'not_authentic', 'not_authentic']);
  });

  it('do not help who knows the dummy key that unknown ones are compared with', async () => {
    const dummy = parseKeyRing({ keys: [{ id: 'none', secret: Buffer.alloc(32).toString('base64') }] });
    expect(await statusOf(aGoogleNotice({ connectionId: 'c', ring: dummy }))).toBe(401);
    expect(tables.calls).toEqual([]);
  });
});
