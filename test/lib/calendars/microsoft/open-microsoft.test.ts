import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { transactionIdOf } from '../../../../lib/calendars/microsoft/identity.ts';
import { openMicrosoft } from '../../../../lib/calendars/microsoft/open-microsoft.ts';
import type { Calendars, Page, Session } from '../../../../lib/calendars/port.ts';
import type { ScriptedAnswer, ScriptedServer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';

const now = Date.parse('2026-06-01T08:00:00Z');
const calendar = { id: 'AAMk/a+b=', key: 'k' };
const window = { from: now, to: now + 86_400_000 };
const identity = { connectionId: 'c-1', calendarId: calendar.id, bookingId: 'b-1', generation: 0 };
const wish = { title: 'Haircut', start: '2026-06-01T10:00:00+02:00', end: '2026-06-01T11:00:00+02:00', zone: 'Europe/Berlin', version: 3 };
const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' });
const times = { start: utc('2026-06-01T08:00:00.0000000'), end: utc('2026-06-01T09:00:00.0000000') };
const event = { '@odata.etag': 'W/"1"', id: 'AAMk=', iCalUId: '0400', ...times };
const refusal = (status: number, code: string, more: object = {}): ScriptedAnswer => ({ status, body: { error: { code, message: 'A sentence.', innerError: null, ...more } } });

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
});

/** Links may say {graph} for the address that the server will have. */
const page = (value: readonly unknown[], links: Readonly<Record<string, string>> = {}): ScriptedAnswer => ({
  get body() {
    const told = Object.entries(links).map(([name, link]) => [`@odata.${name}`, link.replace('{graph}', server?.url ?? '')]);
    return { value, ...Object.fromEntries(told) };
  },
});

async function hearing(answers: readonly ScriptedAnswer[], overrides: Partial<Session> = {}): Promise<{ calendars: Calendars; heard: ScriptedServer['heard']; url: string }> {
  const [first = {}, ...later] = answers;
  server = await scriptedServer(first, ...later);
  const open = openMicrosoft({ graphUrl: server.url, clock: () => now });
  const session = { connectionId: 'c-1', token: () => Promise.resolve('EwB.secret'), permit: () => Promise.resolve(), endsAt: now + 60_000, ...overrides };
  return { calendars: open(session), heard: server.heard, url: server.url };
}

async function all(pages: AsyncIterable<Page>): Promise<Page[]> {
  const seen: Page[] = [];
  for await (const one of pages) seen.push(one);
  return seen;
}

describe('a round of Graph’s delta', () => {
  it('asks the same preferences on every page and sends links back byte by byte', async () => {
    const nextLink = '{graph}/v1.0/me/calendars/AAMk/calendarView/delta?$skiptoken=R0us~a,b&x=%2b+1&$top=https://x';
    const deltaLink = '{graph}/v1.0/me/calendarView/delta?$deltatoken=R0%2Fx==&$expand=a&$deltatoken=second';
    const { calendars, heard, url } = await hearing([page([], { nextLink }), page([], { deltaLink })]);
    const cursor = `m1:${deltaLink.replace('{graph}', url)}`;
    expect(await all(calendars.everything(calendar, window))).toEqual([{ items: [] }, { items: [], cursor }]);
    expect(await all(calendars.changes(calendar, cursor, window))).toEqual([{ items: [], cursor }]);
    expect(heard[0]?.url.pathname).toBe('/v1.0/me/calendars/AAMk%2Fa%2Bb%3D/calendarView/delta');
    expect(Object.fromEntries(heard[0]?.url.searchParams ?? [])).toEqual({ startDateTime: '2026-06-01T08:00:00.000Z', endDateTime: '2026-06-02T08:00:00.000Z' });
    expect(heard.slice(1).map((request) => request.url.pathname + request.url.search)).toEqual([nextLink, deltaLink].map((link) => link.replace('{graph}', '')));
    for (const { headers } of heard) {
      expect(headers).toMatchObject({ prefer: 'odata.maxpagesize=200, outlook.timezone="UTC", IdType="ImmutableId"', authorization: 'Bearer EwB.secret' });
    }
  });

  it('never follows a link to another host, whatever the answer says', async () => {
    const elsewhere = await scriptedServer({ body: { value: [] } });
    try {
      for (const nextLink of [`${elsewhere.url}/v1.0/me/calendarView/delta`, 'https://graph.microsoft.com/v1.0/me', 'not a link', '//evil.example/v1.0', '/v1.0@evil.example/']) {
        await server?.close();
        const { calendars, heard } = await hearing([page([], { nextLink }), page([])]);
        await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: 'foreign_link' });
        expect(heard).toHaveLength(1);
      }
      expect(elsewhere.heard).toHaveLength(0);
    } finally {
      await elsewhere.close();
    }
  });

  it('keeps no cursor that leads elsewhere, and follows none', async () => {
    const { calendars, heard } = await hearing([page([], { deltaLink: 'https://evil.example/v1.0/me/calendarView/delta?$deltatoken=x' })]);
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: 'foreign_link' });
    for (const cursor of ['m1:https://evil.example/v1.0/x', 'm1:', 'm0:x', '']) {
      await expect(all(calendars.changes(calendar, cursor, window))).rejects.toMatchObject({ kind: 'cursor_gone' });
    }
    expect(heard).toHaveLength(1);
  });

  it('ends by throwing where the pages go in a circle', async () => {
    const [a, b] = [page([], { nextLink: '{graph}/v1.0/a' }), page([], { nextLink: '{graph}/v1.0/b' })];
    const { calendars, heard } = await hearing([a, b, a, b, a, b]);
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: 'malformed_paging' });
    expect(heard).toHaveLength(5);
  });

  it.each<[string, ScriptedAnswer]>([
    ['no JSON', { body: '<html>' }],
    ['half an answer', { body: '{"value":[' }],
    ['no link to go on with', page([])],
    ['an event without times', page([{ id: 'e1' }], { deltaLink: '{graph}/v1.0/d' })],
    ['an event without an id', page([times], { deltaLink: '{graph}/v1.0/d' })],
  ])('takes %s for no answer, first or later', async (_, answer) => {
    const { calendars, url } = await hearing([answer]);
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', reason: /^malformed_/ });
    await expect(all(calendars.changes(calendar, `m1:${url}/v1.0/d`, window))).rejects.toMatchObject({ kind: 'unavailable', reason: /^malformed_/ });
  });

  it.each([refusal(410, 'SyncStateNotFound'), refusal(400, 'syncStateNotFound'), refusal(404, 'resyncRequired'), { status: 410, body: '' }])('loses its cursor on %j, where it had one', async (answer) => {
    const { calendars, url } = await hearing([answer]);
    await expect(all(calendars.changes(calendar, `m1:${url}/v1.0/d`, window))).rejects.toMatchObject({ kind: 'cursor_gone', status: answer.status });
    await expect(all(calendars.everything(calendar, window))).rejects.toMatchObject({ kind: 'unavailable', status: answer.status });
  });

  it('asks a series master once, and drops the occurrences of one that is gone', async () => {
    const bare = (id: string, seriesMasterId: string) => ({ id, seriesMasterId, type: 'occurrence', ...times });
    const rows = [bare('o1', 'm1'), bare('o2', 'm1'), bare('o3', 'm2'), bare('o4', 'm2')];
    const { calendars, heard } = await hearing([page(rows, { deltaLink: '{graph}/v1.0/d' }), { body: { id: 'm1', showAs: 'free' } }, refusal(404, 'ErrorItemNotFound')]);
    const [only] = await all(calendars.everything(calendar, window));
    expect(only?.items).toMatchObject([{ id: 'o1', series: 'm1', blocks: false }, { id: 'o2', blocks: false }]);
    expect(heard.map(({ url }) => url.pathname).slice(1)).toEqual(['/v1.0/me/events/m1', '/v1.0/me/events/m2']);
    expect(heard[1]?.url.searchParams.get('$select')).not.toMatch(/subject|body|attendees|\*/);
  });

  it('finds a series gone whose instances cannot be found, but not one whose mailbox cannot', async () => {
    const row = page([{ id: 'm1', type: 'seriesMaster', ...times }], { deltaLink: '{graph}/v1.0/d' });
    const gone = await hearing([row, refusal(404, 'ErrorItemNotFound')]);
    const [only] = await all(gone.calendars.changes(calendar, `m1:${gone.url}/v1.0/d`, window));
    expect(only?.items).toEqual([{ kind: 'series', series: 'm1', members: [] }]);
    await server?.close();
    const lost = await hearing([row, refusal(404, 'MailboxNotEnabledForRESTAPI')]);
    await expect(all(lost.calendars.changes(calendar, `m1:${lost.url}/v1.0/d`, window))).rejects.toMatchObject({ kind: 'unreadable' });
  });

  it('replaces a series once, at the end, by all of its instances over all pages', async () => {
    const instance = (id: string, more: object = {}) => ({ id, type: 'occurrence', showAs: 'free', ...times, ...more });
    const { calendars, heard, url } = await hearing([
      page([{ id: 'x1', type: 'exception', seriesMasterId: 'm1', showAs: 'busy', ...times }, { id: 's1', showAs: 'busy', ...times }], { nextLink: '{graph}/v1.0/2' }),
      page([{ id: 'm1', type: 'seriesMaster', ...times }, { id: 'm1', '@removed': { reason: 'changed' } }, { id: 'm2', '@removed': { reason: 'deleted' } }], { deltaLink: '{graph}/v1.0/d' }),
      page([instance('o1'), instance('x1', { type: 'exception' })], { nextLink: '{graph}/v1.0/instances2' }),
      { body: { id: 'm1', showAs: 'oof' } },
      page([instance('o2')]),
    ]);
    const pages = await all(calendars.changes(calendar, `m1:${url}/v1.0/1`, window));
    expect(pages[0]?.items).toMatchObject([{ kind: 'present', id: 's1' }]);
    expect(pages[1]?.items).toMatchObject([
      { kind: 'gone', id: 'm1' },
      { kind: 'gone', id: 'm2' },
      { kind: 'series', series: 'm2', members: [] },
      { kind: 'series', series: 'm1', members: [{ id: 'o1', blocks: true, series: 'm1' }, { id: 'x1', blocks: false, series: 'm1' }, { id: 'o2', blocks: true }] },
    ]);
    expect(heard[2]?.url.pathname).toBe('/v1.0/me/events/m1/instances');
    expect(heard[2]?.url.searchParams.get('endDateTime')).toBe('2026-06-02T08:00:00.000Z');
    expect(heard[2]?.url.searchParams.get('$select')).not.toMatch(/subject|body|attendees|\*/);
  });
});

describe('a call to Graph', () => {
  it('follows no redirect, which could take the token elsewhere', async () => {
    const { calendars, heard } = await hearing([{ status: 302, headers: { location: '/elsewhere' } }]);
    await expect(calendars.list()).rejects.toMatchObject({ kind: 'unavailable', status: 302 });
    expect(heard).toHaveLength(1);
  });

  it('waits for the one before it, and goes ahead although that failed', async () => {
    const heardBefore: number[] = [];
    const permit = (): Promise<void> => {
      heardBefore.push(server?.heard.length ?? -1);
      return Promise.resolve();
    };
    const { calendars } = await hearing([refusal(500, 'x'), page([])], { permit });
    const asked = await Promise.allSettled([calendars.list(), calendars.list(), calendars.list()]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(heardBefore).toEqual([0, 1, 2]);
  });

  it('takes a claims challenge for a refused token: renewed once, then the person must consent again', async () => {
    const challenge = { ...refusal(401, 'InvalidAuthenticationToken'), headers: { 'www-authenticate': 'Bearer error="insufficient_claims", claims="eyJ9"' } };
    const { calendars, heard } = await hearing([challenge], { token: (renew) => Promise.resolve(renew === true ? 'EwB.renewed' : 'EwB.secret') });
    await expect(calendars.list()).rejects.toMatchObject({ kind: 'grant_dead', status: 401 });
    expect(heard.map(({ headers }) => headers.authorization)).toEqual(['Bearer EwB.secret', 'Bearer EwB.renewed']);
  });

  it('costs nobody a secret when nothing answers', async () => {
    const { calendars } = await hearing([]);
    await server?.close();
    server = undefined;
    const error = await calendars.list().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CalendarError', kind: 'unavailable', reason: 'ECONNREFUSED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('EwB');
  });
});

describe('an event of ours at Microsoft', () => {
  it('is made once under its transactionId, in UTC, with nobody invited', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: { ...event, iCalUId: null } }]);
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'created', event: { id: 'AAMk=', icalUid: '', etag: 'W/"1"' } });
    expect(heard[0]?.url.pathname).toBe('/v1.0/me/calendars/AAMk%2Fa%2Bb%3D/events');
    expect(heard[0]?.headers['content-type']).toBe('application/json');
    const sent = JSON.parse(heard[0]?.body ?? '') as Record<string, unknown>;
    expect(sent).toMatchObject({
      subject: 'Haircut',
      body: { contentType: 'text', content: '' },
      start: { dateTime: '2026-06-01T08:00:00.000', timeZone: 'UTC' },
      end: { dateTime: '2026-06-01T09:00:00.000', timeZone: 'UTC' },
      showAs: 'busy',
      transactionId: transactionIdOf(identity),
    });
    expect(sent).not.toHaveProperty('attendees');
    expect(calendars.predictedId(identity)).toBeUndefined();
  });

  it.each([400, 409])('exists where Graph answers %d over its transactionId, and is named where Graph names it', async (status) => {
    const { calendars } = await hearing([refusal(status, 'ErrorDuplicateTransactionId', { '@event.existingEventId': 'AAMk=' }), refusal(status, 'errorDuplicateTransactionId')]);
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'exists', eventId: 'AAMk=' });
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'exists' });
  });

  it('is found by its property over all pages, the newest that is alive', async () => {
    const copies = [
      { ...event, id: 'old', lastModifiedDateTime: '2026-05-01T00:00:00Z' },
      { ...event, id: 'bin', lastModifiedDateTime: '2026-05-03T00:00:00Z', isCancelled: true },
      { ...event, id: 'new', lastModifiedDateTime: '2026-05-02T00:00:00Z' },
    ];
    const { calendars, heard } = await hearing([page([], { nextLink: '{graph}/v1.0/next' }), page(copies)]);
    expect(await calendars.find(calendar, identity)).toMatchObject({ id: 'new', cancelled: false, start: now });
    expect(heard[0]?.url.searchParams.get('$filter')).toBe(
      `singleValueExtendedProperties/Any(ep: ep/id eq 'String {cedc07c6-ac44-4e25-bc82-db8ea87d1a8b} Name calendarSyncKey' and ep/value eq '${transactionIdOf(identity)}')`,
    );
  });

  it('is changed under its etag with every field of ours, empty ones too, and nothing else', async () => {
    const { calendars, heard } = await hearing([{ body: event }]);
    await calendars.update(calendar, 'AA/Mk=', identity, wish, 'W/"1"');
    expect(heard[0]).toMatchObject({ method: 'PATCH', headers: { 'if-match': 'W/"1"' } });
    expect(heard[0]?.url.pathname).toBe('/v1.0/me/events/AA%2FMk%3D');
    const sent = JSON.parse(heard[0]?.body ?? '') as Record<string, unknown>;
    expect(Object.keys(sent).sort()).toEqual(['body', 'end', 'isAllDay', 'location', 'singleValueExtendedProperties', 'start', 'subject']);
    expect(sent).toMatchObject({ body: { content: '' }, location: { displayName: '' } });
  });

  it.each<[ScriptedAnswer, string]>([
    [refusal(412, 'ErrorIrresolvableConflict'), 'changed'],
    [refusal(409, 'ErrorIrresolvableConflict'), 'changed'],
    [{ status: 412, body: '' }, 'changed'],
    [refusal(404, 'ErrorItemNotFound'), 'gone'],
    [{ body: { ...event, isCancelled: true } }, 'gone'],
  ])('answered with %j, an update finds it %s', async (answer, outcome) => {
    const { calendars } = await hearing([answer]);
    expect(await calendars.update(calendar, 'AAMk=', identity, wish, 'W/"1"')).toEqual({ outcome });
  });

  it('is not taken for gone where the whole mailbox cannot be read', async () => {
    const { calendars } = await hearing([refusal(404, 'MailboxNotEnabledForRESTAPI')]);
    for (const asked of [calendars.read(calendar, 'e'), calendars.remove(calendar, 'e'), calendars.update(calendar, 'e', identity, wish)]) {
      await expect(asked).rejects.toMatchObject({ kind: 'unreadable' });
    }
  });

  it('is not known to be written where the answer does not say what, nor asked for at no time', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: '' }]);
    await expect(calendars.create(calendar, identity, wish)).rejects.toMatchObject({ kind: 'unavailable', reason: 'malformed_event' });
    await expect(calendars.create(calendar, identity, { ...wish, start: 'soon' })).rejects.toMatchObject({ kind: 'rejected' });
    expect(heard).toHaveLength(1);
  });
});

describe('a Graph subscription', () => {
  const request = { id: 'ignored', secret: 'v1.x', address: 'https://sync.example/webhooks/microsoft', expiresAt: now + 30 * 86_400_000 };
  const subscription = { id: 's-1', expirationDateTime: '2026-06-03T08:00:00.2257768Z' };
  const longest = '2026-06-08T07:50:00.000Z';

  it('is asked for no longer than Graph gives, for stored ids, and ends when Graph says', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: subscription }]);
    expect(await calendars.watch(calendar, request)).toEqual({ id: 's-1', expiresAt: Date.parse('2026-06-03T08:00:00.225Z') });
    expect(heard[0]?.headers['prefer']).toBe('IdType="ImmutableId"');
    expect(JSON.parse(heard[0]?.body ?? '')).toEqual({
      changeType: 'created,updated,deleted',
      resource: '/me/events',
      notificationUrl: request.address,
      lifecycleNotificationUrl: request.address,
      clientState: 'v1.x',
      expirationDateTime: longest,
    });
  });

  it.each<[ScriptedAnswer, object]>([
    [refusal(409, 'ObjectIdentifierInUse'), { kind: 'watch_exists' }],
    [refusal(403, 'ExtensionError'), { kind: 'throttled' }],
    [refusal(403, 'Forbidden'), { kind: 'throttled' }],
    [refusal(403, 'ErrorAccessDenied'), { kind: 'unwatchable' }],
    [refusal(403, 'insufficient_claims'), { kind: 'grant_dead' }],
    [refusal(400, 'ValidationError'), { kind: 'rejected', reason: 'ValidationError' }],
    [refusal(404, 'MailboxNotEnabledForRESTAPI'), { kind: 'unreadable' }],
    [{ status: 201, body: { id: 's-1' } }, { kind: 'unavailable', reason: 'malformed_subscription' }],
  ])('answered with %j fails with %j', async (answer, expected) => {
    const { calendars } = await hearing([answer]);
    await expect(calendars.watch(calendar, request)).rejects.toMatchObject(expected);
  });

  it('is extended in place, or gone', async () => {
    const { calendars, heard } = await hearing([{ body: subscription }, refusal(404, 'ResourceNotFound')]);
    const watch = { id: 's-1', expiresAt: now };
    expect(await calendars.renew(watch, now + 86_400_000)).toMatchObject({ id: 's-1' });
    expect(heard[0]).toMatchObject({ method: 'PATCH', body: JSON.stringify({ expirationDateTime: '2026-06-02T08:00:00.000Z' }) });
    expect(await calendars.renew(watch, now + 86_400_000)).toBe('gone');
    await expect(calendars.stop(watch)).resolves.toBeUndefined();
  });
});

describe('the calendars of a Microsoft account', () => {
  it('are read over all pages', async () => {
    const { calendars } = await hearing([
      page([{ id: 'a', name: 'Calendar', isDefaultCalendar: true, canEdit: true }], { nextLink: '{graph}/v1.0/me/calendars?$skip=10' }),
      page([{ id: 'b', name: null, canEdit: false }]),
    ]);
    expect(await calendars.list()).toEqual([
      { id: 'a', name: 'Calendar', primary: true, writable: true },
      { id: 'b', name: '', primary: false, writable: false },
    ]);
  });
});
