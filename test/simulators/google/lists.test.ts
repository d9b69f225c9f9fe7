import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hour, startDriver, weekly } from './driver.ts';
import type { Driver } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver();
});
afterEach(() => driver.close());

const insert = async (body: object): Promise<string> => (await driver.call('POST', 'events', { body })).event.id;
const list = (query: Record<string, string | readonly string[]> = {}) => driver.call('GET', 'events', { query });

describe('a list of events', () => {
  it('tells the calendar\'s zone and access, and ends with a sync token', async () => {
    await insert(hour(3));
    const answer = await list();
    expect(answer.body).toMatchObject({ kind: 'calendar#events', timeZone: 'Europe/Berlin', accessRole: 'owner', nextSyncToken: expect.any(String) });
    expect(answer.items[0]).toMatchObject({ kind: 'calendar#event', status: 'confirmed', start: { dateTime: '2026-03-03T10:00:00+01:00', timeZone: 'Europe/Berlin' }, eventType: 'default' });
    expect((await list({ timeZone: 'Asia/Tokyo' })).items[0]?.start).toEqual({ dateTime: '2026-03-03T18:00:00+09:00', timeZone: 'Europe/Berlin' });
  });

  it('takes what ends after timeMin and starts before timeMax, both exclusive', async () => {
    const id = await insert(hour(3, 9));
    const found = async (timeMin: string, timeMax: string): Promise<boolean> => (await list({ timeMin, timeMax })).ids.includes(id);
    expect(await found('2026-03-03T10:00:00Z', '2026-03-04T00:00:00Z')).toBe(false);
    expect(await found('2026-03-03T09:59:59Z', '2026-03-04T00:00:00Z')).toBe(true);
    expect(await found('2026-03-01T00:00:00Z', '2026-03-03T09:00:00Z')).toBe(false);
    expect(await found('2026-03-01T00:00:00Z', '2026-03-03T10:00:01+01:00')).toBe(true);
  });

  it('places whole days in the calendar\'s own zone', async () => {
    const id = await insert({ start: { date: '2026-03-10' }, end: { date: '2026-03-11' } });
    expect((await list({ timeMin: '2026-03-10T22:59:59Z' })).ids).toContain(id);
    expect((await list({ timeMin: '2026-03-10T23:00:00Z' })).ids).not.toContain(id);
  });

  it.each([
    ['timeMin without offset', { timeMin: '2026-03-03T10:00:00' }],
    ['an empty window', { timeMin: '2026-03-03T10:00:00Z', timeMax: '2026-03-03T10:00:00Z' }],
    ['an order by start without expansion', { orderBy: 'startTime' }],
    ['an unknown event type', { eventTypes: 'holiday' }],
    ['an unknown zone', { timeZone: 'Mars/Olympus' }],
    ['no maximum', { maxResults: '0' }],
    ['an invented page token', { pageToken: 'bm9uc2Vuc2U=' }],
  ])('refuses %s', async (_, query) => {
    expect((await list(query as unknown as Record<string, string>)).status).toBe(400);
  });

  it('refuses updatedMin of long ago', async () => {
    expect(await list({ updatedMin: '2025-03-03T10:00:00Z' })).toMatchObject({ status: 410, reason: 'updatedMinTooLongAgo' });
  });

  it('ignores what it does not know', async () => {
    expect((await list({ nonsense: 'true' })).status).toBe(200);
  });

  it('without expansion gives the master, and every cancelled instance though nothing deleted was asked for', async () => {
    const id = await insert(weekly);
    await driver.call('DELETE', `events/${id}_20260309T080000Z`);
    const answer = await list();
    expect(answer.items[0]).toMatchObject({ id, recurrence: weekly.recurrence });
    expect(answer.items[1]).toEqual({
      kind: 'calendar#event', etag: expect.any(String), id: `${id}_20260309T080000Z`, status: 'cancelled', recurringEventId: id,
      originalStartTime: { dateTime: '2026-03-09T09:00:00+01:00', timeZone: 'Europe/Berlin' },
    });
  });

  it('expands a series over the change of the clocks, with ids in UTC, and without its master', async () => {
    const id = await insert(weekly);
    const { items } = await list({ singleEvents: 'true', timeMin: '2026-03-20T00:00:00Z', timeMax: '2026-04-07T00:00:00Z' });
    expect(items.map((item) => [item.id, item.start.dateTime])).toEqual([
      [`${id}_20260323T080000Z`, '2026-03-23T09:00:00+01:00'],
      [`${id}_20260330T070000Z`, '2026-03-30T09:00:00+02:00'],
      [`${id}_20260406T070000Z`, '2026-04-06T09:00:00+02:00'],
    ]);
    expect(items[0]).toMatchObject({ recurringEventId: id, originalStartTime: { dateTime: '2026-03-23T09:00:00+01:00' } });
    expect(items[0]).not.toHaveProperty('recurrence');
  });

  it('shows a moved instance where it now is, under its old id', async () => {
    const id = await insert(weekly);
    driver.sim.human({ ...driver.at, action: 'patch', eventId: id, instance: '2026-03-09T08:00:00Z', body: hour(11, 14) });
    const { items } = await list({ singleEvents: 'true', timeMin: '2026-03-08T00:00:00Z', timeMax: '2026-03-15T00:00:00Z' });
    expect(items).toMatchObject([{ id: `${id}_20260309T080000Z`, start: { dateTime: '2026-03-11T15:00:00+01:00' }, originalStartTime: { dateTime: '2026-03-09T09:00:00+01:00' } }]);
    const away = await list({ singleEvents: 'true', timeMin: '2026-03-09T00:00:00Z', timeMax: '2026-03-10T00:00:00Z' });
    expect(away.items).toEqual([]);
  });

  it('pages; a page may be short or empty, and only the last has a sync token', async () => {
    driver.sim.manners.ragged = 0.7;
    const ids = driver.sim.insertMany({ ...driver.at, events: Array.from({ length: 200 }, (_, n) => hour(1 + (n % 28))) });
    const sizes: number[] = [];
    const seen: string[] = [];
    let page = await list({ maxResults: '10' });
    for (;;) {
      sizes.push(page.items.length);
      seen.push(...page.ids);
      if (page.nextPageToken === undefined) break;
      expect(page.nextSyncToken).toBeUndefined();
      page = await list({ maxResults: '10', pageToken: page.nextPageToken });
    }
    expect(page.nextSyncToken).toBeDefined();
    expect(seen.sort()).toEqual(ids.sort());
    expect(sizes).toContain(0);
    expect(sizes.some((size) => size > 0 && size < 10)).toBe(true);
  });

  it('refuses a page token under other parameters', async () => {
    driver.sim.insertMany({ ...driver.at, events: Array.from({ length: 5 }, () => hour(3)) });
    const { nextPageToken = '' } = await list({ maxResults: '2', singleEvents: 'true' });
    expect((await list({ maxResults: '2', pageToken: nextPageToken })).status).toBe(400);
  });

  it('shows only oneself of too many attendees', async () => {
    const attendees = [{ email: 'dana@example.com', responseStatus: 'declined' }, { email: 'eve@example.com' }];
    await insert({ ...hour(3), attendees });
    expect((await list({ maxAttendees: '1' })).items[0]).toMatchObject({ attendeesOmitted: true, attendees: [{ self: true, responseStatus: 'declined' }] });
    expect((await list()).items[0]?.['attendees']).toHaveLength(2);
  });

  it('finds by type, private property, iCalUID and text, and such a list has no sync token', async () => {
    const away = await insert({ ...hour(3), eventType: 'outOfOffice', summary: 'Gone fishing' });
    const ours = (await driver.call('POST', 'events', { body: { ...hour(4), extendedProperties: { private: { booking: 'b1' } } } })).event;
    expect((await list({ eventTypes: 'outOfOffice' })).ids).toEqual([away]);
    for (const query of [{ privateExtendedProperty: 'booking=b1' }, { iCalUID: String(ours['iCalUID']) }]) {
      const answer = await list(query as unknown as Record<string, string>);
      expect(answer.ids).toEqual([ours.id]);
      expect(answer.nextSyncToken).toBeUndefined();
    }
    expect((await list({ q: 'FISH' })).ids).toEqual([away]);
  });

  it('shows what is deleted where asked, and sorts by start or by last change', async () => {
    const [late, early, gone] = [await insert(hour(9)), await insert(hour(3)), await insert(hour(5))];
    await driver.call('DELETE', `events/${gone}`);
    expect((await list()).ids.toSorted()).toEqual([late, early].sort());
    expect((await list({ showDeleted: 'true' })).ids.toSorted()).toEqual([late, early, gone].sort());
    const sorted = await list({ singleEvents: 'true', orderBy: 'startTime' });
    expect(sorted.ids).toEqual([early, late]);
    expect(sorted.nextSyncToken).toBeUndefined();
    driver.now += 1000;
    await driver.call('PATCH', `events/${early}`, { body: { summary: 'later' } });
    expect((await list({ orderBy: 'updated' })).ids).toEqual([late, early]);
  });

  it('since a time of change names what was deleted since then too', async () => {
    const [kept, gone] = [await insert(hour(3)), await insert(hour(5))];
    driver.now += 60_000;
    await driver.call('DELETE', `events/${gone}`);
    expect((await list({ updatedMin: new Date(driver.now - 1000).toISOString() })).ids).toEqual([gone]);
    expect((await list({ updatedMin: new Date(driver.now - 90_000).toISOString() })).ids.toSorted()).toEqual([kept, gone].sort());
  });

  it('of ten thousand events is made and read within seconds of the processor', async () => {
    const began = process.cpuUsage();
    driver.sim.insertMany({ ...driver.at, events: Array.from({ length: 10_000 }, (_, n) => hour(1 + (n % 28))) });
    const { items } = await driver.all({ singleEvents: 'true', maxResults: '2500' });
    expect(items).toHaveLength(10_000);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(5000);
  });
});
