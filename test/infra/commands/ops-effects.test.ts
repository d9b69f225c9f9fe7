import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ApiAnswer } from '../../../infra/commands/ops/http-call.ts';
import type { Place } from '../../../infra/commands/ops/place.ts';
import { startParameterServer, type ParameterServer } from '../../../infra/local/ssm.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import type { Connection } from '../../../lib/platform/connections.ts';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { seal } from '../../../lib/platform/seal.ts';
import { letterBox, type LetterBox } from '../../support/letter-box.ts';
import { operate, type OperatorOptions } from '../../support/operator.ts';
import { startTables, type Tables } from '../../support/tables.ts';

const path = '/calendar-sync/staging/';
let tables: Tables;
let store: ParameterServer;
let ssm: SSMClient;
let box: LetterBox;
let now = Date.parse('2026-03-02T09:00:00Z');
const calls: string[] = [];
let answer: ApiAnswer = { status: 200, text: '', body: { outcome: 'pulled', items: 2 } };

beforeAll(async () => {
  [tables, store] = await Promise.all([startTables(), startParameterServer(() => now, '')]);
  ssm = new SSMClient({ region: 'us-east-1', endpoint: store.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
  for (const [name, value] of [['SYNC_ENABLED', 'true'], ['OAUTH_ENABLED', 'false'], ['JOBS_ENABLED', 'false'], ['WEBHOOK_ENABLED', 'false'], ['ALLOWLIST_PROVIDER_IDS', 'none'], ['ALLOWLIST_CONNECTION_IDS', 'none']] as const) await put(`CALENDAR_${name}`, value);
  await createConnection({ ...tables, dynamo: tables.dynamo, tables: { connections: tables.named.connections, syncState: tables.named['sync-state'], busyIntervals: tables.named['busy-intervals'] }, hints: { send: async () => undefined, sendAll: async () => undefined }, clock: () => now }, aConnection('c-1'));
  await bookings(tables.dynamo, tables.named['booking-events']).record({ id: 'b-1', version: 3, hash: 'h', providerId: 'p-1', serviceId: 's', title: 'Ada’s scan', start: '2026-03-05T09:00:00Z', end: '2026-03-05T10:00:00Z', cancelled: false }, now);
});
afterAll(async () => {
  ssm.destroy();
  await Promise.all([tables.close(), store.close()]);
});
beforeEach(() => {
  box = letterBox();
  calls.length = 0;
});

const ring = (...keys: object[]) => JSON.stringify({ keys });
const key = (id: string, signsFrom: string) => ({ id, secret: Buffer.alloc(32, id).toString('base64'), signsFrom });
const oldRing = ring(key('t1', '2026-01-01T00:00:00Z'));
const aConnection = (id: string): Connection => ({
  v: 1, connection_id: id, provider_id: 'p-1', calendar_provider: 'google', state: 'active', account: 'hash', zone: 'Europe/Berlin', scopes: [], created_at: now, granted_at: now,
  tokens: seal(parseKeyRing(JSON.parse(oldRing)), 'ya29.token', { connectionId: id, now }), calendars: [{ id: 'ada@example.com', key: 'k', blocks: true, receives: true }], watches: [{ id: 'w-1', expires_at: now + minutes(600), key_id: 'w1' }],
});
const put = (name: string, value: string) => ssm.send(new PutParameterCommand({ Name: path + name, Value: value, Type: 'String', Overwrite: true }));
const valueOf = async (name: string) => (await ssm.send(new GetParameterCommand({ Name: path + name, WithDecryption: true }))).Parameter?.Value;

const place = (): Place => ({
  name: 'a place', dynamo: tables.dynamo, sqs: box.client as SQSClient, ssm, tables: tables.named, settingsPath: path,
  queueUrl: async (name) => name,
  apiUrl: () => Promise.resolve('http://127.0.0.1:9'),
  call: async (method, target, body) => (calls.push(`${method} ${target} ${JSON.stringify(body ?? null)}`), answer),
  close: () => undefined,
});
const say = (line: string, options: Partial<OperatorOptions> = {}) => operate(line.split(' '), { open: place, clock: () => now, ...options });

describe('flags and lists, by the operator’s command', () => {
  it('change only when that is wanted: --yes, or the word yes of somebody who is there', async () => {
    expect(await say('flags enable jobs')).toMatchObject({ code: 1, notes: expect.stringMatching(/CALENDAR_JOBS_ENABLED: false → true[^]*Say --yes/) });
    expect(await say('flags enable jobs', { answers: 'no' })).toMatchObject({ code: 1, notes: expect.stringContaining('Nothing was changed') });
    expect(await valueOf('CALENDAR_JOBS_ENABLED')).toBe('false');
    expect(await say('flags enable jobs', { answers: ' Yes' })).toMatchObject({ code: 0 });
    expect(await valueOf('CALENDAR_JOBS_ENABLED')).toBe('true');
    expect(await say('flags enable CALENDAR_JOBS_ENABLED')).toMatchObject({ code: 0, out: 'Nothing to change.' });
  });

  it('go off all at once, and are told with what they gate', async () => {
    expect(await say('flags all-off --yes --json')).toMatchObject({ code: 0, data: { changed: ['CALENDAR_SYNC_ENABLED', 'CALENDAR_JOBS_ENABLED'], value: 'false' } });
    const { data } = await say('flags show --json');
    expect(Object.values(data as Record<string, { on: boolean }>).map(({ on }) => on)).toEqual([false, false, false, false]);
    expect((await say('flags enable sync --yes')).notes).toContain('WEBHOOK_KEYS is missing');
  });

  it('a list that loses its last entry is none, never blank', async () => {
    await say('allow add providers p-1 p-2 --yes');
    await say('allow percent providers 10 --yes');
    expect(await valueOf('CALENDAR_ALLOWLIST_PROVIDER_IDS')).toBe('p-1,p-2,10%');
    await say('allow percent providers 0 --yes');
    expect(await say('allow remove providers p-1 p-2 --yes')).toMatchObject({ code: 0, notes: expect.stringContaining('It admits nobody.') });
    expect(await valueOf('CALENDAR_ALLOWLIST_PROVIDER_IDS')).toBe('none');
    expect(await say('allow percent connections 10 --yes')).toMatchObject({ code: 1 });
    expect((await say('allow show')).out).toMatch(/PROVIDER_IDS\s+none\s+nobody/);
  });
});

describe('secrets, by the operator’s command', () => {
  it('are made, rotated and dropped without a value ever being shown', async () => {
    const shown: string[] = [];
    const tell = async (line: string, stdin?: string) => {
      const { code, out, notes } = await say(line, stdin === undefined ? {} : { stdin });
      shown.push(out, notes);
      return code;
    };
    expect(await tell('secrets show')).toBe(1);
    expect(await tell('secrets set TOKEN_KEYS --yes', oldRing)).toBe(0);
    expect(await tell('secrets set GOOGLE_OAUTH --yes', '{"client_id":"the-client","client_secret":"hunter2"}')).toBe(0);
    expect(await tell('secrets rotate GOOGLE_OAUTH --yes', 'hunter3\n')).toBe(0);
    expect(await valueOf('GOOGLE_OAUTH')).toBe('{"client_id":"the-client","client_secret":"hunter3"}');
    expect(await tell('secrets set GOOGLE_OAUTH --yes', 'hunter4')).toBe(1);
    expect(await tell('secrets set TOKEN_KEYS --yes', ring(key('t9', '2026-01-01T00:00:00Z')))).toBe(1);
    expect(await tell('secrets rotate TOKEN_KEYS --yes')).toBe(0);
    now += minutes(21);
    expect(await tell('secrets rotate TOKEN_KEYS --drop --yes')).toBe(0);
    expect(parseKeyRing(JSON.parse((await valueOf('TOKEN_KEYS')) ?? '')).map(({ id }) => id)).toEqual(['t1', 't2']);

    const both = parseKeyRing(JSON.parse((await valueOf('TOKEN_KEYS')) ?? ''));
    await tables.put('connections', { ...aConnection('c-1'), tokens: seal(both, 'ya29.token', { connectionId: 'c-1', now }) });
    expect(await tell('secrets rotate TOKEN_KEYS --drop --yes')).toBe(0);
    const left = (await valueOf('TOKEN_KEYS')) ?? '';
    expect(parseKeyRing(JSON.parse(left)).map(({ id }) => id)).toEqual(['t2']);
    expect(await tell('secrets rotate WEBHOOK_KEYS --yes')).toBe(0);
    await tell('secrets show');
    const everything = shown.join('\n');
    for (const value of ['hunter', key('t1', '').secret, (JSON.parse(left) as { keys: { secret: string }[] }).keys[0]?.secret ?? '?', 'ya29']) expect(everything).not.toContain(value);
    expect(everything).toMatch(/t2\s+signs/);
    expect(await say('secrets set WEBHOOK_KEYS', { answers: 'yes', stdin: 'typed' })).toMatchObject({ code: 1, notes: expect.stringContaining('--file') });
  });
});

describe('connections and bookings, by the operator’s command', () => {
  it('are listed and shown without tokens, accounts and texts', async () => {
    const list = await say('connections list --json');
    expect(list).toMatchObject({ code: 0, data: [{ connection_id: 'c-1', provider_id: 'p-1', state: 'active', calendars: 1 }] });
    expect((await say('connections list --provider p-1 --state paused --json')).data).toEqual([]);
    const shown = await say('connections show c-1 --json');
    expect(shown).toMatchObject({ code: 0, data: { connection_id: 'c-1', inbox: { generation: 1 }, pull: { fence: 0 }, push: { fence: 0 } } });
    for (const secret of ['s1.', '"hash"']) expect(`${shown.out}${list.out}${(await say('connections show c-1')).out}`).not.toContain(secret);
    expect(await say('connections show nobody')).toMatchObject({ code: 1, notes: expect.stringContaining('connections list') });

    const booking = await say('bookings show b-1 --json');
    expect(booking).toMatchObject({ code: 0, data: { booking_id: 'b-1', version: 3, texts: { title: 10 }, targets: [] } });
    expect(`${booking.out}${(await say('bookings show b-1')).out}`).not.toContain('Ada');
    expect((await say('bookings show nobody')).code).toBe(1);
  });

  it('are paused, resumed with one hint to each half, synced and disconnected over the HTTP API', async () => {
    expect((await say('connections pause c-1')).code).toBe(1);
    expect((await say('connections pause c-1 --yes')).code).toBe(0);
    expect((await say('connections list --state paused --json')).data).toHaveLength(1);
    expect((await say('connections pause c-1')).out).toContain('paused already');
    expect((await say('connections resume c-1 --yes')).code).toBe(0);
    expect(box.lying('inbound').map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ v: 1, hint: 'pull', connection_id: 'c-1' }]);
    expect(box.lying('booking').map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ v: 1, hint: 'provider', provider_id: 'p-1' }]);
    expect((await tables.get('connections', { connection_id: 'c-1' }))?.['paused_at']).toBeUndefined();

    expect(await say('connections sync c-1')).toMatchObject({ code: 0, out: '200: pulled, 2 items' });
    answer = { status: 403, text: '', body: { detail: 'Sync is off.' } };
    expect(await say('bookings sync b-1')).toMatchObject({ code: 1, out: '403: Sync is off.' });
    answer = { status: 202, text: '', body: { state: 'disconnecting' } };
    expect((await say('connections disconnect c-1')).code).toBe(1);
    expect(await say('connections disconnect c-1 --remove-events --yes')).toMatchObject({ code: 0, out: '202: disconnecting' });
    expect(calls).toEqual(['POST /v1/sync/inbound {"connection_id":"c-1"}', 'POST /v1/sync/outbound {"booking_id":"b-1"}', 'DELETE /v1/connections/c-1?remove_events=true null']);
  });
});

describe('dead letters and status, by the operator’s command', () => {
  it('are shown redacted, and redriven to the queue that is named, once that is wanted', async () => {
    const id = box.put('booking-dead', '{"id":"e","booking":{"title":"Ada’s scan"}}', { reason: 'invalid_event', messageId: 'first' });
    box.put('booking-dead', 'not json', { reason: 'not_json', messageId: 'second' });
    const list = await say('dlq list');
    const shown = await say(`dlq show booking ${id}`);
    expect(`${list.out}${shown.out}`).not.toContain('Ada');
    expect(shown.out).toContain('invalid_event');
    expect(await say('dlq redrive booking --dry-run')).toMatchObject({ code: 0, out: expect.stringContaining('A dry run') });
    expect(await say('dlq redrive booking')).toMatchObject({ code: 1, notes: expect.stringContaining('2 dead letters from booking-dead back to booking') });
    expect([box.lying('booking-dead').length, box.lying('booking').length]).toEqual([2, 0]);
    expect(await say(`dlq redrive booking --id ${id} --yes --json`)).toMatchObject({ code: 0, data: { from: 'booking-dead', to: 'booking', moved: 1 } });
    expect(await say('dlq redrive booking --reason not_json --yes --json')).toMatchObject({ data: { moved: 1 } });
    expect(await say('dlq redrive booking --yes --json')).toMatchObject({ code: 0, data: { moved: 0 } });
    expect(box.lying('booking').map(({ attributes }) => attributes['messageId'])).toEqual(['first', 'second']);
    expect(await say('dlq show booking gone')).toMatchObject({ code: 1 });
  });

  it('stand in the status, which is bad as long as a dead letter lies', async () => {
    const status = await say('status --json');
    expect(status).toMatchObject({ code: 0, data: { flags: { CALENDAR_SYNC_ENABLED: true }, connections: { active: 1 }, waiting: { dirty: { count: 1 }, pending: { count: 1, oldest_ms: minutes(21) } }, alarms: null } });
    box.put('inbound-dead', 'x');
    expect(await say('status')).toMatchObject({ code: 1, out: expect.stringMatching(/inbound-dead\s+1/) });
  });

  it('verification runs over the same tables, and the ledger is empty', async () => {
    expect(await say('verify --json --per-second 10000')).toMatchObject({ code: 0, data: { violations: 0, findings: expect.arrayContaining([expect.objectContaining({ violations: 0 })]) } });
    expect(await say('migrate --json')).toMatchObject({ code: 0, data: [] });
    expect(await say('migrate /nowhere')).toMatchObject({ code: 1, notes: expect.stringContaining('no folder') });
  });
});
