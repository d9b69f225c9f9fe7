import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openGoogle } from '../../../../lib/calendars/google/open-google.ts';
import type { Calendars, Page } from '../../../../lib/calendars/port.ts';
import type { ScriptedAnswer, ScriptedServer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';

const now = Date.parse('2026-06-01T08:00:00Z');
const calendar = { id: 'ada+work@example.com', key: 'k' };
const window = { from: now, to: now + 86_400_000 };
const identity = { connectionId: 'c-1', calendarId: calendar.id, bookingId: 'b-1', generation: 0 };
const wish = { title: 'Haircut', start: '2026-06-01T10:00:00+02:00', end: '2026-06-01T11:00:00+02:00', zone: 'Europe/Berlin', version: 3 };
const event = { id: 'booking1', iCalUID: 'booking1@google.com', etag: '"1"', status: 'confirmed' };
const refusal = (code: number, reason: string) => ({ status: code, body: { error: { code, errors: [{ reason }] } } });

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function hearing(first: ScriptedAnswer, ...later: ScriptedAnswer[]): Promise<{ calendars: Calendars; heard: ScriptedServer['heard'] }> {
  server = await scriptedServer(first, ...later);
  const open = openGoogle({ apiUrl: server.url, clock: () => now });
  const token = (): Promise<string> => Promise.resolve('ya29.secret');
  const session = { connectionId: 'c-1', token, permit: () => Promise.resolve(), endsAt: now + 60_000, zone: 'Europe/Berlin' };
  return { calendars: open(session), heard: server.heard };
}

async function all(pages: AsyncIterable<Page>): Promise<Page[]> {
  const seen: Page[] = [];
  for await (const page of pages) seen.push(page);
  return seen;
}

describe('a list from Google', () => {
  it('asks for the least, and a delta asks for the same', async () => {
    const { calendars, heard } = await hearing({ body: { nextPageToken: 'p/1=' } }, { body: { nextSyncToken: 's' } });
    expect(await all(calendars.everything(calendar, window))).toEqual([{ items: [] }, { items: [], cursor: 'g1:s' }]);
    expect(await all(calendars.changes(calendar, 'g1:s', window))).toEqual([{ items: [], cursor: 'g1:s' }]);
    const [list, page, delta] = heard.map(({ url }) => Object.fromEntries(url.searchParams));
    const { timeMin, timeMax, ...same } = list ?? {};
    expect([timeMin, timeMax]).toEqual(['2026-06-01T08:00:00.000Z', '2026-06-02T08:00:00.000Z']);
    expect(page).toEqual({ ...list, pageToken: 'p/1=' });
    expect(delta).toEqual({ ...same, syncToken: 's' });
    expect(same['fields']).not.toMatch(/summary|description|location|email|displayName/);
    expect(heard[0]).toMatchObject({ headers: { authorization: 'Bearer ya29.secret' } });
    expect(heard[0]?.url.pathname).toBe('/calendar/v3/calendars/ada%2Bwork%40example.com/events');
  });

  it('ends by throwing where the pages go in a circle', async () => {
    const { calendars, heard } = await hearing({ body: { nextPageToken: 'a' } }, { body: { nextPageToken: 'b' } }, { body: { nextPageToken: 'a' } });
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: 'page_token_repeated' });
    expect(heard).toHaveLength(3);
  });

  it.each<[string, ScriptedAnswer]>([
    ['no JSON', { body: '<html>' }],
    ['half an answer', { body: '{"items":[' }],
    ['no token to go on with', { body: { items: [] } }],
    ['an event without times', { body: { items: [{ id: 'e1', status: 'confirmed' }], nextSyncToken: 's' } }],
  ])('takes %s for no answer', async (_, answer) => {
    const { calendars } = await hearing(answer);
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: 'malformed_page' });
  });

  it.each([refusal(410, 'fullSyncRequired'), refusal(410, 'somethingNew'), refusal(400, 'invalid')])('finds the cursor gone on %j', async (answer) => {
    const { calendars } = await hearing(answer);
    await expect(all(calendars.changes(calendar, 'g1:s', window))).rejects.toMatchObject({ kind: 'cursor_gone', status: answer.status });
  });

  it('sends no cursor of other parameters', async () => {
    const { calendars, heard } = await hearing({});
    await expect(all(calendars.changes(calendar, 'g0:s', window))).rejects.toMatchObject({ kind: 'cursor_gone' });
    expect(heard).toHaveLength(0);
  });

  it('follows no redirect, which could take the token elsewhere', async () => {
    const { calendars, heard } = await hearing({ status: 302, headers: { location: '/elsewhere' } }, { body: { nextSyncToken: 's' } });
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', status: 302 });
    expect(heard).toHaveLength(1);
  });
});

describe('an event of ours at Google', () => {
  it('is inserted under an id of our own, without an iCalendar id, telling nobody', async () => {
    const { calendars, heard } = await hearing({ body: event });
    await calendars.create(calendar, identity, wish);
    expect(heard[0]?.url.searchParams.get('sendUpdates')).toBe('none');
    expect(JSON.parse(heard[0]?.body ?? '')).toEqual({
      id: calendars.predictedId(identity),
      summary: 'Haircut',
      start: { dateTime: wish.start, timeZone: 'Europe/Berlin' },
      end: { dateTime: wish.end, timeZone: 'Europe/Berlin' },
      transparency: 'opaque',
      extendedProperties: { private: { calendarSyncBooking: 'b-1', calendarSyncGeneration: '0', calendarSyncVersion: '3' } },
    });
  });

  it('is patched under the etag as Google wrote it, quotes and all', async () => {
    const { calendars, heard } = await hearing({ body: event });
    await calendars.update(calendar, 'booking1', identity, wish, '"3181161784712000"');
    expect(heard[0]).toMatchObject({ method: 'PATCH', headers: { 'if-match': '"3181161784712000"', authorization: 'Bearer ya29.secret' } });
    expect(JSON.parse(heard[0]?.body ?? '')).toMatchObject({ description: null, location: null, start: { date: null }, end: { date: null } });
  });

  it.each([
    ['the event is found cancelled', [{ body: { id: 'booking1', status: 'cancelled' } }]],
    ['the event is found gone', [refusal(404, 'notFound')]],
  ])('is gone where a patch is forbidden and %s', async (_, later) => {
    const { calendars } = await hearing(refusal(403, 'forbidden'), ...later);
    expect(await calendars.update(calendar, 'booking1', identity, wish)).toEqual({ outcome: 'gone' });
  });

  it('is gone where a patch goes through and leaves it cancelled', async () => {
    const { calendars } = await hearing({ body: { ...event, status: 'cancelled' } });
    expect(await calendars.update(calendar, 'booking1', identity, wish)).toEqual({ outcome: 'gone' });
  });

  it('is not taken for gone where a patch is forbidden and the event stands', async () => {
    const standing = { ...event, start: { dateTime: wish.start }, end: { dateTime: wish.end } };
    const { calendars } = await hearing(refusal(403, 'forbidden'), { body: standing });
    await expect(calendars.update(calendar, 'booking1', identity, wish)).rejects.toMatchObject({ kind: 'unreadable', status: 403 });
  });

  it('is not read for a patch that was only throttled', async () => {
    const { calendars, heard } = await hearing(refusal(403, 'rateLimitExceeded'));
    await expect(calendars.update(calendar, 'booking1', identity, wish)).rejects.toMatchObject({ kind: 'throttled' });
    expect(heard).toHaveLength(1);
  });

  it('is read back when all that is left of it is an id', async () => {
    const { calendars } = await hearing({ body: { id: 'booking1', status: 'cancelled' } });
    expect(await calendars.read(calendar, 'booking1')).toEqual({ id: 'booking1', icalUid: '', etag: '', start: 0, end: 0, cancelled: true });
  });

  it('is not known to be written where the answer does not say what', async () => {
    const { calendars } = await hearing({ body: { id: 'booking1' } });
    await expect(calendars.create(calendar, identity, wish)).rejects.toMatchObject({ kind: 'unavailable', reason: 'malformed_event' });
  });
});

describe('a Google channel', () => {
  const request = { id: 'channel-1', secret: 'v1.x', address: 'https://sync.example/webhooks/google', expiresAt: now + 86_400_000 };
  const named = { id: 'channel-1', resourceId: 'r-1' };

  it('ends when Google says, whatever was asked', async () => {
    const { calendars, heard } = await hearing({ body: { ...named, expiration: String(now + 5_000) } });
    expect(await calendars.watch(calendar, request)).toEqual({ id: 'channel-1', resourceId: 'r-1', expiresAt: now + 5_000 });
    expect(JSON.parse(heard[0]?.body ?? '')).toEqual({ id: 'channel-1', type: 'web_hook', address: request.address, token: 'v1.x', expiration: String(request.expiresAt) });
  });

  it.each<[object, object]>([
    [refusal(400, 'pushNotSupportedForRequestedResource'), { kind: 'unwatchable' }],
    [refusal(400, 'channelIdNotUnique'), { kind: 'rejected', reason: 'channelIdNotUnique' }],
    [refusal(401, 'push.webhookUrlUnauthorized'), { kind: 'misconfigured' }],
    [{ body: { ...named, expiration: 'soon' } }, { kind: 'unavailable', reason: 'malformed_channel' }],
    [{ body: { id: 'channel-1' } }, { kind: 'unavailable', reason: 'malformed_channel' }],
  ])('answered with %j fails with %j', async (answer, expected) => {
    const { calendars } = await hearing(answer);
    await expect(calendars.watch(calendar, request)).rejects.toMatchObject(expected);
  });

  it('cannot be renewed', async () => {
    const { calendars, heard } = await hearing({});
    expect(await calendars.renew({ id: 'channel-1', expiresAt: now }, now + 1)).toBeUndefined();
    expect(heard).toHaveLength(0);
  });
});

describe('the calendars of a Google account', () => {
  it('are read over all pages, and those that take no writes are told apart', async () => {
    const first = { items: [{ id: 'ada@example.com', summary: 'Ada', primary: true, accessRole: 'owner', timeZone: 'Europe/Berlin' }], nextPageToken: 'p' };
    const second = { items: [{ id: 'team', summary: 'Team', summaryOverride: 'Us', accessRole: 'writerWithoutPrivateAccess' }, { id: 'boss', accessRole: 'freeBusyReader' }] };
    const { calendars } = await hearing({ body: first }, { body: second });
    expect(await calendars.list()).toEqual([
      { id: 'ada@example.com', name: 'Ada', primary: true, writable: true, zone: 'Europe/Berlin' },
      { id: 'team', name: 'Us', primary: false, writable: true },
      { id: 'boss', name: 'boss', primary: false, writable: false },
    ]);
  });

  it('cost nobody a secret when nothing answers', async () => {
    const { calendars } = await hearing({});
    await server?.close();
    const error = await calendars.list().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CalendarError', kind: 'unavailable', reason: 'ECONNREFUSED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('ya29');
    server = undefined;
  });
});
