import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dana, hour, startDriver, weekly } from './driver.ts';
import type { Answer, Driver } from './driver.ts';

let driver: Driver;
let receiver: Server;
let address: string;
let seen: { headers: IncomingHttpHeaders; body: string }[];
let statuses: number[];

beforeEach(async () => {
  driver = await startDriver();
  seen = [];
  statuses = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 202).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/google`;
});
afterEach(async () => {
  await driver.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const watch = (over: object = {}): Promise<Answer> => driver.call('POST', 'events/watch', { body: { id: 'channel-1', type: 'web_hook', address, token: 'v1.secret', ...over } });
const stop = (body: object): Promise<Answer> => driver.call('POST', '/channels/stop', { body });
const insert = (): Promise<Answer> => driver.call('POST', 'events', { body: hour(3) });
const arrived = async (): Promise<IncomingHttpHeaders[]> => {
  await driver.sim.notices.idle();
  return seen.map(({ headers }) => headers);
};

describe('a channel', () => {
  it('answers with both its ids and its end as a string, and greets with message 1', async () => {
    const answer = await watch();
    expect(answer.body).toEqual({
      kind: 'api#channel', id: 'channel-1', resourceId: expect.any(String), token: 'v1.secret', expiration: String(driver.now + 604_800_000),
      resourceUri: `${driver.sim.url}/calendar/v3/calendars/${encodeURIComponent(dana)}/events?alt=json`,
    });
    const [sync] = await arrived();
    expect(sync).toMatchObject({
      'content-length': '0', 'content-type': 'application/json; utf-8', 'user-agent': expect.stringContaining('APIs-Google'),
      'x-goog-channel-id': 'channel-1', 'x-goog-channel-token': 'v1.secret', 'x-goog-channel-expiration': 'Mon, 09 Mar 2026 08:00:00 GMT',
      'x-goog-message-number': '1', 'x-goog-resource-id': answer.body['resourceId'], 'x-goog-resource-state': 'sync', 'x-goog-resource-uri': answer.body['resourceUri'],
    });
    expect(seen[0]?.body).toBe('');
    expect(Object.keys(sync ?? {}).some((name) => name.includes('signature'))).toBe(false);
  });

  it('may greet before the watch is answered', async () => {
    driver.sim.manners.syncFirst = true;
    await watch();
    expect(seen).toHaveLength(1);
  });

  it('tells of each change, a client\'s own too, with growing numbers and gaps', async () => {
    await watch();
    for (let n = 0; n < 12; n += 1) {
      await insert();
      await driver.sim.notices.idle();
    }
    const headers = await arrived();
    const numbers = headers.map((header) => Number(header['x-goog-message-number']));
    expect(headers.slice(1).every((header) => header['x-goog-resource-state'] === 'exists')).toBe(true);
    expect(numbers).toHaveLength(13);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(numbers.at(-1)).toBeGreaterThan(13);
  });

  it('tells of a deletion as `exists`, and of a change to one instance', async () => {
    const { event } = await driver.call('POST', 'events', { body: weekly });
    await watch();
    driver.sim.human({ ...driver.at, action: 'delete', eventId: event.id, instance: '20260309T080000Z' });
    await driver.call('DELETE', `events/${event.id}`);
    expect((await arrived()).map((header) => header['x-goog-resource-state'])).toEqual(['sync', 'exists', 'exists']);
  });

  it('is one of several on a calendar that all deliver; other calendars stay silent', async () => {
    const eve = driver.sim.addAccount({ email: 'eve@example.com' });
    await watch();
    await watch({ id: 'channel-2' });
    const elsewhere = { id: 'channel-3', type: 'web_hook', address };
    await driver.call('POST', 'events/watch', { body: elsewhere, token: eve.accessToken });
    await insert();
    const told = (await arrived()).filter((header) => header['x-goog-resource-state'] === 'exists').map((header) => header['x-goog-channel-id']);
    expect(told.sort()).toEqual(['channel-1', 'channel-2']);
  });

  it('can tell of one edit several times', async () => {
    driver.sim.manners.burst = 5;
    await watch();
    for (let n = 0; n < 5; n += 1) await insert();
    expect((await arrived()).length).toBeGreaterThan(6);
  });

  it.each([500, 502, 503, 504])('comes again after %d', async (status) => {
    statuses = [202, status, 202];
    driver.sim.manners.syncFirst = true;
    await watch();
    await insert();
    const headers = await arrived();
    expect(headers).toHaveLength(3);
    expect(headers[2]?.['x-goog-message-number']).toBe(headers[1]?.['x-goog-message-number']);
  });

  it.each([301, 400, 401, 403, 429, 501])('does not come again after %d', async (status) => {
    statuses = [202, status];
    driver.sim.manners.syncFirst = true;
    await watch();
    await insert();
    expect(await arrived()).toHaveLength(2);
  });

  it('ends when it was asked to, and after seven days at the latest', async () => {
    expect((await watch({ params: { ttl: '3600' } })).body['expiration']).toBe(String(driver.now + 3_600_000));
    expect((await watch({ id: 'channel-2', expiration: String(driver.now + 60_500) })).body['expiration']).toBe(String(driver.now + 60_000));
    expect((await watch({ id: 'channel-3', expiration: driver.now + 30 * 86_400_000 })).body['expiration']).toBe(String(driver.now + 604_800_000));
    expect((await watch({ id: 'channel-4', expiration: driver.now - 1 })).status).toBe(400);
    driver.now += 3_600_000;
    await driver.sim.notices.idle();
    seen.length = 0;
    driver.sim.human({ ...driver.at, action: 'insert', event: hour(3) });
    expect((await arrived()).map((header) => header['x-goog-channel-id'])).toEqual(['channel-3']);
    expect(driver.sim.channels().map(({ id }) => id)).toEqual(['channel-3']);
  });

  it('is stopped by both ids, by whom made it, and only once', async () => {
    const resourceId = (await watch()).body['resourceId'];
    const eve = driver.sim.addAccount({ email: 'eve@example.com' });
    driver.sim.addClient({ clientId: 'other', clientSecret: 'x' });
    const otherClient = driver.sim.addAccount({ email: dana, calendars: [], clientId: 'other' });
    const body = { id: 'channel-1', resourceId };
    for (const token of [eve.accessToken, otherClient.accessToken]) expect(await driver.call('POST', '/channels/stop', { body, token })).toMatchObject({ status: 404, reason: 'notFound' });
    expect((await stop({ id: 'channel-1', resourceId: 'other' })).status).toBe(404);
    expect(await stop(body)).toMatchObject({ status: 204, text: '' });
    expect((await stop(body)).status).toBe(404);
    await insert();
    expect(await arrived()).toHaveLength(1);
  });

  it('has an id that nobody used before, stopped or not', async () => {
    const { body } = await watch();
    expect(await watch()).toMatchObject({ status: 400, reason: 'channelIdNotUnique' });
    await stop({ id: 'channel-1', resourceId: body['resourceId'] });
    expect(await watch()).toMatchObject({ status: 400, reason: 'channelIdNotUnique' });
  });

  it.each<[string, object]>([
    ['a long id', { id: 'x'.repeat(65) }],
    ['an id with a dot', { id: 'a.b' }],
    ['a long token', { token: 'x'.repeat(257) }],
    ['plain http away from this machine', { address: 'http://example.com/hook' }],
    ['no address', { address: undefined }],
    ['another type', { type: 'web_socket' }],
    ['a ttl that is no number', { params: { ttl: 'a week' } }],
  ])('refuses %s', async (_, over) => {
    expect((await watch(over)).status).toBe(400);
    expect(driver.sim.channels()).toEqual([]);
  });

  it('cannot be opened on some calendars', async () => {
    const { accessToken: token } = driver.sim.addAccount({ email: dana, calendars: [{ id: 'holidays', timeZone: 'UTC', unwatchable: true, accessRole: 'reader' }] });
    const answer = await driver.call('POST', '/calendars/holidays/events/watch', { body: { id: 'c', type: 'web_hook', address }, token });
    expect(answer).toMatchObject({ status: 400, reason: 'pushNotSupportedForRequestedResource' });
  });

  it('goes on delivering after the grant is revoked', async () => {
    await watch();
    driver.sim.revoke(dana);
    driver.sim.human({ ...driver.at, action: 'insert', event: hour(3) });
    expect(await arrived()).toHaveLength(2);
  });
});
