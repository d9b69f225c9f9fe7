import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inbox, theOneWrite, type Delivery } from '../../../lib/ingest/inbox.ts';
import { slots } from '../../../lib/ingest/reading.ts';
import { shardOf } from '../../../lib/platform/shard.ts';
import { localAccess } from '../../../infra/local/tables.ts';
import { aGoogleNotice, aGraphItem, aGraphPost, graphBody, type GraphItem } from '../../support/notices.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { startTables, type Tables } from '../../support/tables.ts';
import { webhookWorld, type WebhookWorld } from '../../support/webhook-world.ts';

let tables: Tables;
let world: WebhookWorld;
beforeAll(async () => void (tables = await startTables()));
afterAll(() => tables.close());
beforeEach(async () => {
  await tables.aClean('sync-state');
  world = webhookWorld(tables);
});
const commands = () => tables.calls.map(({ command }) => command);

/** Bytes as DynamoDB counts them: names and texts in UTF-8, a number a byte for each two digits and one or two more. */
const sizeOf = (row: Record<string, unknown>): number =>
  Object.entries(row).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + (typeof value === 'number' ? Math.ceil(String(value).length / 2) + 2 : Buffer.byteLength(String(value))), 0);

describe('the one write', () => {
  it('is all that a forged notice does not cause', async () => {
    const id = await world.connected();
    await world.post(aGoogleNotice({ connectionId: id, token: `${'v1.k1.'}${id}.${'A'.repeat(43)}` }));
    await world.post(aGraphPost({ connectionId: id, members: { clientState: 'v1' } }));
    expect(tables.calls).toEqual([]);
    expect(world.queue).toEqual([]);
  });

  it('is exactly one UpdateItem on the inbox row for an accepted notice', async () => {
    const id = await world.connected();
    await world.post(aGoogleNotice({ connectionId: id, messageNumber: 41 }));
    expect(tables.calls).toEqual([expect.objectContaining({ command: 'UpdateItem', target: tables.named['sync-state'], key: { connection_id: { S: id }, part: { S: 'inbox' } } })]);
    expect(await world.inboxOf(id)).toEqual({ connection_id: id, part: 'inbox', v: 1, generation: 2, dirtySince: world.now(), dirtyShard: shardOf(id), s1: expect.stringMatching(/^[\w-]{11}$/) });
  });

  it('leaves the row dirty since its first unseen notice', async () => {
    const id = await world.connected();
    const since = world.now();
    for (const messageNumber of [1, 2, 3]) {
      await world.post(aGoogleNotice({ connectionId: id, messageNumber }));
      world.pass(4000);
    }
    expect(await world.inboxOf(id)).toMatchObject({ generation: 4, dirtySince: since });
  });

  it('keeps the row under 1 KB with all its slots full, the longest id and every other member', async () => {
    const id = await world.connected('c'.repeat(36));
    for (let messageNumber = 1; messageNumber <= slots; messageNumber += 1) await world.post(aGoogleNotice({ connectionId: id, messageNumber }));
    await world.post(aGraphPost({ connectionId: id, lifecycleEvent: 'missed' }));
    const row = (await world.inboxOf(id)) ?? {};
    expect(Object.keys(row).filter((name) => /^s\d+$/.test(name))).toHaveLength(slots);
    expect(row).toHaveProperty('watchDue');
    expect(sizeOf(row)).toBeLessThan(1024);
  });

  it('sets watchDue for a lifecycle notice, and the notice is never a duplicate', async () => {
    const id = await world.connected();
    for (const lifecycleEvent of ['missed', 'subscriptionRemoved', 'reauthorizationRequired']) {
      const before = commands().length;
      expect(await world.post(aGraphPost({ connectionId: id, lifecycleEvent }))).toEqual({ statusCode: 202 });
      expect(await world.post(aGraphPost({ connectionId: id, lifecycleEvent }))).toEqual({ statusCode: 202 });
      expect(commands().slice(before)).toEqual(['UpdateItem', 'UpdateItem']);
      expect(await world.inboxOf(id)).toMatchObject({ watchDue: world.now() });
    }
    expect(world.hints()).toHaveLength(1);
  });

  it('never takes an item without an etag or an id for a duplicate', async () => {
    const id = await world.connected();
    const bare = graphBody(JSON.stringify({ value: [aGraphItem({ connectionId: id, members: { resourceData: undefined } })] }));
    const blank = graphBody(JSON.stringify({ value: [aGraphItem({ connectionId: id, id: '' })] }));
    for (const delivery of [aGraphPost({ connectionId: id, etag: '' }), bare, blank]) {
      expect(await world.post(delivery)).toEqual({ statusCode: 202 });
      expect(await world.post(delivery)).toEqual({ statusCode: 202 });
    }
    expect(await world.inboxOf(id)).toMatchObject({ generation: 7 });
  });

  it('takes several items of one connection at once, and is accepted while any of them is new', async () => {
    const id = await world.connected();
    const item = (n: number): GraphItem => ({ connectionId: id, etag: `W/"${n}"` });
    expect(await world.post(aGraphPost(item(1), item(2), item(3)))).toEqual({ statusCode: 202 });
    expect(await world.post(aGraphPost(item(3), item(1), item(2)))).toMatchObject({ statusCode: 200 });
    expect(await world.post(aGraphPost(item(1), item(2), item(4)))).toEqual({ statusCode: 202 });
    expect(commands().filter((command) => command === 'UpdateItem')).toHaveLength(3);
    expect(await world.inboxOf(id)).toMatchObject({ generation: 3 });
  });

  it('does not lose the earlier of two keys of one slot to the later one, known from before', async () => {
    const id = await world.connected();
    const at = { connectionId: id, neverDuplicate: false, watchDue: false };
    const box = inbox(tables.dynamo, tables.named['sync-state']);
    const [fresh, known] = [{ slot: 7, key: 'fresh------' }, { slot: 7, key: 'known------' }];
    expect(await box.record({ ...at, dedupes: [known] }, 1)).toEqual({ outcome: 'accepted', ring: true });
    expect(await box.record({ ...at, dedupes: [fresh, known] }, 2)).toEqual({ outcome: 'accepted', ring: false });
    expect(await box.record({ ...at, dedupes: [known, known] }, 3)).toEqual({ outcome: 'duplicate', ring: false });
  });

  it('names every key once, however many items a delivery has', () => {
    const dedupes = Array.from({ length: 2000 }, (_, n) => ({ slot: n % slots, key: `key-${n}` }));
    const { UpdateExpression, ExpressionAttributeValues } = theOneWrite({ connectionId: 'c', dedupes, neverDuplicate: false, watchDue: true }, 1);
    expect(Object.keys(ExpressionAttributeValues)).toHaveLength(slots + 3);
    expect(UpdateExpression.length).toBeLessThan(4096);
  });
});

describe('a thousand deliveries in any order', () => {
  it('are accepted exactly where a key differs from the one in its slot', async () => {
    const random = seededRandom(20260302);
    const box = inbox(tables.dynamo, tables.named['sync-state']);
    const ids = [await world.connected('p1'), await world.connected('p2')];
    const model = new Map<string, string>();
    const seen = { accepted: 0, duplicate: 0 };
    for (let n = 0; n < 1000; n += 1) {
      const connectionId = ids[Math.floor(random() * ids.length)] ?? '';
      const dedupes = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({ slot: Math.floor(random() * slots), key: `k${Math.floor(random() * 2)}` }));
      const delivery: Delivery = { connectionId, dedupes, neverDuplicate: random() < 0.02, watchDue: false };
      const expected = delivery.neverDuplicate || dedupes.some(({ slot, key }) => model.get(`${connectionId} ${slot}`) !== key) ? 'accepted' : 'duplicate';
      const { outcome } = await box.record(delivery, n);
      expect({ n, delivery, outcome }).toEqual({ n, delivery, outcome: expected });
      for (const { slot, key } of dedupes) if (outcome === 'accepted') model.set(`${connectionId} ${slot}`, key);
      seen[expected] += 1;
    }
    expect(Math.min(seen.accepted, seen.duplicate)).toBeGreaterThan(100);
  });

  it('are told apart by what came of them: 40 numbers again and again are duplicates, a 41st displaces the first', async () => {
    const id = await world.connected();
    const statusOf = async (messageNumber: number) => (await world.post(aGoogleNotice({ connectionId: id, messageNumber }))).statusCode;
    for (let n = 1; n <= 40; n += 1) expect(await statusOf(n)).toBe(202);
    for (let n = 1; n <= 80; n += 1) expect(await statusOf(((n * 7) % 40) + 1)).toBe(200);
    expect(await statusOf(41)).toBe(202);
    expect(await statusOf(1)).toBe(202);
    expect(await statusOf(2)).toBe(200);
  });
});

describe('a lost answer', () => {
  it('does not swallow the hint: the client meets its own first attempt, and rings', async () => {
    for (const neverDuplicate of [false, true]) {
      const id = await world.connected();
      const losing = new DynamoDBClient({ ...localAccess, endpoint: tables.url, maxAttempts: 2 });
      let lost = false;
      losing.middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args);
          if (lost) return answer;
          lost = true;
          throw Object.assign(new Error('the answer was lost'), { name: 'TimeoutError', $metadata: {} });
        },
        { step: 'finalizeRequest', priority: 'low', name: 'loseTheFirstAnswer' },
      );
      const recorded = await inbox(losing, tables.named['sync-state']).record({ connectionId: id, dedupes: neverDuplicate ? [] : [{ slot: 1, key: 'k' }], neverDuplicate, watchDue: false }, 5);
      expect(lost).toBe(true);
      expect(recorded).toEqual({ outcome: neverDuplicate ? 'accepted' : 'duplicate', ring: true });
      losing.destroy();
    }
  });
});
