import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { patchConnection } from '../../../lib/connect/patch-connection.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import { errorEnvelope } from '../../simulators/google/simulator.ts';
import { live } from '../../support/mortal.ts';
import { busy, isDirty, stateOf } from '../../support/readings.ts';
import type { Connected } from '../../support/small-world.ts';
import { startWatchedWorld, type WatchedWorld } from '../../support/watched-world.ts';
import { fakeQueue, inbound } from '../../support/workers.ts';

let world: WatchedWorld;
beforeAll(async () => {
  world = await startWatchedWorld(12);
}, 60_000);
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  world.settings.reset();
  world.setKeys('k1');
});

const subscriptions = ({ account }: Connected): string[] => world.microsoft.subscriptions(account).map(({ id }) => String(id));
const soon = (hour: number) => ({ start: world.clock() + hours(hour), end: world.clock() + hours(hour + 1) });

async function watched(provider: 'google' | 'microsoft'): Promise<Connected> {
  const connected = await world.connect(provider);
  await world.pull(connected.id);
  await settle();
  return connected;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await world.noticesCame();
    await world.takeHints();
  }
}

describe('a subscription at Graph', () => {
  it('that has a twin nobody knows makes it go, and stands alone', async () => {
    const connected = await watched('microsoft');
    const [twin] = subscriptions(connected);
    await world.amend(connected.id, []);
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'idle' });
    world.advance(hours(13));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { made: 1, stopped: 1 } });
    expect(subscriptions(connected)).toEqual((await world.row(connected.id)).watches.map(({ id }) => id));
    expect(subscriptions(connected)).not.toContain(twin);
  });

  it('that asks to be authorized again is renewed at once, though jobs are off, and the mark goes', async () => {
    const connected = await watched('microsoft');
    world.settings.values.set('CALENDAR_JOBS_ENABLED', 'false');
    world.microsoft.behaviour.pausesUntilReauthorized = true;
    const before = (await world.row(connected.id)).watches[0];
    world.advance(hours(1));
    world.microsoft.lifecycle(connected.account, 'reauthorizationRequired');
    await settle();
    const after = (await world.row(connected.id)).watches[0];
    expect(after).toMatchObject({ id: before?.id });
    expect(after?.expires_at).toBeGreaterThanOrEqual((before?.expires_at ?? 0) + hours(1) - 1000);
    expect((await stateOf(world, connected)).inbox.watchDue).toBeUndefined();
    connected.person.add(soon(2));
    await settle();
    expect(await busy(world, connected)).toHaveLength(1);
    world.microsoft.behaviour.pausesUntilReauthorized = false;
  });

  it('that Graph has removed is made anew, and what it missed is read', async () => {
    const connected = await watched('microsoft');
    const [before] = subscriptions(connected);
    world.microsoft.lifecycle(connected.account, 'subscriptionRemoved');
    connected.person.add(soon(2));
    await settle();
    expect(subscriptions(connected)).toHaveLength(1);
    expect(subscriptions(connected)).not.toContain(before);
    expect(await busy(world, connected)).toHaveLength(1);
  });

  it('that has missed notices is looked at, and the mailbox is read', async () => {
    const connected = await watched('microsoft');
    const weather = world.microsoft.notices.weather;
    weather.drop = 1;
    connected.person.add(soon(2));
    await world.noticesCame();
    weather.drop = 0;
    world.microsoft.lifecycle(connected.account, 'missed');
    await settle();
    expect(await busy(world, connected)).toHaveLength(1);
    expect(subscriptions(connected)).toHaveLength(1);
  });

  it('whose check fails leaves the mark and the question, and is asked again after the back-off', async () => {
    const connected = await watched('microsoft');
    world.microsoft.addFault({ method: 'PATCH', path: '/subscriptions/', when: 'before', status: 503, times: 1 });
    world.microsoft.lifecycle(connected.account, 'reauthorizationRequired');
    await world.noticesCame();
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'failed' });
    expect(await isDirty(world, connected)).toBe(true);
    expect((await stateOf(world, connected)).inbox.watchDue).toBeDefined();
    world.advance(hours(1));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { renewed: 1 } });
    expect((await stateOf(world, connected)).inbox.watchDue).toBeUndefined();
  });

  it('whose check is refused again and again is left to polls, which find what it may not tell; it is asked on until it answers', async () => {
    const connected = await watched('microsoft');
    connected.person.add(soon(1));
    await settle();
    expect((await world.pullRow(connected.id))['tight']).toBeUndefined();
    const refused = { method: 'PATCH', path: '/subscriptions/', when: 'before', status: 403, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error: { code: 'ErrorAccessDenied', message: 'No.' } }), times: 5 } as const;
    world.microsoft.addFault(refused);
    world.microsoft.behaviour.pausesUntilReauthorized = true;
    world.microsoft.lifecycle(connected.account, 'reauthorizationRequired');
    await world.noticesCame();
    connected.person.add(soon(2));
    for (let time = 1; time <= 3; time += 1) {
      expect(await world.pull(connected.id)).toMatchObject({ outcome: 'failed' });
      world.advance(hours(1));
    }
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { renewed: 0 } });
    expect([await busy(world, connected), await isDirty(world, connected), (await world.pullRow(connected.id))['tight']]).toEqual([[expect.anything(), expect.anything()], false, 1]);
    world.advance(hours(7));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { renewed: 0 } });
    expect((await world.pullRow(connected.id))['tight']).toBe(1);
    world.advance(hours(7));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { renewed: 1 } });
    expect((await world.pullRow(connected.id))['tight']).toBeUndefined();
    world.microsoft.behaviour.pausesUntilReauthorized = false;
  });

  it('that is refused for good leaves the mailbox to polls', async () => {
    world.microsoft.addFault({ method: 'POST', path: '/subscriptions', when: 'before', status: 403, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error: { code: 'ErrorAccessDenied', message: 'No.' } }) });
    const connected = await world.connect('microsoft');
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled' });
    const row = await world.row(connected.id);
    expect(row.watches).toEqual([]);
    expect(row.calendars[0]?.watchable).toBe(false);
    expect((await world.pullRow(connected.id))['tight']).toBe(1);
  });
});

describe.each(['google', 'microsoft'] as const)('a watch at %s', (provider) => {
  it('that is refused for now is asked for again no sooner than was said, and the calendar is read meanwhile', async () => {
    const patiently = { headers: { 'retry-after': '3600' }, ...(provider === 'google' ? { status: 429, body: errorEnvelope(429, 'rateLimitExceeded') } : { status: 429, body: { error: { code: 'TooManyRequests', message: 'Wait.' } } }) };
    world[provider].addFault({ method: 'POST', path: provider === 'google' ? '/watch' : '/subscriptions', when: 'before', ...patiently });
    const connected = await world.connect(provider);
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { made: 0 } });
    expect((await world.pullRow(connected.id))['dueWatch']).toBeGreaterThanOrEqual(world.clock() + hours(1));
    world.advance(minutes(59));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: {} });
    world.advance(minutes(6));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { made: 1 } });
  });
});

describe('a calendar that another person shared, at Graph', () => {
  it('is left to polls once it is chosen, while the mailbox rings on: what changes there is seen within the polling floor', async () => {
    const connected = await world.connect('microsoft', { calendars: [{ blocks: true, receives: true }, { blocks: false, receives: false, sharedBy: 'boss@microsoft.example' }] });
    await world.pull(connected.id);
    const [own, shared] = connected.calendars;
    expect((await choose(connected.id, [{ id: own?.id, blocks: true, receives: true }, { id: shared?.id, blocks: true, receives: false }])).statusCode).toBe(200);
    await world.pull(connected.id);
    connected.person.add(soon(2));
    await settle();
    expect((await world.row(connected.id)).calendars.map(({ watchable }) => watchable)).toEqual([undefined, false]);
    const [subscription, ...more] = subscriptions(connected);
    expect([more, await busy(world, connected)]).toEqual([[], [expect.anything()]]);
    for (let round = 1; round <= 4; round += 1) {
      const changed = world.clock();
      connected.hands[1]?.add(soon(3 * round));
      await world.noticesCame();
      expect(await world.takeHints()).toEqual([]);
      world.advance(Number((await world.pullRow(connected.id))['duePoll']) - world.clock());
      expect(world.clock() - changed).toBeLessThanOrEqual(minutes(5) * 1.25);
      expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: {} });
      expect(await busy(world, connected)).toHaveLength(1 + round);
    }
    expect(subscriptions(connected)).toEqual([subscription]);
  });

  const choose = (id: string, calendars: unknown) => {
    const { named } = world.tables;
    const parts = inbound(world);
    const asked = patchConnection({
      ...parts, dynamo: world.tables.dynamo, tables: { connections: named.connections, busyIntervals: named['busy-intervals'] }, mark: parts.states.mark,
      late: lateDues(world.tables.dynamo, named['sync-state']), providerHints: fakeQueue(live(), [], 'provider hint'),
      failed: (failure) => {
        throw failure;
      },
    });
    world.advance(1);
    return asked({ pathParameters: { connection_id: id }, body: JSON.stringify({ calendars }), isBase64Encoded: false } as unknown as APIGatewayProxyEventV2);
  };
});

describe('a channel at Google', () => {
  const channels = ({ account }: Connected): string[] => world.google.channels().filter(({ caller }) => caller.email === account).map(({ id }) => id);

  it('that is refused for good leaves that calendar alone to polls', async () => {
    const connected = await world.connect('google', { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
    world.google.addFault({ method: 'POST', path: encodeURIComponent(`1-${connected.account}`), when: 'before', status: 400, body: errorEnvelope(400, 'pushNotSupportedForRequestedResource') });
    await world.pull(connected.id);
    expect((await world.row(connected.id)).calendars.map(({ watchable }) => watchable)).toEqual([undefined, false]);
    expect(channels(connected)).toHaveLength(1);
  });

  it('stands beside its successor until that one is stored, and a stop that fails is tried again', async () => {
    const connected = await watched('google');
    const [old] = channels(connected);
    world.google.addFault({ method: 'POST', path: 'channels/stop', when: 'before', status: 503, body: errorEnvelope(503, 'backendError') });
    world.advance(days(6));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watches: { made: 1, stopped: 0 } });
    expect(channels(connected)).toHaveLength(2);
    expect((await world.row(connected.id)).watches.map(({ id, retired }) => [id, retired])).toEqual([[channels(connected)[1], undefined], [old, true]]);
    await settle();
    world.advance(hours(13));
    await world.pull(connected.id);
    expect(channels(connected)).not.toContain(old);
    expect((await world.row(connected.id)).watches).toHaveLength(1);
  });
});
