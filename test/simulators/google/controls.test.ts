import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dana, hour, startDriver, weekly } from './driver.ts';
import type { Driver, ShownEvent } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver();
});
afterEach(() => driver.close());

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
const control = async (method: string, path: string, body?: object): Promise<Told> => {
  const response = await fetch(`${driver.sim.url}/_sim${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};
const human = (act: object): Promise<Told> => control('POST', '/human', { ...driver.at, ...act });
const truth = async (): Promise<ShownEvent[]> => (await control('GET', `/events?account=${dana}&calendar=primary`)).body as unknown as ShownEvent[];
const fixture = (name: string): Promise<string> => readFile(new URL(`../fixtures/${name}.ics`, import.meta.url), 'utf8');

describe('over the control API', () => {
  it('an account of a client gets tokens that work', async () => {
    expect((await control('POST', '/clients', { clientId: 'ours', clientSecret: 's' })).status).toBe(204);
    const { status, body } = await control('POST', '/accounts', { email: 'eve@example.com', calendars: [{ id: 'office', timeZone: 'Asia/Tokyo', primary: true }] });
    expect(status).toBe(200);
    expect(body).toEqual({ account: 'eve@example.com', sub: expect.stringMatching(/^\d{21}$/), refreshToken: expect.any(String), accessToken: expect.any(String), expiresAt: driver.now + 3_599_000 });
    expect((await driver.call('GET', '/calendars/office/events', { token: String(body['accessToken']) })).body['timeZone']).toBe('Asia/Tokyo');
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'ours', client_secret: 's', refresh_token: String(body['refreshToken']) });
    expect((await fetch(`${driver.sim.oauthUrl}/token`, { method: 'POST', body: form })).status).toBe(200);
  });

  it('a second consent of one account is the same person, and adds calendars', async () => {
    const again = await control('POST', '/accounts', { email: dana, calendars: [{ id: 'second', timeZone: 'UTC' }] });
    expect(again.body['sub']).toBe(driver.account.sub);
    expect(again.body['refreshToken']).not.toBe(driver.account.refreshToken);
    expect((await driver.call('GET', '/calendars/second/events')).status).toBe(200);
  });

  it.each<[string, string, object]>([
    ['an account without email', '/accounts', { calendars: [] }],
    ['a zone that is none', '/accounts', { email: 'eve@example.com', calendars: [{ id: 'x', timeZone: 'Berlin' }] }],
    ['somebody else\'s calendar', '/accounts', { email: 'eve@example.com', calendars: [{ id: dana, timeZone: 'UTC' }] }],
    ['an unknown client', '/accounts', { email: 'eve@example.com', clientId: 'nobody' }],
    ['an unknown account', '/human', { account: 'nobody', calendar: 'primary', action: 'insert', event: {} }],
    ['an unknown action', '/human', { account: dana, calendar: 'primary', action: 'paint' }],
    ['an event without times', '/human', { account: dana, calendar: 'primary', action: 'insert', event: {} }],
  ])('refuses %s with a sentence', async (_, path, body) => {
    const answer = await control('POST', path, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(/[a-z]{3} [a-z]{2}/);
  });

  it('a person adds, moves, answers and deletes, and takes back from the bin', async () => {
    const { body: added } = await human({ action: 'insert', event: { ...hour(3), summary: 'Lunch' } });
    const eventId = String(added['id']);
    await human({ action: 'patch', eventId, body: { ...hour(4), attendees: [{ self: true, responseStatus: 'declined' }] } });
    expect((await driver.call('GET', `events/${eventId}`)).event).toMatchObject({ summary: 'Lunch', start: { dateTime: '2026-03-04T10:00:00+01:00' }, attendees: [{ email: dana, self: true, responseStatus: 'declined' }] });
    await human({ action: 'delete', eventId });
    expect(await truth()).toMatchObject([{ id: eventId, status: 'cancelled', summary: 'Lunch' }]);
    await human({ action: 'patch', eventId, body: { status: 'confirmed' } });
    expect(await truth()).toMatchObject([{ status: 'confirmed' }]);
  });

  it('a person moves one instance of a series and cancels another', async () => {
    const eventId = String((await human({ action: 'insert', event: weekly })).body['id']);
    await human({ action: 'patch', eventId, instance: '2026-03-09T09:00:00+01:00', body: hour(10) });
    await human({ action: 'delete', eventId, instance: '20260316T080000Z' });
    expect(await truth()).toMatchObject([{ id: eventId }, { recurringEventId: eventId, status: 'confirmed' }, { recurringEventId: eventId, status: 'cancelled' }]);
    expect((await human({ action: 'delete', eventId, instance: '2026-03-17T08:00:00Z' })).status).toBe(404);
  });

  it('thousands of events come at once', async () => {
    const { body } = await control('POST', '/events', { ...driver.at, events: Array.from({ length: 2000 }, () => hour(3)) });
    expect(new Set(body as unknown as string[]).size).toBe(2000);
  });

  it('tokens end, access is revoked, manners and weather change', async () => {
    const token = (await driver.all({})).nextSyncToken;
    await control('POST', '/sync-tokens/expire');
    expect((await driver.call('GET', 'events', { query: { syncToken: token } })).status).toBe(410);
    expect((await control('POST', '/manners', { revives: true })).body).toEqual({ burst: 1, revives: true });
    expect((await control('POST', '/notices/weather', { drop: 0.5 })).body).toMatchObject({ drop: 0.5, double: 0 });
    expect((await control('GET', '/channels')).body).toEqual([]);
    await control('POST', '/access-tokens/expire', { account: dana });
    expect((await driver.call('GET', 'events')).status).toBe(401);
    expect((await control('POST', '/revoke', { account: dana })).status).toBe(204);
    expect((await control('POST', '/nonsense')).status).toBe(404);
  });
});

describe('a real export', () => {
  it.each(['google', 'outlook', 'apple'])('of %s fills the calendar, series, moved instances and all', async (name) => {
    const { status, body } = await control('POST', '/load', { ...driver.at, ics: await fixture(name) });
    expect(status).toBe(200);
    const events = await truth();
    expect(events).toHaveLength(Number(body['loaded']));
    expect(events.some((event) => event['recurrence'] !== undefined)).toBe(true);
    expect(events.every((event) => (event.start.date ?? event.start.dateTime) !== undefined)).toBe(true);
  });

  it('that is loaded already is refused as a whole', async () => {
    const ics = await fixture('google');
    const { body } = await control('POST', '/load', { ...driver.at, ics });
    const before = Number(body['loaded']);
    expect((await control('POST', '/load', { ...driver.at, ics })).status).toBe(400);
    expect(await truth()).toHaveLength(before);
  });

  it('that cannot be read is refused with its line, and nothing is loaded', async () => {
    const ics = (await fixture('google')).replace(/(BEGIN:VEVENT[^]*?)DTSTART[^\r\n]*/, '$1DTSTART:yesterday');
    const { status, body } = await control('POST', '/load', { ...driver.at, ics });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: expect.any(String), line: expect.any(Number) });
    expect(await truth()).toEqual([]);
  });
});
