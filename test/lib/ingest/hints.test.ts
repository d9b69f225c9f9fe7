import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { countedTables } from '../../support/counted-tables.ts';
import { aGoogleNotice, aGraphPost } from '../../support/notices.ts';
import { correlation } from '../../support/traces.ts';
import type { CountedTables } from '../../support/tables.ts';
import { webhookWorld, type WebhookWorld } from '../../support/webhook-world.ts';

let tables: CountedTables;
let world: WebhookWorld;
beforeAll(async () => void (tables = await countedTables()));
beforeEach(async () => {
  await tables.aClean('sync-state');
  world = webhookWorld(tables);
});
/** As a worker does once it has pulled. */
const cleared = (id: string) =>
  tables.dynamo.send(new UpdateItemCommand({ TableName: tables.named['sync-state'], Key: { connection_id: { S: id }, part: { S: 'inbox' } }, UpdateExpression: 'REMOVE dirtySince, dirtyShard' }));

describe('hints', () => {
  it('are sent once, on the step from clean to dirty, and again after the mark was cleared', async () => {
    const id = await world.connected();
    for (let messageNumber = 1; messageNumber <= 5; messageNumber += 1) {
      world.pass(10_000);
      await world.post(aGoogleNotice({ connectionId: id, messageNumber }));
    }
    expect(world.queue).toHaveLength(1);
    await cleared(id);
    await world.post(aGoogleNotice({ connectionId: id, messageNumber: 6 }));
    expect(world.queue).toHaveLength(2);
  });

  it('carry who rang: channel and resource of Google, subscription of Graph', async () => {
    const [google, microsoft] = [await world.connected('g'), await world.connected('m')];
    await world.post(aGoogleNotice({ connectionId: google, channelId: 'ch', resourceId: 're' }));
    await world.post(aGraphPost({ connectionId: microsoft, subscriptionId: 'sub' }));
    expect(world.hints()).toEqual([
      { v: 1, hint: 'pull', correlation: correlation(0), connection_id: 'g', watch: { id: 'ch', resource_id: 're' } },
      { v: 1, hint: 'pull', correlation: correlation(0), connection_id: 'm', watch: { id: 'sub' } },
    ]);
    expect(world.queue.map(({ input }) => input['MessageGroupId'])).toEqual(['g', 'm']);
  });

  it('are sent once for a hundred notices that come at once', async () => {
    const id = await world.connected();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => world.post(aGoogleNotice({ connectionId: id, messageNumber: n + 1 }))));
    expect(answers.every(({ statusCode }) => statusCode === 202)).toBe(true);
    expect(world.queue).toHaveLength(1);
    expect(await world.inboxOf(id)).toMatchObject({ generation: 101 });
  });

  it('are sent again for a duplicate, where the row is dirty for over 5 s and the hint perhaps lost', async () => {
    const id = await world.connected();
    const notice = aGoogleNotice({ connectionId: id });
    await world.post(notice);
    world.pass(5000);
    expect(await world.post(notice)).toMatchObject({ statusCode: 200 });
    expect(world.queue).toHaveLength(1);
    world.pass(1);
    expect(await world.post(notice)).toMatchObject({ statusCode: 200 });
    expect(world.queue).toHaveLength(2);
    await cleared(id);
    world.pass(60_000);
    expect(await world.post(notice)).toMatchObject({ statusCode: 200 });
    expect(world.queue).toHaveLength(2);
  });

  it('that could not be sent are answered 503, and the retry is a duplicate that rings', async () => {
    const id = await world.connected();
    const notice = aGoogleNotice({ connectionId: id });
    world.queueFails(true);
    expect(await world.post(notice)).toEqual({ statusCode: 503 });
    world.pass(6000);
    expect(await world.post(notice)).toEqual({ statusCode: 503 });
    world.queueFails(false);
    expect(await world.post(notice)).toMatchObject({ statusCode: 200, body: '{"reason":"duplicate"}' });
    expect(world.queue).toHaveLength(3);
    expect(await world.inboxOf(id)).toMatchObject({ generation: 2 });
  });

  it('of a refused delivery come after one consistent read', async () => {
    const id = await world.connected();
    await world.post(aGoogleNotice({ connectionId: id }));
    tables.calls.length = 0;
    await world.post(aGoogleNotice({ connectionId: id }));
    expect(tables.calls.map(({ command, input }) => [command, input['ConsistentRead']])).toEqual([['UpdateItem', undefined], ['GetItem', true]]);
  });
});
