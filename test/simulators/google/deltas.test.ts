import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hour, startDriver, weekly } from './driver.ts';
import type { Driver } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver();
});
afterEach(() => driver.close());

const expanded = { singleEvents: 'true', maxResults: '2500' };
const window = { timeMin: '2026-03-01T00:00:00Z', timeMax: '2026-04-01T00:00:00Z' };
const insert = async (body: object): Promise<string> => (await driver.call('POST', 'events', { body })).event.id;
const list = (query: Record<string, string>) => driver.call('GET', 'events', { query });
const begin = async (query: Record<string, string> = { ...expanded, ...window }): Promise<string> => (await driver.all(query)).nextSyncToken;

describe('a sync token', () => {
  it('tells every change since its list, once, and gives a new one', async () => {
    const [kept, gone] = [await insert(hour(3)), await insert(hour(4))];
    const token = await begin();
    const added = await insert(hour(5));
    await driver.call('DELETE', `events/${gone}`);
    const delta = await driver.all({ ...expanded, syncToken: token });
    expect(delta.items.map(({ id, status }) => [id, status]).sort()).toEqual([[added, 'confirmed'], [gone, 'cancelled']].sort());
    expect(delta.items.map(({ id }) => id)).not.toContain(kept);
    expect((await driver.all({ ...expanded, syncToken: delta.nextSyncToken })).items).toEqual([]);
    // The old one still tells the same.
    expect((await driver.all({ ...expanded, syncToken: token })).items).toHaveLength(2);
  });

  it('tells of a deleted event its id and no more', async () => {
    const id = await insert({ ...hour(3), summary: 'Secret' });
    const token = await begin();
    await driver.call('DELETE', `events/${id}`);
    const { items } = await driver.all({ ...expanded, syncToken: token });
    expect(items).toEqual([{ kind: 'calendar#event', etag: expect.any(String), id, status: 'cancelled' }]);
  });

  it('is not bounded by the window of its list', async () => {
    const token = await begin();
    const far = await insert({ start: { dateTime: '2031-01-01T09:00:00Z' }, end: { dateTime: '2031-01-01T10:00:00Z' } });
    expect((await driver.all({ ...expanded, syncToken: token })).items.map(({ id }) => id)).toEqual([far]);
  });

  it('tells all instances of a touched series, years ahead', async () => {
    const id = await insert(weekly);
    const token = await begin();
    await driver.call('PATCH', `events/${id}`, { body: { summary: 'Team, renamed' } });
    const { items } = await driver.all({ ...expanded, syncToken: token });
    expect(items.length).toBeGreaterThan(104);
    expect(items.every((item) => item['recurringEventId'] === id)).toBe(true);
    expect(items.map((item) => item.start.dateTime ?? '').sort().at(-1)?.slice(0, 4)).toBe('2028');
  });

  it('tells the instances that a series lost as cancelled, by their old ids', async () => {
    const id = await insert(weekly);
    const token = await begin();
    await driver.call('PATCH', `events/${id}`, { body: { start: { dateTime: '2026-03-02T11:00:00' }, end: { dateTime: '2026-03-02T12:00:00' } } });
    const { items } = await driver.all({ ...expanded, syncToken: token });
    expect(items.find((item) => item.id === `${id}_20260309T080000Z`)?.status).toBe('cancelled');
    expect(items.find((item) => item.id === `${id}_20260309T100000Z`)?.status).toBe('confirmed');
  });

  it('tells a deleted series as its instances, each by its id alone', async () => {
    const id = await insert(weekly);
    const token = await begin();
    await driver.call('DELETE', `events/${id}`);
    const { items } = await driver.all({ ...expanded, syncToken: token });
    expect(items.length).toBeGreaterThan(104);
    expect(items.find((item) => item.id === `${id}_20260309T080000Z`)).toEqual({ kind: 'calendar#event', etag: expect.any(String), id: `${id}_20260309T080000Z`, status: 'cancelled' });
    expect(items.map((item) => item.id)).not.toContain(id);
  });

  it('tells one cancelled instance with its series and original start, and not the rest of the series', async () => {
    const id = await insert(weekly);
    const token = await begin();
    driver.sim.human({ ...driver.at, action: 'delete', eventId: id, instance: '2026-03-09T08:00:00Z' });
    const { items } = await driver.all({ ...expanded, syncToken: token });
    expect(items).toEqual([{
      kind: 'calendar#event', etag: expect.any(String), id: `${id}_20260309T080000Z`, status: 'cancelled', recurringEventId: id,
      originalStartTime: { dateTime: '2026-03-09T09:00:00+01:00', timeZone: 'Europe/Berlin' },
    }]);
  });

  it('follows an event that becomes a series and one again', async () => {
    const { recurrence, ...once } = weekly;
    const id = await insert(once);
    const first = await begin();
    await driver.call('PATCH', `events/${id}`, { body: { recurrence } });
    const becoming = await driver.all({ ...expanded, syncToken: first });
    expect(becoming.items.find((item) => item.id === id)?.status).toBe('cancelled');
    await driver.call('PATCH', `events/${id}`, { body: { recurrence: null } });
    const back = await driver.all({ ...expanded, syncToken: becoming.nextSyncToken });
    expect(back.items.filter(({ status }) => status !== 'cancelled').map((item) => item.id)).toEqual([id]);
  });

  it('without expansion tells the master and its exceptions', async () => {
    const token = await begin({ maxResults: '100' });
    const id = await insert(weekly);
    driver.sim.human({ ...driver.at, action: 'delete', eventId: id, instance: '20260309T080000Z' });
    const { items } = await driver.all({ maxResults: '100', syncToken: token });
    expect(items.map((item) => [item.id, item.status])).toEqual([[id, 'confirmed'], [`${id}_20260309T080000Z`, 'cancelled']]);
  });

  it('tells the zone of the calendar as it is now, and no event for its change', async () => {
    await insert({ start: { date: '2026-03-10' }, end: { date: '2026-03-11' } });
    const token = await begin();
    driver.sim.human({ ...driver.at, action: 'setZone', body: { timeZone: 'America/New_York' } });
    const answer = await list({ ...expanded, syncToken: token });
    expect(answer.body).toMatchObject({ timeZone: 'America/New_York', items: [] });
  });

  it('keeps a delta\'s pages steady while writes go on, and what was written comes with the next', async () => {
    const query = { singleEvents: 'true', maxResults: '2' };
    const token = await begin(query);
    const ids = [await insert(hour(3)), await insert(hour(4)), await insert(hour(5))];
    const first = await list({ ...query, syncToken: token });
    await driver.call('DELETE', `events/${ids[2]}`);
    const later = await insert(hour(6));
    const seen = [...first.items];
    let page = first;
    while (page.nextPageToken !== undefined) {
      page = await list({ ...query, syncToken: token, pageToken: page.nextPageToken });
      seen.push(...page.items);
    }
    expect(seen.map((item) => item.id).sort()).toEqual([...ids].sort());
    const next = await driver.all({ ...query, syncToken: page.nextSyncToken ?? '' });
    expect(next.items.map((item) => [item.id, item.status])).toEqual([[ids[2], 'cancelled'], [later, 'confirmed']]);
  });

  it('answers the same page again for the same token', async () => {
    driver.sim.insertMany({ ...driver.at, events: [hour(3), hour(4), hour(5)] });
    const first = await list({ maxResults: '2' });
    const again = { maxResults: '2', pageToken: first.nextPageToken ?? '' };
    expect((await list(again)).items).toEqual((await list(again)).items);
  });

  it.each(['iCalUID=x', 'orderBy=updated', 'privateExtendedProperty=a=b', 'q=x', 'sharedExtendedProperty=a=b', 'timeMin=2026-03-01T00:00:00Z', 'timeMax=2026-03-01T00:00:00Z', 'updatedMin=2026-03-01T00:00:00Z', 'showDeleted=false'])(
    'goes not together with %s', async (given) => {
      const [name = '', ...rest] = given.split('=');
      expect((await list({ ...expanded, syncToken: await begin(), [name]: rest.join('=') })).status).toBe(400);
    });

  it('asks for the parameters of its list', async () => {
    const token = await begin();
    expect((await list({ syncToken: token })).status).toBe(400);
    expect((await list({ ...expanded, syncToken: token, maxAttendees: '1' })).status).toBe(400);
    expect((await list({ ...expanded, syncToken: token, fields: 'items(id)' })).status).toBe(400);
  });

  it('that is unknown, expired, of another calendar or older than a change of access is gone', async () => {
    const gone = { status: 410, reason: 'fullSyncRequired' };
    expect(await list({ ...expanded, syncToken: 'invented' })).toMatchObject(gone);
    const token = await begin();
    driver.sim.addAccount({ email: 'eve@example.com', calendars: [{ id: 'eve@example.com', timeZone: 'UTC', primary: true }] });
    const eve = driver.sim.addAccount({ email: 'eve@example.com', calendars: [] });
    expect(await driver.call('GET', 'events', { query: { ...expanded, syncToken: token }, token: eve.accessToken })).toMatchObject(gone);
    driver.sim.expireSyncTokens(driver.at);
    expect(await list({ ...expanded, syncToken: token })).toMatchObject(gone);
    const newer = await begin();
    driver.sim.human({ ...driver.at, action: 'setRole', body: { accessRole: 'reader' } });
    expect(await list({ ...expanded, syncToken: newer })).toMatchObject(gone);
  });
});
