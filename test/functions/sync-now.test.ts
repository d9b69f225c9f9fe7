import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { syncNow } from '../../functions/parts/sync-now.ts';
import { Setting } from '../../lib/platform/names.ts';
import { aPost } from '../support/notices.ts';
import { startSmallWorld, type SmallWorld } from '../support/small-world.ts';
import { wishFor } from '../support/wishes.ts';
import { inbound, outbound } from '../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.google.clearFaults();
});

async function ask(path: 'inbound' | 'outbound', body: object) {
  const answer = await syncNow({ inbound: inbound(world), outbound: outbound(world) })(aPost('google', { rawPath: `/v1/sync/${path}`, body: JSON.stringify(body) }));
  return { status: answer.statusCode, body: JSON.parse(answer.body ?? '{}') as Record<string, unknown> };
}
const refusing = () => world.google.addFault({ path: '^/calendar/v3/', when: 'before', status: 403, body: { error: { code: 403, errors: [{ reason: 'rateLimitExceeded' }] } } });

describe('sync now', () => {
  it('says why a pull failed', async () => {
    const ada = await world.connect('google');
    refusing();
    expect(await ask('inbound', { connection_id: ada.id })).toEqual({ status: 202, body: { connection_id: ada.id, outcome: 'failed', reason: expect.stringContaining('rateLimitExceeded'), look: `/v1/connections/${ada.id}` } });
  });

  it('says why an event was not written', async () => {
    const ada = await world.connect('google');
    await wishFor(world, ada, { id: 'b-why', version: 1 });
    refusing();
    expect(await ask('outbound', { booking_id: 'b-why' })).toMatchObject({ status: 202, body: { targets: [{ outcome: 'failed', reason: expect.stringContaining('rateLimitExceeded') }] } });
  });

  it('refuses where sync is off, and asks to come again where that is unknown', async () => {
    const ada = await world.connect('google');
    world.settings.values.set(Setting.syncEnabled, 'false');
    expect((await ask('inbound', { connection_id: ada.id })).status).toBe(403);
    world.settings.unknown = true;
    expect((await ask('inbound', { connection_id: ada.id })).status).toBe(503);
  });
});
