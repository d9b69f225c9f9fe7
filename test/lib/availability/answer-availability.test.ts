import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { answerAvailability } from '../../../lib/availability/answer-availability.ts';
import { readProvider } from '../../../lib/availability/read-provider.ts';
import { eventRow, healthEnd, healthRow, healthStart, type ConnectionHealth } from '../../../lib/platform/busy-keys.ts';
import { days, minutes } from '../../../lib/platform/clock.ts';
import { settingsFrom, unknownSettings, type SettingsSnapshot } from '../../../lib/platform/settings.ts';
import { countedTables } from '../../support/counted-tables.ts';
import { aPost } from '../../support/notices.ts';
import type { CountedTables } from '../../support/tables.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
const syncOn = settingsFrom(new Map([['CALENDAR_SYNC_ENABLED', 'true'], ['CALENDAR_ALLOWLIST_PROVIDER_IDS', '*']]));
let tables: CountedTables;
let snapshot: SettingsSnapshot;
let asked: number;
const told: unknown[] = [];
beforeAll(async () => void (tables = await countedTables()));
beforeEach(async () => {
  await tables.aClean('busy-intervals');
  [snapshot, asked] = [syncOn, 0];
});

const answer = (event: Parameters<ReturnType<typeof answerAvailability>>[0]) =>
  answerAvailability({
    read: readProvider(tables.dynamo, tables.named['busy-intervals']),
    settings: { read: async () => ((asked += 1), snapshot) },
    clock: () => now,
    failed: (failure) => told.push(failure),
  })(event);
const call = async (method: 'GET' | 'POST', providerId: string, rest: { query?: string; body?: string; isBase64Encoded?: boolean }): Promise<Record<string, unknown>> => {
  const base = aPost('google');
  const { query = '', ...others } = rest;
  const { statusCode, headers, body } = await answer({ ...base, ...others, rawQueryString: query, pathParameters: { provider_id: providerId }, requestContext: { ...base.requestContext, http: { ...base.requestContext.http, method } } });
  return { status: statusCode, type: headers?.['content-type'], ...(JSON.parse(body ?? '') as Record<string, unknown>) };
};
const busy = (from = '2026-03-02T00:00:00Z', to = '2026-03-03T00:00:00Z', providerId = 'p') => call('GET', providerId, { query: `from=${from}&to=${to}` });
const slots = (some: readonly (readonly [string, string])[], more: object = {}) => call('POST', 'p', { body: JSON.stringify({ slots: some.map(([start, end]) => ({ start, end })), ...more }) });
const event = (start: string, end: string, id = start) => tables.put('busy-intervals', { provider_id: 'p', row: eventRow('c', 'k', id), start: iso(Date.parse(start)), end: iso(Date.parse(end)), fence: 1 });
const connected = (health: Partial<ConnectionHealth> = {}) => {
  const whole: ConnectionHealth = { connection_id: 'c', calendar_provider: 'google', state: 'active', blocks: true, window_from: now - days(1), window_to: now + days(180), last_read: now, poll_ms: minutes(60), ...health };
  return tables.put('busy-intervals', { provider_id: 'p', row: healthRow(whole.connection_id), start: healthStart, end: healthEnd, v: 1, fence: 0, ...whole });
};

describe('busy time', () => {
  it('is merged, cut to what was asked, and comes from one consistent query', async () => {
    await connected();
    await event('2026-03-01T22:00:00Z', '2026-03-02T01:00:00Z');
    await event('2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z');
    await event('2026-03-02T11:00:00Z', '2026-03-02T12:00:00Z');
    await event('2026-03-03T00:00:00Z', '2026-03-03T01:00:00Z');
    expect(await busy()).toMatchObject({ status: 200, bookable: true, reasons: [], busy: [{ start: '2026-03-02T00:00:00.000Z', end: '2026-03-02T01:00:00.000Z' }, { start: '2026-03-02T10:00:00.000Z', end: '2026-03-02T12:00:00.000Z' }] });
    expect(tables.calls.map(({ command, input }) => [command, input['ConsistentRead']])).toEqual([['Query', true]]);
  });

  it('is whole where it fills more than one page of a megabyte', async () => {
    await connected();
    const padding = 'x'.repeat(350_000);
    for (let n = 0; n < 5; n += 1) await tables.put('busy-intervals', { provider_id: 'p', row: `c#k#${n}`, start: `2026-03-02T0${n}:00:00.000Z`, end: `2026-03-02T0${n}:30:00.000Z`, padding });
    const answered = await busy();
    expect(answered['busy']).toHaveLength(5);
    expect(answered['connections']).toHaveLength(1);
    expect(tables.calls.length).toBeGreaterThan(1);
  });

  it('of a provider without any connection is none, bookable, and asks for no setting', async () => {
    snapshot = unknownSettings;
    expect(await busy()).toMatchObject({ status: 200, busy: [], bookable: true, reasons: [], connections: [] });
    expect(asked).toBe(0);
  });

  it('is that of the provider named, whatever characters the id has', async () => {
    for (const id of ['a/b', 'ä ö', '100%', 'x'.repeat(256), '!c']) {
      await tables.put('busy-intervals', { provider_id: id, row: 'c#k#1', start: '2026-03-02T10:00:00.000Z', end: '2026-03-02T11:00:00.000Z' });
      expect(await busy(undefined, undefined, id)).toMatchObject({ status: 200, provider_id: id, busy: [{ start: '2026-03-02T10:00:00.000Z' }] });
    }
  });

  it('tells each connection’s state, last read and window, and nothing else of its row', async () => {
    await connected({ last_read: now - 1 });
    expect((await busy())['connections']).toEqual([{ connection_id: 'c', calendar_provider: 'google', state: 'active', blocks: true, last_read: iso(now - 1), window: { from: iso(now - days(1)), to: iso(now + days(180)) }, reasons: [] }]);
  });
});

describe('unknown is never free', () => {
  const asks = async () => ({ reasons: (await busy())['reasons'], slots: (await slots([['2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z']]))['slots'] });
  const unknown = (...reasons: string[]) => ({ reasons, slots: [{ start: '2026-03-02T10:00:00.000Z', end: '2026-03-02T11:00:00.000Z', status: 'unknown', reasons }] });
  const stillFresh = 2 * minutes(60) + minutes(5);

  it('is stale after twice the poll period and five minutes, and not a millisecond before', async () => {
    await connected({ last_read: now - stillFresh });
    expect((await asks()).reasons).toEqual([]);
    await connected({ last_read: now - stillFresh - 1 });
    expect(await asks()).toEqual(unknown('stale'));
  });

  it.each<[string, Partial<ConnectionHealth>, string]>([
    ['it cannot be read', { unreadable: true }, 'unreadable'],
    ['the person must consent again', { state: 'reauthorization_required' }, 'reauthorization_required'],
    ['the question lies before the window', { window_from: Date.parse('2026-03-02T10:30:00Z') }, 'beyond_window'],
    ['the question lies behind the window', { window_to: Date.parse('2026-03-02T10:59:59.999Z') }, 'beyond_window'],
  ])('where %s', async (_, health, reason) => {
    await connected(health);
    expect(await asks()).toEqual(unknown(reason));
  });

  it('where it was never read', async () => {
    await tables.put('busy-intervals', { provider_id: 'p', row: healthRow('c'), start: healthStart, end: healthEnd, connection_id: 'c', calendar_provider: 'google', state: 'active', blocks: true });
    expect(await asks()).toEqual(unknown('not_yet_read'));
  });

  it('where sync is off, or not known to be on', async () => {
    await connected();
    for (const off of [settingsFrom(new Map()), unknownSettings, settingsFrom(new Map([['CALENDAR_SYNC_ENABLED', 'true']]))]) {
      snapshot = off;
      expect(await asks()).toEqual(unknown('sync_off'));
    }
  });

  it('where one of several connections is', async () => {
    await connected();
    await connected({ connection_id: 'd', unreadable: true });
    expect(await asks()).toEqual(unknown('unreadable'));
  });

  it('in years that sort before or after all others', async () => {
    await connected();
    for (const [from, to] of [['9500-01-01T00:00:00Z', '9500-01-02T00:00:00Z'], ['9999-12-31T23:00:00Z', '9999-12-31T23:59:00-10:00'], ['0000-01-01T00:00:00Z', '0000-01-02T00:00:00Z'], ['0000-01-01T00:00:00+10:00', '0000-01-01T00:00:01+10:00']] as const) {
      expect(await slots([[from, to]])).toMatchObject({ status: 200, slots: [{ status: 'unknown', reasons: ['beyond_window'] }], connections: [{ connection_id: 'c' }] });
    }
  });

  it('but a connection that does not block, or is being removed, leaves nothing unknown', async () => {
    await connected({ blocks: false, unreadable: true, last_read: 0, window_to: 0 });
    await connected({ connection_id: 'd', state: 'disconnecting', last_read: 0, window_to: 0 });
    expect((await asks()).reasons).toEqual([]);
  });
});

describe('slots', () => {
  it('are free, busy or unknown each for itself, and busy wins over unknown', async () => {
    await connected({ window_to: Date.parse('2026-03-02T12:00:00Z') });
    await event('2026-03-02T10:00:00Z', '2026-03-02T10:30:00Z');
    await event('2026-03-02T13:00:00Z', '2026-03-02T13:30:00Z');
    const hours = [['2026-03-02T10:30:00Z', '2026-03-02T11:00:00Z'], ['2026-03-02T09:00:00Z', '2026-03-02T10:01:00Z'], ['2026-03-02T11:30:00Z', '2026-03-02T12:30:00Z'], ['2026-03-02T12:30:00Z', '2026-03-02T13:30:00Z'], ['2026-03-02T12:30:00+02:00', '2026-03-02T13:00:00+02:00']] as const;
    const answered = (await slots(hours))['slots'] as { status: string }[];
    expect(answered.map(({ status }) => status)).toEqual(['free', 'busy', 'unknown', 'busy', 'free']);
    expect(tables.calls.map(({ command }) => command)).toEqual(['Query']);
  });

  it('that begin inside a long event are busy: overlap decides, not start', async () => {
    await connected();
    await event('2026-03-01T00:00:00Z', '2026-03-09T00:00:00Z');
    expect(await slots([['2026-03-05T10:00:00Z', '2026-03-05T11:00:00Z']])).toMatchObject({ slots: [{ status: 'busy' }] });
  });

  it('keep their buffers free on both sides, and are told as they were asked', async () => {
    await connected();
    await event('2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z');
    const asking = (before: number | null, after: number) => slots([['2026-03-02T11:15:00Z', '2026-03-02T12:00:00Z'], ['2026-03-02T09:00:00Z', '2026-03-02T09:45:00Z']], { buffer_before: before, buffer_after: after });
    expect(await asking(15, 15)).toMatchObject({ slots: [{ status: 'free', start: '2026-03-02T11:15:00.000Z' }, { status: 'free' }] });
    expect(await asking(16, 15)).toMatchObject({ slots: [{ status: 'busy' }, { status: 'free' }] });
    expect(await asking(null, 16)).toMatchObject({ slots: [{ status: 'free' }, { status: 'busy', end: '2026-03-02T09:45:00.000Z' }] });
  });

  it('whose buffer reaches beyond the window are unknown', async () => {
    await connected({ window_to: Date.parse('2026-03-02T12:00:00Z') });
    expect(await slots([['2026-03-02T11:00:00Z', '2026-03-02T12:00:00Z']], { buffer_after: 1 })).toMatchObject({ slots: [{ status: 'unknown', reasons: ['beyond_window'] }] });
  });
});

describe('a question that cannot be answered', () => {
  const problem = { status: 400, type: 'urn:calendar-sync:problem:bad-request' };
  const day = '2026-03-02T00:00:00Z';
  it.each([
    ['no from', `to=${day}`, 'from must be an RFC 3339 instant'], ['no to', `from=${day}`, 'to must be an RFC 3339 instant'], ['nothing', '', 'from must be'], ['no offset', `from=2026-03-02T00:00:00&to=${day}`, 'from must be'],
    ['a date', `from=2026-03-02&to=${day}`, 'from must be'], ['30 February', `from=2026-02-30T00:00:00Z&to=${day}`, 'from must be'], ['month 13', `from=2026-13-01T00:00:00Z&to=${day}`, 'from must be'], ['words', `from=now&to=${day}`, 'from must be'],
    ['from after to', `from=2026-03-03T00:00:00Z&to=${day}`, 'from must be before to.'], ['from as to', `from=${day}&to=${day}`, 'from must be before to.'], ['over a year', `from=${day}&to=2027-03-04T00:00:00Z`, 'at most a year'],
  ])('about busy time gets a sentence: %s', async (_, query, sentence) => {
    const answered = await call('GET', 'p', { query });
    expect(answered).toMatchObject({ ...problem, detail: expect.stringContaining(sentence) });
    expect(tables.calls).toEqual([]);
  });

  const hour = { start: '2026-03-02T10:00:00Z', end: '2026-03-02T11:00:00Z' };
  it.each<[string, unknown, string]>([
    ['null', null, 'Send JSON'], ['a list', [hour], 'Send JSON'], ['no slots', {}, 'Send JSON'], ['slots that are no list', { slots: hour }, 'Send JSON'], ['none', { slots: [] }, '1 to 1000 slots'], ['1,001 slots', { slots: Array(1001).fill(hour) }, 'this has 1001'],
    ['a null slot', { slots: [null] }, 'slots[0].start'], ['a text slot', { slots: [hour, 'x'] }, 'slots[1].start'], ['a slot without end', { slots: [{ start: hour.start }] }, 'slots[0].end'], ['a number for an instant', { slots: [{ start: 5, end: 6 }] }, 'slots[0].start'],
    ['a slot that ends as it begins', { slots: [{ start: hour.start, end: hour.start }] }, 'slots[0].start must be before slots[0].end'], ['slots more than a year apart', { slots: [hour, { start: '2027-03-04T10:00:00Z', end: '2027-03-04T11:00:00Z' }] }, 'within a year'],
    ['a buffer below nothing', { slots: [hour], buffer_before: -1 }, 'buffer_before must be minutes'], ['a buffer of over a day', { slots: [hour], buffer_after: 1441 }, 'buffer_after must be minutes'], ['a buffer in words', { slots: [hour], buffer_after: '15' }, 'buffer_after must be minutes'],
  ])('about slots gets a sentence: %s', async (_, body, sentence) => {
    expect(await call('POST', 'p', { body: JSON.stringify(body) })).toMatchObject({ ...problem, detail: expect.stringContaining(sentence) });
    expect(tables.calls).toEqual([]);
  });

  it.each(['', '{', 'x'.repeat(1000)])('in a body that is no JSON gets a sentence: %j', async (body) => {
    expect(await call('POST', 'p', { body })).toMatchObject({ ...problem, detail: expect.stringContaining('Send JSON') });
  });

  it('by an id that no provider can have gets a sentence', async () => {
    for (const id of ['', 'x'.repeat(257)]) expect(await call('GET', id, { query: '' })).toMatchObject({ ...problem, detail: expect.stringContaining('1 to 256') });
  });

  it('is application/problem+json in the answer', async () => {
    const base = aPost('google');
    const { headers } = await answer({ ...base, pathParameters: { provider_id: 'p' }, requestContext: { ...base.requestContext, http: { ...base.requestContext.http, method: 'GET' } } });
    expect(headers?.['content-type']).toBe('application/problem+json');
  });

  it('may give offsets with a bare plus, and a body in base64', async () => {
    expect(await call('GET', 'p', { query: 'from=2026-03-02T00:00:00+01:00&to=2026-03-02T00:00:00Z' })).toMatchObject({ status: 200, from: '2026-03-01T23:00:00.000Z' });
    expect(await call('POST', 'p', { body: Buffer.from(JSON.stringify({ slots: [hour] })).toString('base64'), isBase64Encoded: true })).toMatchObject({ status: 200, slots: [{ status: 'free' }] });
  });

  it('for a while gets 503, and our reason stays inside', async () => {
    const { statusCode, body } = await answerAvailability({ read: () => Promise.reject(new Error('secret')), settings: { read: async () => syncOn }, clock: () => now, failed: (failure) => told.push(failure) })({ ...aPost('google'), rawQueryString: `from=${day}&to=2026-03-03T00:00:00Z`, pathParameters: { provider_id: 'p' }, requestContext: { ...aPost('google').requestContext, http: { ...aPost('google').requestContext.http, method: 'GET' } } });
    expect([statusCode, body?.includes('secret'), told.length]).toEqual([503, false, 1]);
  });
});
