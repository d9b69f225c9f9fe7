import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { email, startGraphCaller, startReceiver } from './graph-caller.ts';
import type { Answer, GraphCaller, Receiver } from './graph-caller.ts';

const minute = 60_000;

describe('subscriptions of Graph', () => {
  let now: number;
  let graph: GraphCaller;
  let receiver: Receiver;
  let shake: ((token: string) => { status: number; type: string; body: string }) | undefined;
  let take: (() => number) | undefined;
  beforeEach(async () => {
    now = Date.UTC(2026, 2, 1);
    shake = undefined;
    take = undefined;
    graph = await startGraphCaller({ clock: () => now, accessTokenSeconds: 864_000 });
    receiver = await startReceiver({ shake: (token) => shake?.(token) ?? { status: 200, type: 'text/plain; charset=utf-8', body: token }, take: () => take?.() ?? 202 });
  });
  afterEach(async () => {
    await graph.sim.close();
    await receiver.close();
  });

  const iso = (instant: number): string => new Date(instant).toISOString();
  const subscribe = (over: object = {}, prefer = 'IdType="ImmutableId"'): Promise<Answer> =>
    graph.call('/subscriptions', {
      method: 'POST',
      prefer,
      body: { changeType: 'created,updated,deleted', resource: '/me/events', notificationUrl: receiver.url, lifecycleNotificationUrl: receiver.url, clientState: 'secret', expirationDateTime: iso(now + 1000 * minute), ...over },
    });
  const told = async (): Promise<Record<string, unknown>[]> => {
    await graph.sim.notices.idle();
    return receiver.notices.flatMap((notice) => notice.value);
  };

  it('are made after both addresses gave back the decoded token', async () => {
    const made = await subscribe();
    expect(made).toMatchObject({ status: 201, body: { resource: 'me/events', clientState: 'secret', changeType: 'created,updated,deleted', latestSupportedTlsVersion: 'v1_2' } });
    expect(receiver.handshakes).toHaveLength(2);
    expect(receiver.handshakes[0]).toMatch(/%3A%20/u);
  });

  it('keep the query of their address', async () => {
    const made = await subscribe({ notificationUrl: `${receiver.url}?to=me` });
    expect(made.status).toBe(201);
    expect(receiver.handshakes).toHaveLength(2);
  });

  it.each([
    ['the encoded token', (token: string) => ({ status: 200, type: 'text/plain', body: encodeURIComponent(token) })],
    ['another status', (token: string) => ({ status: 202, type: 'text/plain', body: token })],
    ['another type', (token: string) => ({ status: 200, type: 'application/json', body: token })],
  ])('are not made for one who answers the handshake with %s', async (_, answer) => {
    shake = answer;
    expect(await subscribe()).toMatchObject({ status: 400, body: { error: { code: 'ValidationError' } } });
    expect(graph.sim.subscriptions()).toEqual([]);
  });

  it.each([
    ['plain http to another machine', { notificationUrl: 'http://example.com/hook' }],
    ['a machine that cannot be reached', { notificationUrl: 'https://example.invalid/hook' }],
    ['a client state of 129 characters', { clientState: 'x'.repeat(129) }],
    ['an unknown change type', { changeType: 'created,moved' }],
    ['one calendar alone', { resource: '/me/calendars/x/events' }],
    ['an end in the past', { expirationDateTime: iso(Date.UTC(2020, 0, 1)) }],
    ['a base URL in the resource', { resource: 'https://graph.microsoft.com/v1.0/me/events' }],
  ])('with %s are refused', async (_, over) => {
    expect((await subscribe(over)).status).toBe(400);
  });

  it('end between 45 minutes and a week from now, whatever was asked', async () => {
    expect((await subscribe({ expirationDateTime: iso(now + minute) })).body['expirationDateTime']).toBe('2026-03-01T00:45:00.0000000Z');
    graph.sim.behaviour.twinSubscriptionsConflict = false;
    expect((await subscribe({ expirationDateTime: iso(now + 50_000 * minute) })).body['expirationDateTime']).toBe('2026-03-08T00:00:00.0000000Z');
  });

  it('have no twin, unless Graph lets them', async () => {
    await subscribe();
    expect(await subscribe()).toMatchObject({ status: 409, body: { error: { code: 'ObjectIdentifierInUse' } } });
    graph.sim.behaviour.twinSubscriptionsConflict = false;
    expect((await subscribe()).status).toBe(201);
  });

  it('are renewed until they expire, then gone', async () => {
    const { body } = await subscribe();
    const renew = (): Promise<Answer> => graph.call(`/subscriptions/${body.id}`, { method: 'PATCH', body: { expirationDateTime: iso(now + 2000 * minute) } });
    expect((await renew()).body['expirationDateTime']).toBe('2026-03-02T09:20:00.0000000Z');
    expect((await graph.call(`/subscriptions/${body.id}`, { method: 'PATCH', body: { clientState: 'other' } })).status).toBe(400);
    now += 2000 * minute;
    expect((await renew()).status).toBe(404);
    expect((await graph.call('/subscriptions')).body.value).toEqual([]);
  });

  it('are deleted once', async () => {
    const { body } = await subscribe();
    const remove = async (): Promise<number> => (await graph.call(`/subscriptions/${body.id}`, { method: 'DELETE' })).status;
    expect([await remove(), await remove()]).toEqual([204, 404]);
  });

  it('tell what changed, in the id form asked for, without an id of the notice', async () => {
    const { body } = await subscribe();
    const lunch = graph.human('Lunch', '2026-04-01T12:00:00');
    const [item] = await told();
    expect(item).toMatchObject({ subscriptionId: body.id, changeType: 'created', clientState: 'secret', tenantId: graph.account.tid, resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.etag': lunch['@odata.etag'], id: lunch['id'] } });
    expect(item).not.toHaveProperty('id');
    expect(String(item?.['resource']).toLowerCase()).toContain('/events');
  });

  it('tell of our own writes, several times over, and only the kinds asked for', async () => {
    await subscribe({ changeType: 'updated' });
    graph.sim.behaviour.noticesPerUpdate = 3;
    const made = await graph.call('/me/events', { method: 'POST', body: { start: { dateTime: '2026-04-01T09:00:00', timeZone: 'UTC' }, end: { dateTime: '2026-04-01T10:00:00', timeZone: 'UTC' } } });
    await graph.call(`/me/events/${made.body.id}`, { method: 'PATCH', body: { subject: 'x' } });
    expect((await told()).map((item) => item['changeType'])).toEqual(['updated', 'updated', 'updated']);
  });

  it('of two mailboxes share one POST', async () => {
    await subscribe();
    const other = graph.sim.addAccount({ email: 'b@contoso.example' });
    await graph.call('/subscriptions', { method: 'POST', headers: { authorization: `Bearer ${other.accessToken}` }, body: { changeType: 'created', resource: `users/${other.oid}/events`, notificationUrl: receiver.url, clientState: 'b', expirationDateTime: iso(now + 100 * minute) } });
    graph.human('Lunch', '2026-04-01T12:00:00');
    graph.sim.human({ account: 'b@contoso.example', action: 'insert', body: { start: { dateTime: '2026-04-01T09:00:00', timeZone: 'UTC' }, end: { dateTime: '2026-04-01T10:00:00', timeZone: 'UTC' } } });
    await graph.sim.notices.idle();
    expect(receiver.notices.map((notice) => notice.value.map((item) => item['clientState']))).toEqual([['secret', 'b']]);
  });

  it('are not for the mailbox of another', async () => {
    expect((await subscribe({ resource: 'users/someone@contoso.example/events' })).status).toBe(403);
  });

  it('tell again what was refused', async () => {
    await subscribe();
    graph.sim.behaviour.noticeRetryMs = 1;
    const answers = [403, 503, 202];
    take = () => answers.shift() ?? 202;
    graph.human('Lunch', '2026-04-01T12:00:00');
    expect(await told()).toHaveLength(3);
    expect(graph.sim.notices.log.map((delivery) => delivery.status)).toEqual([403, 503, 202]);
  });

  it('are warned of by lifecycle notices, and a removed one is gone', async () => {
    const { body } = await subscribe();
    graph.sim.lifecycle(email, 'missed');
    graph.sim.lifecycle(email, 'subscriptionRemoved');
    const items = await told();
    expect(items.map((item) => [item['lifecycleEvent'], item['subscriptionId'], item['clientState'], item['resource']])).toEqual([['missed', body.id, 'secret', undefined], ['subscriptionRemoved', body.id, 'secret', undefined]]);
    expect((await graph.call(`/subscriptions/${body.id}`)).status).toBe(404);
  });

  it('may lose what happens between a warning and their renewed authorization', async () => {
    const { body } = await subscribe();
    graph.sim.behaviour.pausesUntilReauthorized = true;
    graph.sim.lifecycle(email, 'reauthorizationRequired');
    graph.human('Lost', '2026-04-01T12:00:00');
    expect((await graph.call(`/subscriptions/${body.id}/reauthorize`, { method: 'POST' })).status).toBe(204);
    graph.human('Told', '2026-04-02T12:00:00');
    expect((await told()).map((item) => item['lifecycleEvent'] ?? item['changeType'])).toEqual(['reauthorizationRequired', 'created']);
  });
});
