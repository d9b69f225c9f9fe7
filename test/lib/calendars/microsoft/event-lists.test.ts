import { afterEach, describe, expect, it } from '@jest/globals';
import type { ScriptedAnswer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';
import { all, calendar, hearing, page, refusal, stopHearing, times, window } from './scripted-graph.ts';

afterEach(stopHearing);

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
    expect(only?.items).toEqual([{ kind: 'gone', id: 'm1' }, { kind: 'series', series: 'm1', members: [] }]);
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
      { kind: 'series', series: 's1', members: [] },
      { kind: 'series', series: 'm1', members: [{ id: 'o1', blocks: true, series: 'm1' }, { id: 'x1', blocks: false, series: 'm1' }, { id: 'o2', blocks: true }] },
    ]);
    expect(heard[2]?.url.pathname).toBe('/v1.0/me/events/m1/instances');
    expect(heard[2]?.url.searchParams.get('endDateTime')).toBe('2026-06-02T08:00:00.000Z');
    expect(heard[2]?.url.searchParams.get('$select')).not.toMatch(/subject|body|attendees|\*/);
  });
});
