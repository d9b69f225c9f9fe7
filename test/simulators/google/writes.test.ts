import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hour, startDriver, weekly } from './driver.ts';
import type { Answer, Driver } from './driver.ts';

let driver: Driver;
beforeEach(async () => {
  driver = await startDriver();
});
afterEach(() => driver.close());

const insert = (body: object): Promise<Answer> => driver.call('POST', 'events', { body });
const made = async (body: object): Promise<string> => (await insert(body)).event.id;
const get = (id: string): Promise<Answer> => driver.call('GET', `events/${id}`);

describe('an insert', () => {
  it('takes the client\'s id, and answers the whole event with its iCalUID and etag', async () => {
    const answer = await driver.call('POST', 'events', { body: { id: 'booking0a1v', ...hour(3), summary: 'Cut' }, query: { sendUpdates: 'none' } });
    expect(answer).toMatchObject({ status: 200, body: { id: 'booking0a1v', iCalUID: 'booking0a1v@google.com', summary: 'Cut', status: 'confirmed', sequence: 0, organizer: { self: true } } });
    expect(answer.headers.get('etag')).toBe(answer.event.etag);
    expect(answer.event.etag).toMatch(/^"\d+"$/);
  });

  it.each(['abcd', 'booking-1', 'Booking1', 'bookingw', 'a'.repeat(1025)])('refuses the id %.12s', async (id) => {
    expect(await insert({ id, ...hour(3) })).toMatchObject({ status: 400, reason: 'invalid' });
  });

  it('refuses an id and an iCalUID together', async () => {
    expect((await insert({ id: 'booking1', iCalUID: 'x@y', ...hour(3) })).status).toBe(400);
  });

  it('of an id that exists, also if deleted, is a duplicate', async () => {
    await insert({ id: 'booking1', ...hour(3) });
    expect(await insert({ id: 'booking1', ...hour(3) })).toMatchObject({ status: 409, reason: 'duplicate' });
    await driver.call('DELETE', 'events/booking1');
    expect(await insert({ id: 'booking1', ...hour(3) })).toMatchObject({ status: 409, reason: 'duplicate' });
  });

  it.each<[string, string, object]>([
    ['an end before its start', 'timeRangeEmpty', { start: { dateTime: '2026-03-03T10:00:00Z' }, end: { dateTime: '2026-03-03T09:00:00Z' } }],
    ['a day that ends on itself', 'timeRangeEmpty', { start: { date: '2026-03-03' }, end: { date: '2026-03-03' } }],
    ['no end', 'required', { start: { date: '2026-03-03' } }],
    ['a date and a time', 'invalid', { start: { date: '2026-03-03' }, end: { dateTime: '2026-03-03T09:00:00Z' } }],
    ['a time without offset or zone', 'required', { start: { dateTime: '2026-03-03T09:00:00' }, end: { dateTime: '2026-03-03T10:00:00Z' } }],
    ['an unknown zone', 'invalid', { start: { dateTime: '2026-03-03T09:00:00', timeZone: 'W. Europe Standard Time' }, end: { dateTime: '2026-03-03T10:00:00Z' } }],
    ['the 30th of February', 'invalid', { start: { date: '2026-02-30' }, end: { date: '2026-03-03' } }],
    ['a series without zone', 'required', { ...hour(3), recurrence: ['RRULE:FREQ=DAILY'] }],
    ['a bad rule', 'invalid', { ...weekly, recurrence: ['RRULE:FREQ=SOMETIMES'] }],
    ['an unknown transparency', 'invalid', { ...hour(3), transparency: 'busy' }],
  ])('refuses %s', async (_, reason, body) => {
    expect(await insert(body)).toMatchObject({ status: 400, reason });
  });

  it('drops a long key and cuts a long value of a private property in silence', async () => {
    const { event } = await insert({ ...hour(3), extendedProperties: { private: { ['k'.repeat(45)]: 'lost', ['k'.repeat(44)]: 'v'.repeat(1025) } } });
    expect(event['extendedProperties']).toEqual({ private: { ['k'.repeat(44)]: 'v'.repeat(1024) } });
  });

  it('needs JSON', async () => {
    expect((await driver.call('POST', 'events', { body: {}, headers: { 'content-type': 'text/plain' } })).status).toBe(400);
    expect((await driver.call('POST', 'events')).status).toBe(400);
  });
});

describe('a patch', () => {
  it('merges objects, replaces lists, and deletes by null', async () => {
    const id = await made({ ...hour(3), summary: 'Cut', location: 'Room 1', attendees: [{ email: 'a@b.c' }, { email: 'd@e.f' }], extendedProperties: { private: { a: '1', b: '2' } } });
    const patch = { location: null, attendees: [{ email: 'g@h.i' }], extendedProperties: { private: { b: null, c: '3' } } };
    const { event } = await driver.call('PATCH', `events/${id}`, { body: patch });
    expect(event).toMatchObject({ summary: 'Cut', attendees: [{ email: 'g@h.i' }], extendedProperties: { private: { a: '1', c: '3' } } });
    expect(event).not.toHaveProperty('location');
    expect(event['extendedProperties']).toEqual({ private: { a: '1', c: '3' } });
    expect(event['attendees']).toHaveLength(1);
  });

  it('keeps the id and iCalUID, changes the etag, and raises the sequence when the time moves', async () => {
    const before = (await insert(hour(3))).event;
    const after = (await driver.call('PATCH', `events/${before.id}`, { body: hour(4) })).event;
    expect(after).toMatchObject({ id: before.id, iCalUID: before['iCalUID'], sequence: 1 });
    expect(after.etag).not.toBe(before.etag);
  });

  it('makes whole days timed only if the date is taken away', async () => {
    const id = await made({ start: { date: '2026-03-03' }, end: { date: '2026-03-04' } });
    expect((await driver.call('PATCH', `events/${id}`, { body: hour(3) })).status).toBe(400);
    const { start, end } = hour(3) as { start: object; end: object };
    expect((await driver.call('PATCH', `events/${id}`, { body: { start: { ...start, date: null }, end: { ...end, date: null } } })).event.start).not.toHaveProperty('date');
  });

  it('of reminders alone leaves `updated` as it was, though not the etag', async () => {
    const before = (await insert(hour(3))).event;
    driver.now += 60_000;
    const after = (await driver.call('PATCH', `events/${before.id}`, { body: { reminders: { useDefault: false } } })).event;
    expect(after['updated']).toBe(before['updated']);
    expect(after.etag).not.toBe(before.etag);
  });

  it('under another etag is refused', async () => {
    const { id, etag } = (await insert(hour(3))).event;
    expect((await driver.call('PATCH', `events/${id}`, { body: { summary: 'a' }, headers: { 'if-match': etag } })).status).toBe(200);
    expect(await driver.call('PATCH', `events/${id}`, { body: { summary: 'b' }, headers: { 'if-match': etag } })).toMatchObject({ status: 412, reason: 'conditionNotMet' });
    expect((await driver.call('DELETE', `events/${id}`, { headers: { 'if-match': etag } })).status).toBe(412);
  });

  it('of one instance makes an exception of it', async () => {
    const id = await made(weekly);
    const { event } = await driver.call('PATCH', `events/${id}_20260309T080000Z`, { body: { summary: 'Elsewhere' } });
    expect(event).toMatchObject({ recurringEventId: id, summary: 'Elsewhere', start: { dateTime: '2026-03-09T09:00:00+01:00' } });
    expect((await driver.call('PATCH', `events/${id}_20260310T080000Z`, { body: {} })).status).toBe(404);
  });

  it('of a deleted event is forbidden, or revives it, as told', async () => {
    const id = await made(hour(3));
    await driver.call('DELETE', `events/${id}`);
    expect(await driver.call('PATCH', `events/${id}`, { body: { status: 'confirmed' } })).toMatchObject({ status: 403, reason: 'forbidden' });
    driver.sim.manners.revives = true;
    expect((await driver.call('PATCH', `events/${id}`, { body: { summary: 'x' } })).event.status).toBe('cancelled');
    expect((await driver.call('PATCH', `events/${id}`, { body: { status: 'confirmed' } })).event.status).toBe('confirmed');
  });

  it('cannot change the type of an event', async () => {
    const id = await made({ ...hour(3), eventType: 'focusTime' });
    expect((await driver.call('PATCH', `events/${id}`, { body: { eventType: 'default' } })).status).toBe(400);
  });
});

describe('an update', () => {
  it('drops what it does not name', async () => {
    const id = await made({ ...hour(3), summary: 'Cut', extendedProperties: { private: { a: '1' } } });
    const { event } = await driver.call('PUT', `events/${id}`, { body: hour(3) });
    expect(event).not.toHaveProperty('summary');
    expect(event).not.toHaveProperty('extendedProperties');
    expect((await driver.call('PUT', `events/${id}`, { body: { summary: 'x' } })).status).toBe(400);
  });

  it('of an invitation must repeat the guests\' flags', async () => {
    const invited = driver.sim.human({ ...driver.at, action: 'insert', event: { ...hour(3), organizer: { email: 'boss@example.com' }, guestsCanModify: false } });
    expect(await driver.call('PUT', `events/${String(invited['id'])}`, { body: hour(4) })).toMatchObject({ status: 403, reason: 'forbiddenForNonOrganizer' });
  });
});

describe('a delete', () => {
  it('answers 204, then 410, and 404 for what never was', async () => {
    const id = await made(hour(3));
    expect(await driver.call('DELETE', `events/${id}`)).toMatchObject({ status: 204, text: '' });
    expect(await driver.call('DELETE', `events/${id}`)).toMatchObject({ status: 410, reason: 'deleted' });
    expect(await driver.call('DELETE', 'events/neverwas')).toMatchObject({ status: 404, reason: 'notFound' });
  });

  it('leaves the event to be read, as cancelled', async () => {
    const id = await made({ ...hour(3), summary: 'Cut' });
    await driver.call('DELETE', `events/${id}`);
    expect(await get(id)).toMatchObject({ status: 200, body: { status: 'cancelled', summary: 'Cut' } });
    expect(await get('neverwas')).toMatchObject({ status: 404, reason: 'notFound' });
  });

  it('of a series takes its exceptions along', async () => {
    const id = await made(weekly);
    await driver.call('PATCH', `events/${id}_20260309T080000Z`, { body: { summary: 'Elsewhere' } });
    await driver.call('DELETE', `events/${id}`);
    expect((await get(`${id}_20260309T080000Z`)).event.status).toBe('cancelled');
    expect((await driver.call('GET', 'events')).items).toEqual([]);
  });
});
