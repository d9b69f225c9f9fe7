import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dana, hour, startDriver } from './driver.ts';
import type { Answer, Driver } from './driver.ts';
import { defaultClient, limitAnswer } from './simulator.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver({ accessTokenSeconds: 3600 });
});
afterEach(() => driver.close());

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
const post = async (path: string, form: Record<string, string>): Promise<Told> => {
  const response = await fetch(driver.sim.oauthUrl + path, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const refresh = (over: Record<string, string> = {}): Promise<Told> =>
  post('/token', { grant_type: 'refresh_token', client_id: defaultClient.clientId, client_secret: defaultClient.clientSecret, refresh_token: driver.account.refreshToken, ...over });
const list = (token = driver.account.accessToken): Promise<Answer> => driver.call('GET', 'events', { token });

describe('an access token', () => {
  it('ends after its hour, and the refusal says so', async () => {
    expect((await list()).status).toBe(200);
    driver.now += 3_600_000;
    const answer = await list();
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: { code: 401, message: 'Invalid Credentials', errors: [{ domain: 'global', reason: 'authError', message: 'Invalid Credentials', locationType: 'header', location: 'Authorization' }] } });
  });

  it('must be there', async () => {
    const response = await fetch(`${driver.sim.url}/calendar/v3/calendars/primary/events`);
    expect(response.status).toBe(401);
    expect((await list('ya29.invented')).reason).toBe('authError');
  });

  it('is renewed by the refresh token, which is not sent again', async () => {
    const { status, body } = await refresh();
    expect(status).toBe(200);
    expect(body).toEqual({ access_token: expect.any(String), expires_in: 3600, scope: expect.stringContaining('calendar.events'), token_type: 'Bearer' });
    expect((await list(String(body['access_token']))).status).toBe(200);
    expect((await list()).status).toBe(200);
  });

  it('can be ended before its time', async () => {
    driver.sim.expireAccessTokens(dana);
    expect((await list()).status).toBe(401);
    expect((await refresh()).status).toBe(200);
  });
});

describe('the token endpoint', () => {
  it.each<[string, number, string, Record<string, string>]>([
    ['an unknown client', 401, 'invalid_client', { client_id: 'nobody' }],
    ['a wrong secret', 401, 'invalid_client', { client_secret: 'wrong' }],
    ['an unknown refresh token', 400, 'invalid_grant', { refresh_token: '1//invented' }],
    ['another grant type', 400, 'unsupported_grant_type', { grant_type: 'password' }],
  ])('refuses %s', async (_, status, error, over) => {
    expect(await refresh(over)).toMatchObject({ status, body: { error } });
  });

  it('refuses the refresh token of another client', async () => {
    driver.sim.addClient({ clientId: 'other', clientSecret: 'x' });
    expect(await refresh({ client_id: 'other', client_secret: 'x' })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('drops the oldest of more than a hundred grants without a word', async () => {
    for (let n = 0; n < 99; n += 1) driver.sim.addAccount({ email: dana, calendars: [] });
    expect((await refresh()).status).toBe(200);
    driver.sim.addAccount({ email: dana, calendars: [] });
    expect(await refresh()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });
});

describe('revoking', () => {
  it('any token of an account ends every token that it gave to the project', async () => {
    driver.sim.addClient({ clientId: 'other', clientSecret: 'x' });
    const second = driver.sim.addAccount({ email: dana, calendars: [], clientId: 'other' });
    const eve = driver.sim.addAccount({ email: 'eve@example.com' });
    expect((await post('/revoke', { token: second.accessToken })).status).toBe(200);
    expect((await list()).status).toBe(401);
    expect((await refresh()).body['error']).toBe('invalid_grant');
    expect(await driver.call('GET', '/users/me/calendarList', { token: eve.accessToken })).toMatchObject({ status: 200 });
    expect(await post('/revoke', { token: second.refreshToken })).toMatchObject({ status: 400, body: { error: 'invalid_token' } });
  });

  it('by the person does the same', async () => {
    driver.sim.revoke(dana);
    expect((await refresh()).body['error']).toBe('invalid_grant');
  });
});

describe('a scope', () => {
  const granted = (...names: string[]): string => driver.sim.addAccount({ email: dana, calendars: [], scopes: names.map((name) => `https://www.googleapis.com/auth/${name}`) }).accessToken;
  const refused = { status: 403, reason: 'insufficientPermissions' };

  it('for events does not list calendars, and the other way round', async () => {
    expect(await driver.call('GET', '/users/me/calendarList', { token: granted('calendar.events') })).toMatchObject(refused);
    expect(await list(granted('calendar.calendarlist.readonly'))).toMatchObject(refused);
    expect((await list(granted('calendar.events'))).status).toBe(200);
  });

  it('for reading does not write', async () => {
    const token = granted('calendar.readonly');
    expect((await list(token)).status).toBe(200);
    expect(await driver.call('POST', 'events', { body: hour(3), token })).toMatchObject(refused);
  });

  it('for free and busy shows when, and not what', async () => {
    await driver.call('POST', 'events', { body: { ...hour(3), summary: 'Secret' } });
    const answer = await list(granted('calendar.events.freebusy'));
    expect(answer.items[0]?.start.dateTime).toBe('2026-03-03T10:00:00+01:00');
    expect(answer.text).not.toContain('Secret');
  });
});

describe('a calendar', () => {
  it('of a reader takes no writes', async () => {
    const { accessToken: token } = driver.sim.addAccount({ email: 'eve@example.com', calendars: [{ id: dana, timeZone: 'UTC', shared: true }] });
    expect((await driver.call('GET', `/calendars/${encodeURIComponent(dana)}/events`, { token })).body['accessRole']).toBe('reader');
    expect(await driver.call('POST', `/calendars/${encodeURIComponent(dana)}/events`, { body: hour(3), token })).toMatchObject({ status: 403, reason: 'requiredAccessLevel' });
    expect(await driver.call('GET', '/calendars/nobody%40example.com/events', { token })).toMatchObject({ status: 404, reason: 'notFound' });
  });

  it('is listed, page by page, with zone and access', async () => {
    driver.sim.addAccount({ email: dana, calendars: [{ id: 'team', timeZone: 'Asia/Tokyo', summary: 'Team', accessRole: 'writer' }] });
    const first = await driver.call('GET', '/users/me/calendarList', { query: { maxResults: '1' } });
    expect(first.items).toMatchObject([{ id: dana, primary: true, accessRole: 'owner', timeZone: 'Europe/Berlin' }]);
    const second = await driver.call('GET', '/users/me/calendarList', { query: { maxResults: '1', pageToken: first.nextPageToken ?? '' } });
    expect(second.items).toMatchObject([{ id: 'team', summary: 'Team', accessRole: 'writer' }]);
    expect(second.nextPageToken).toBeUndefined();
  });
});

describe('a limit of calls for each user', () => {
  it('refuses what goes beyond it in any minute, of that user alone', async () => {
    driver.sim.manners.userPerMinute = 2;
    expect([(await list()).status, (await list()).status]).toEqual([200, 200]);
    expect(await list()).toMatchObject({ status: 403, reason: 'rateLimitExceeded', body: { error: { errors: [{ domain: 'usageLimits' }] } } });
    const other = driver.sim.addAccount({ email: 'eve@example.com' });
    expect((await driver.call('GET', '/calendars/primary/events', { token: other.accessToken })).status).toBe(200);
    driver.now += 60_000;
    expect((await list()).status).toBe(200);
  });
});

describe('a limit on demand', () => {
  it('answers in Google\'s envelope', async () => {
    driver.sim.addFault({ path: '/events', when: 'before', ...limitAnswer('rateLimitExceeded') });
    expect(await list()).toMatchObject({ status: 403, reason: 'rateLimitExceeded', body: { error: { errors: [{ domain: 'usageLimits' }] } } });
    expect((await list()).status).toBe(200);
  });
});
