import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hour, startDriver, weekly } from './driver.ts';
import type { Answer, Driver } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver();
});
afterEach(() => driver.close());

const list = (query: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> => driver.call('GET', 'events', { query, headers });

describe('a partial response', () => {
  it('holds what is asked for and nothing else, down to single members', async () => {
    await driver.call('POST', 'events', { body: { id: 'booking1', ...hour(3), summary: 'Cut', extendedProperties: { private: { a: '1' }, shared: { b: '2' } }, attendees: [{ email: 'dana@example.com', comment: 'no' }] } });
    const fields = 'nextPageToken,items(id,start/dateTime,extendedProperties/private,attendees(self,responseStatus))';
    expect((await list({ fields })).body).toEqual({
      items: [{ id: 'booking1', start: { dateTime: '2026-03-03T10:00:00+01:00' }, extendedProperties: { private: { a: '1' } }, attendees: [{ self: true, responseStatus: 'needsAction' }] }],
    });
    expect((await driver.call('GET', 'events/booking1', { query: { fields: 'id,end/*' } })).body).toEqual({ id: 'booking1', end: { dateTime: '2026-03-03T11:00:00+01:00', timeZone: 'Europe/Berlin' } });
    expect((await driver.call('POST', 'events', { body: hour(3), query: { fields: 'etag' } })).body).toEqual({ etag: expect.any(String) });
  });

  it('that does not name the sync token has none', async () => {
    expect((await list({ fields: 'items(id)' })).body).toEqual({ items: [] });
    expect((await list({ fields: '*' })).nextSyncToken).toBeDefined();
  });

  it.each(['items(id', 'items(id))', 'items(nonsense)', 'nonsense', 'items//id', 'etag/x', ',', '', 'items()', 'items(id) '])('with the selector "%s" is refused', async (fields) => {
    expect(await list({ fields })).toMatchObject({ status: 400, reason: 'invalidParameter' });
  });

  it('of an error is the whole error', async () => {
    expect((await driver.call('GET', 'events/neverwas', { query: { fields: 'id' } })).reason).toBe('notFound');
  });
});

describe('an etag', () => {
  it('that the reader has already saves the body', async () => {
    const { event } = await driver.call('POST', 'events', { body: hour(3) });
    const known = { 'if-none-match': event.etag };
    expect(await driver.call('GET', `events/${event.id}`, { headers: known })).toMatchObject({ status: 304, text: '' });
    await driver.call('PATCH', `events/${event.id}`, { body: { summary: 'x' } });
    expect((await driver.call('GET', `events/${event.id}`, { headers: known })).status).toBe(200);
  });

  it('stands on a list too, and changes with any event in it', async () => {
    const etag = (await list({})).headers.get('etag') ?? '';
    expect((await list({}, { 'if-none-match': etag })).status).toBe(304);
    await driver.call('POST', 'events', { body: hour(3) });
    expect((await list({}, { 'if-none-match': etag })).status).toBe(200);
  });
});

describe('what the server does not know', () => {
  it('is 404', async () => {
    for (const [method, path] of [['GET', '/calendars'], ['DELETE', '/calendars/primary'], ['GET', '/freeBusy'], ['PUT', 'events']] as const) {
      expect((await driver.call(method, path, { ...(method === 'PUT' ? { body: {} } : {}) })).status).toBe(404);
    }
  });

  it('a path that cannot be decoded is a bad request', async () => {
    expect((await driver.call('GET', '/calendars/%E0%A4%A/events')).status).toBe(400);
  });
});

describe('the instances of a series', () => {
  it('come with exceptions in their place, without what is cancelled', async () => {
    const { event } = await driver.call('POST', 'events', { body: { ...weekly, recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'] } });
    driver.sim.human({ ...driver.at, action: 'delete', eventId: event.id, instance: '20260309T080000Z' });
    driver.sim.human({ ...driver.at, action: 'patch', eventId: event.id, instance: '20260316T080000Z', body: { summary: 'Moved', ...hour(18) } });
    const { items } = await driver.call('GET', `events/${event.id}/instances`);
    expect(items.map((item) => [item.id.slice(-16), item['summary']])).toEqual([['20260302T080000Z', 'Team'], ['20260316T080000Z', 'Moved'], ['20260323T080000Z', 'Team']]);
  });
});
