import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readMicrosoftNotices } from '../../../lib/ingest/read-microsoft-notices.ts';
import { untold } from '../../support/traces.ts';
import { receiveWebhook } from '../../../lib/ingest/receive-webhook.ts';
import { Setting } from '../../../lib/platform/names.ts';
import type { SettingsSnapshot } from '../../../lib/platform/settings.ts';
import { countedTables } from '../../support/counted-tables.ts';
import { aGoogleNotice, aGraphItem, aGraphPost, aPost, graphBody } from '../../support/notices.ts';
import type { CountedTables } from '../../support/tables.ts';
import { openSettings, webhookWorld, type WebhookWorld } from '../../support/webhook-world.ts';

let tables: CountedTables;
let world: WebhookWorld;
beforeAll(async () => void (tables = await countedTables()));
beforeEach(async () => {
  await tables.aClean('sync-state');
  world = webhookWorld(tables);
});
const untouched = () => {
  expect(tables.calls).toEqual([]);
  expect(world.queue).toEqual([]);
};

describe('each answer, in the order of the contract', () => {
  it('echoes a validation token before anything else is asked', async () => {
    world.set('unknown');
    const answer = await world.post(aPost('microsoft', { rawQueryString: 'validationToken=hello', body: 'x'.repeat(300 * 1024) }));
    expect(answer).toEqual({ statusCode: 200, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }, body: 'hello' });
    untouched();
  });

  it('answers 413 to a body over 256 KB, even while nothing is known', async () => {
    world.set('unknown');
    expect(await world.post(graphBody('x'.repeat(300 * 1024)))).toEqual({ statusCode: 413 });
    expect(await world.post(aGoogleNotice({ connectionId: 'c', event: { body: 'x'.repeat(300 * 1024) } }))).toEqual({ statusCode: 413 });
    untouched();
  });

  it('answers 400 to what is malformed, even while nothing is known', async () => {
    world.set('unknown');
    expect(await world.post(graphBody('{'))).toEqual({ statusCode: 400 });
    expect(await world.post(aGoogleNotice({ connectionId: 'c', headers: { 'x-goog-resource-state': undefined } }))).toEqual({ statusCode: 400 });
    untouched();
  });

  it('answers 503, never 401 or 403, while the flags are unknown', async () => {
    world.set('unknown');
    expect(await world.post(aGoogleNotice({ connectionId: 'c', token: 'forged' }))).toEqual({ statusCode: 503 });
    expect(await world.post(aGraphPost({ connectionId: 'c' }))).toEqual({ statusCode: 503 });
    untouched();
  });

  it.each([
    ['missing', undefined],
    ['no JSON', 'k1:secret'],
    ['an empty ring', '{"keys":[]}'],
    ['a key of the wrong length', '{"keys":[{"id":"k1","secret":"c2hvcnQ="}]}'],
    ['a relay secret that is no text', JSON.stringify({ keys: [{ id: 'k1', secret: Buffer.alloc(32).toString('base64') }], relay: { google: 5, microsoft: 5 } })],
    ['relay secrets that are no object', JSON.stringify({ keys: [{ id: 'k1', secret: Buffer.alloc(32).toString('base64') }], relay: 'secret' })],
    ['an empty relay secret, which would let everybody pass', JSON.stringify({ keys: [{ id: 'k1', secret: Buffer.alloc(32).toString('base64') }], relay: { google: '', microsoft: '' } })],
  ])('answers 503 while the secret is unknown: %s', async (_, secret) => {
    world.set({ [Setting.webhookKeys]: secret });
    expect(await world.post(aGoogleNotice({ connectionId: 'c' }))).toEqual({ statusCode: 503 });
    expect(await world.post(aGraphPost({ connectionId: 'c' }))).toEqual({ statusCode: 503 });
    expect(world.causes).toEqual([expect.stringContaining('WEBHOOK_KEYS'), expect.stringContaining('WEBHOOK_KEYS')]);
    untouched();
  });

  it('answers 503 where one authentic item is not made durable, and keeps the others', async () => {
    const [lost, kept] = [await world.connected('lost'), await world.connected('kept')];
    await tables.put('sync-state', { connection_id: lost, part: 'inbox', v: 1, generation: 'not a number' });
    expect(await world.post(aGraphPost({ connectionId: lost }, { connectionId: kept }))).toEqual({ statusCode: 503 });
    expect(await world.inboxOf(kept)).toMatchObject({ generation: 2 });
    expect(await world.post(aGraphPost({ connectionId: kept }))).toMatchObject({ statusCode: 200 });
  });

  it.each([['false'], ['yes'], [''], [undefined]])('answers 403 while webhooks are off (%p), whoever asks', async (flag) => {
    world.set({ [Setting.webhookEnabled]: flag });
    const id = await world.connected();
    expect(await world.post(aGoogleNotice({ connectionId: id }))).toEqual({ statusCode: 403 });
    expect(await world.post(aGoogleNotice({ connectionId: id, token: 'forged' }))).toEqual({ statusCode: 403 });
    untouched();
  });

  it('answers 202 to what it made durable, and 200 when it comes again', async () => {
    const id = await world.connected();
    for (const delivery of [aGoogleNotice({ connectionId: id }), aGraphPost({ connectionId: id })]) {
      expect(await world.post(delivery)).toEqual({ statusCode: 202 });
      expect(await world.post(delivery)).toEqual({ statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"reason":"duplicate"}' });
    }
  });

  it('answers 202 to the first notice of a new channel, whose number the old channel has used', async () => {
    const connectionId = await world.connected();
    const first = (channelId: string) => world.post(aGoogleNotice({ connectionId, channelId, messageNumber: 2 }));
    expect([await first('old'), await first('new'), await first('new')].map(({ statusCode }) => statusCode)).toEqual([202, 202, 200]);
  });

  it('answers 403 to an authentic notice of a connection that is not allowed', async () => {
    const id = await world.connected();
    for (const list of ['none', '', 'others', '100%', undefined]) {
      world.set({ [Setting.connectionAllowlist]: list });
      expect(await world.post(aGoogleNotice({ connectionId: id }))).toEqual({ statusCode: 403 });
      expect(await world.post(aGraphPost({ connectionId: id }))).toEqual({ statusCode: 403 });
    }
    untouched();
  });

  it('answers 401 to a forged notice before it looks at the allowlist', async () => {
    world.set({ [Setting.connectionAllowlist]: 'none' });
    expect(await world.post(aGoogleNotice({ connectionId: 'c', token: 'forged' }))).toEqual({ statusCode: 401 });
    untouched();
  });

  it('answers 401 to the notice of an erased connection, with nothing written', async () => {
    expect(await world.post(aGoogleNotice({ connectionId: 'erased' }))).toEqual({ statusCode: 401 });
    expect(await world.post(aGraphPost({ connectionId: 'erased', lifecycleEvent: 'missed' }))).toEqual({ statusCode: 401 });
    expect(await tables.all('sync-state')).toEqual([]);
    expect(world.queue).toEqual([]);
  });

  it('tells the metrics which of them it was', async () => {
    const id = await world.connected();
    for (const delivery of [aPost('microsoft', { rawQueryString: 'validationToken=t' }), graphBody('['), graphBody('x'.repeat(300 * 1024)), aGraphPost({ connectionId: id }), aGraphPost({ connectionId: id }), aGraphPost({ connectionId: 'erased' })]) await world.post(delivery);
    expect(world.outcomes).toEqual(['handshake', 'malformed', 'too_large', 'accepted', 'duplicate', 'not_authentic']);
  });
});

describe('a POST with items of many connections', () => {
  it('is judged item by item: one allowed, one not, one forged, one gone', async () => {
    const [allowed, other] = [await world.connected('allowed'), await world.connected('other')];
    world.set({ [Setting.connectionAllowlist]: 'allowed, gone' });
    const answer = await world.post(graphBody(JSON.stringify({ value: [aGraphItem({ connectionId: other }), aGraphItem({ connectionId: allowed, members: { clientState: 'forged' } }), aGraphItem({ connectionId: 'gone' }), aGraphItem({ connectionId: allowed })] })));
    expect(answer).toEqual({ statusCode: 202 });
    expect(await world.inboxOf(other)).toMatchObject({ generation: 1 });
    expect(await world.inboxOf(allowed)).toMatchObject({ generation: 2 });
    expect(world.hints().map(({ connection_id }) => connection_id)).toEqual(['allowed']);
  });

  it('is not lost to one item that cannot be read', async () => {
    const id = await world.connected();
    for (const bad of [null, 5, 'text', [], {}, { subscriptionId: 's', changeType: 'renamed' }, aGraphItem({ connectionId: id, members: { subscriptionId: 7 } })]) {
      world.pass(1000);
      const answer = await world.post(graphBody(JSON.stringify({ value: [bad, aGraphItem({ connectionId: id, etag: `W/"${world.now()}"` })] })));
      expect({ bad, answer }).toEqual({ bad, answer: { statusCode: 202 } });
    }
  });

  it('of a hundred connections has ten of them written at a time', async () => {
    let [most, under] = [0, 0];
    const record = async () => {
      most = Math.max(most, (under += 1));
      await new Promise(setImmediate);
      under -= 1;
      return { outcome: 'accepted', ring: false } as const;
    };
    const receive = receiveWebhook({ provider: 'microsoft', read: readMicrosoftNotices, settings: { read: async () => openSettings() }, inbox: { record }, hints: { send: async () => undefined, sendAll: async () => undefined }, clock: () => world.now(), trace: untold, told: () => undefined });
    const items = Array.from({ length: 100 }, (_, n) => aGraphItem({ connectionId: `c-${n}` }));
    expect(await receive(graphBody(JSON.stringify({ value: items })))).toEqual({ statusCode: 202 });
    expect(most).toBe(10);
  });

  it('is answered 503 within the time that Graph gives, whatever hangs: settings that came late count too', async () => {
    const record = (_delivery: unknown, _now: number, signal?: AbortSignal) => new Promise<never>((_, fail) => signal?.addEventListener('abort', () => fail(new Error('given up'))));
    const read = () => new Promise<SettingsSnapshot>((tell) => setTimeout(() => tell(openSettings()), 1500));
    const receive = receiveWebhook({ provider: 'microsoft', read: readMicrosoftNotices, settings: { read }, inbox: { record }, hints: { send: async () => undefined, sendAll: async () => undefined }, clock: () => world.now(), trace: untold, told: () => undefined });
    const began = performance.now();
    expect(await receive(aGraphPost({ connectionId: 'c' }))).toEqual({ statusCode: 503 });
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('has one write for each of its connections, also where there are more than ten', async () => {
    const ids = await Promise.all(Array.from({ length: 23 }, (_, n) => world.connected(`many-${n}`)));
    expect(await world.post(aGraphPost(...ids.map((connectionId) => ({ connectionId })), ...ids.map((connectionId) => ({ connectionId, id: 'event-2' }))))).toEqual({ statusCode: 202 });
    expect(tables.calls.map(({ command }) => command)).toEqual(ids.map(() => 'UpdateItem'));
    expect(new Set(world.hints().map(({ connection_id }) => connection_id))).toEqual(new Set(ids));
    expect(world.queue).toHaveLength(23);
  });
});
