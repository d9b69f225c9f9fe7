import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, calendar } from 'googleapis/build/src/apis/calendar/index.js';
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { hour, startDriver, weekly } from './driver.ts';
import type { Driver } from './driver.ts';
import { defaultClient, limitAnswer } from './simulator.ts';

let driver: Driver;
let api: calendar_v3.Calendar;

const oauth = (): InstanceType<typeof auth.OAuth2> =>
  new auth.OAuth2({ ...defaultClient, endpoints: { oauth2TokenUrl: `${driver.sim.oauthUrl}/token`, oauth2RevokeUrl: `${driver.sim.oauthUrl}/revoke` } });

beforeEach(async () => {
  driver = await startDriver({ clock: Date.now });
  const client = oauth();
  client.setCredentials({ access_token: driver.account.accessToken, refresh_token: driver.account.refreshToken, expiry_date: driver.account.expiresAt });
  api = calendar({ version: 'v3', auth: client, rootUrl: `${driver.sim.url}/`, retry: false });
});
afterEach(() => driver.close());

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

describe('the real client of Google', () => {
  it('writes, reads, patches and deletes', async () => {
    const { data } = await api.events.insert({ calendarId: 'primary', requestBody: { id: 'booking1', ...hour(3), summary: 'Cut' } });
    expect(data).toMatchObject({ id: 'booking1', iCalUID: 'booking1@google.com' });
    const etag = String(data.etag);
    await api.events.patch({ calendarId: 'primary', eventId: 'booking1', requestBody: { summary: 'Shave' } }, { headers: { 'If-Match': etag } });
    expect(await failure(api.events.patch({ calendarId: 'primary', eventId: 'booking1', requestBody: {} }, { headers: { 'If-Match': etag } }))).toMatchObject({ status: 412 });
    expect((await api.events.delete({ calendarId: 'primary', eventId: 'booking1' })).status).toBe(204);
    expect(await failure(api.events.delete({ calendarId: 'primary', eventId: 'booking1' }))).toMatchObject({ status: 410, response: { data: { error: { errors: [{ reason: 'deleted' }] } } } });
  });

  it('pages through a list, encodes the sync token, and sees only the fields it asked for', async () => {
    driver.sim.insertMany({ ...driver.at, events: [hour(3), hour(4), weekly] });
    const question = { calendarId: 'primary', singleEvents: true, maxResults: 50, fields: 'nextPageToken,nextSyncToken,items(id)', eventTypes: ['default', 'focusTime'] };
    let found: calendar_v3.Schema$Event[] = [];
    let page: calendar_v3.Schema$Events = {};
    do {
      page = (await api.events.list({ ...question, timeMin: '2026-03-01T00:00:00Z', ...(page.nextPageToken == null ? {} : { pageToken: page.nextPageToken }) })).data;
      found = [...found, ...(page.items ?? [])];
    } while (page.nextPageToken != null);
    expect(found.length).toBeGreaterThan(50);
    expect(Object.keys(found[0] ?? {})).toEqual(['id']);
    await api.events.insert({ calendarId: 'primary', requestBody: { id: 'booking1', ...hour(5) } });
    const delta = await api.events.list({ ...question, syncToken: String(page.nextSyncToken) });
    expect(delta.data.items).toEqual([{ id: 'booking1' }]);
  });

  it('opens a channel and stops it', async () => {
    const { data } = await api.events.watch({ calendarId: 'primary', requestBody: { id: 'c1', type: 'web_hook', address: 'http://127.0.0.1:1/hook', token: 't' } });
    expect(typeof data.expiration).toBe('string');
    expect((await api.channels.stop({ requestBody: { id: 'c1', resourceId: String(data.resourceId) } })).status).toBe(204);
  });

  it('lists calendars and reads one', async () => {
    expect((await api.calendarList.list({ maxResults: 250 })).data.items).toMatchObject([{ primary: true, accessRole: 'owner' }]);
    expect(await failure(api.calendars.get({ calendarId: 'primary' }))).toMatchObject({ status: 403 });
  });

  it('understands a limit as an error with its reason', async () => {
    driver.sim.addFault({ when: 'before', ...limitAnswer('quotaExceeded') });
    expect(await failure(api.events.list({ calendarId: 'primary' }))).toMatchObject({ status: 403, response: { data: { error: { errors: [{ reason: 'quotaExceeded', domain: 'usageLimits' }] } } } });
  });

  it('refreshes its token, and learns that a grant is gone', async () => {
    const client = oauth();
    client.setCredentials({ refresh_token: driver.account.refreshToken });
    const { credentials } = await client.refreshAccessToken();
    expect(credentials.access_token).toMatch(/^ya29\./);
    await client.revokeToken(String(credentials.access_token));
    expect(await failure(client.refreshAccessToken())).toMatchObject({ message: 'invalid_grant' });
  });
});
