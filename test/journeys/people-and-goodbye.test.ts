import { randomUUID } from 'node:crypto';
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { hours, seconds } from '../../lib/platform/clock.ts';
import { Setting, tableNames } from '../../lib/platform/names.ts';
import { googleQuota } from '../../lib/platform/quota.ts';
import { errorEnvelope } from '../simulators/google/google-fault.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import { bookingRows } from '../support/booking-rows.ts';
import { eventually } from '../support/eventually.ts';
import { facts } from '../support/facts.ts';
import { becomesBusy, busyWithin, hour, professional, type Professional, type Span } from '../support/journey.ts';
import { sendJson } from '../support/send-json.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ clock: 10 });
const told = facts(run);
const iso = (ms: number): string => new Date(ms).toISOString();
const fact = (type: string, { connection }: Professional): Promise<unknown> => told.heard(type, connection.connection_id);
const root = (provider: 'google' | 'microsoft'): string => run().platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
const requests = async (provider: 'google' | 'microsoft'): Promise<LoggedRequest[]> => (await (await fetch(`${root(provider)}/_sim/requests`)).json()) as LoggedRequest[];

async function wished(providerId: string, span: Span): Promise<string> {
  const id = randomUUID();
  await run().platform.publish('created', { id, version: 1, provider_id: providerId, start_time: iso(span.start), end_time: iso(span.end) });
  return id;
}
const applied = (id: string): Promise<unknown> =>
  eventually('nothing pending', async () => {
    const { wish } = await bookingRows(run().platform, id);
    return wish !== undefined && wish['pendingSince'] === undefined;
  });

async function booked({ providerId, person }: Professional, span: Span): Promise<{ id: string; eventId: string }> {
  const before = new Set((await person.events()).map((event) => event.id));
  const id = await wished(providerId, span);
  const event = await eventually('the booking in the calendar', async () => (await person.events()).find((one) => !before.has(one.id)));
  await applied(id);
  return { id, eventId: event.id };
}

const request = (method: string, path: string, body?: unknown) => sendJson(run().sandbox.apiUrl, method, path, body);
const gone = ({ connection }: Professional): Promise<unknown> =>
  eventually('the connection gone', async () => (await request('GET', `/v1/connections/${connection.connection_id}`)).status === 404, { withinMs: 60_000 });

/** Tokens of watches hold the connection's id. */
const watchesThatName = async (provider: 'google' | 'microsoft', id: string): Promise<boolean> =>
  JSON.stringify((await sendJson(root(provider), 'GET', provider === 'google' ? '/_sim/channels' : '/_sim/subscriptions')).body).includes(id);

async function rowsThatName(...words: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of tableNames) {
    const { Items = [] } = await run().platform.dynamo.send(new ScanCommand({ TableName: run().sandbox.tables[table], ConsistentRead: true }));
    // The start of a consent ends by itself; the erasing's own row goes after one more walk in five minutes.
    const rows = Items.map((item) => `${table} ${JSON.stringify(item)}`).filter((row) => !/"(start|!erase)#/.test(row));
    found.push(...rows.filter((row) => words.some((word) => row.includes(word))));
  }
  return found;
}

describe.each(['google', 'microsoft'] as const)('at %s', (provider) => {
  it('an event of ours that a person moves and then deletes is told, once each, and busy time laid over a booking too', async () => {
    const ada = await professional(run().platform, provider);
    const { id, eventId } = await booked(ada, hour(1));
    await ada.person.move(eventId, hour(4));
    expect(await fact('booking.event_moved', ada)).toMatchObject({ booking_id: id, old: { start: iso(hour(1).start) }, new: { start: iso(hour(4).start) } });
    await ada.person.add('Over it', hour(1));
    expect(await fact('booking.conflict', ada)).toMatchObject({ booking_id: id, busy: { start: iso(hour(1).start) } });
    await ada.person.remove(eventId);
    expect(await fact('booking.event_deleted', ada)).toMatchObject({ booking_id: id });
    for (const type of ['booking.event_moved', 'booking.event_deleted', 'booking.conflict']) expect(await told.all(type, ada.connection.connection_id)).toHaveLength(1);
  }, 120_000);

  it('where the connection says restore, what a person moves comes back', async () => {
    const ada = await professional(run().platform, provider);
    expect(await request('PATCH', `/v1/connections/${ada.connection.connection_id}`, { on_edit: 'restore' })).toMatchObject({ status: 200, body: { on_edit: 'restore' } });
    const { eventId } = await booked(ada, hour(7));
    await ada.person.move(eventId, hour(9));
    await eventually('the event back where it was', async () => (await ada.person.events()).some((event) => event.id === eventId && event.start === hour(7).start), { withinMs: 40_000 });
  }, 120_000);

  it('a connection goes with sync off, and its busy time at once', async () => {
    const ada = await professional(run().platform, provider);
    await booked(ada, hour(12));
    await ada.person.add('Dentist', hour(14));
    await eventually('busy', async () => (await busyWithin(run().platform, ada.providerId, hour(14))).length === 1);
    await run().platform.set(Setting.syncEnabled, 'false');
    expect(await request('DELETE', `/v1/connections/${ada.connection.connection_id}`)).toMatchObject({ status: 202, body: { state: 'disconnecting' } });
    expect(await busyWithin(run().platform, ada.providerId, hour(14))).toEqual([]);
    await gone(ada);
    await run().platform.set(Setting.syncEnabled, 'true');
    await fact('connection.removed', ada);
    expect(await ada.person.events()).toHaveLength(2);
    expect(await request('DELETE', `/v1/connections/${ada.connection.connection_id}`)).toMatchObject({ status: 202, body: { state: 'removed' } });
  }, 120_000);

  it('a connection goes, and our events to come with it: no watch, no row, and no grant where it can be given back', async () => {
    const ada = await professional(run().platform, provider);
    await booked(ada, hour(22));
    await ada.person.add('Dentist', hour(24));
    const { connection_id: id } = ada.connection;
    const revocations = async (): Promise<number> => (await requests('google')).filter(({ path, status }) => path === '/revoke' && status === 200).length;
    const before = await revocations();
    expect(await request('DELETE', `/v1/connections/${id}?remove_events=true`)).toMatchObject({ status: 202, body: { state: 'disconnecting' } });
    await fact('connection.removed', ada);
    await gone(ada);
    expect((await ada.person.events()).map(({ title }) => title)).toEqual(['Dentist']);
    await eventually('no row of it', async () => (await rowsThatName(id)).filter((row) => !row.startsWith('booking-events')).length === 0);
    expect(await watchesThatName(provider, id)).toBe(false);
    expect((await revocations()) - before).toBe(provider === 'google' ? 1 : 0);
    expect(await told.all('connection.removed', id)).toHaveLength(1);
  });

  it('a provider who is erased, with their events to come, leaves nothing in any table, and no watch', async () => {
    const ada = await professional(run().platform, provider);
    await booked(ada, hour(17));
    await ada.person.add('Dentist', hour(19));
    expect(await request('DELETE', `/v1/providers/${ada.providerId}?remove_events=true`)).toMatchObject({ status: 202, body: { state: 'erasing' } });
    await gone(ada);
    expect((await ada.person.events()).map(({ title }) => title)).toEqual(['Dentist']);
    const { connection_id: id } = ada.connection;
    await eventually('nothing left', async () => (await rowsThatName(ada.providerId, id)).length === 0, { withinMs: 30_000, everyMs: 200 });
    expect(await watchesThatName(provider, id)).toBe(false);
  }, 240_000);
});

describe.each(['google', 'microsoft'] as const)('bookings of a professional at %s', (provider) => {
  it('who connects later: those to come are written, those of the past are not', async () => {
    const providerId = randomUUID();
    const past = { start: run().sandbox.clock.now() - hours(5), end: run().sandbox.clock.now() - hours(4) };
    for (const id of [await wished(providerId, hour(1)), await wished(providerId, past), await wished(providerId, hour(3))]) await applied(id);
    const ada = await professional(run().platform, provider, { providerId });
    const events = await eventually('both are written', async () => {
      const all = await ada.person.events();
      return all.length >= 2 && all;
    });
    expect(events.map(({ start }) => start).sort()).toEqual([hour(1).start, hour(3).start]);
  });

  it('who lets another calendar receive: those to come move there, each still one event, and what blocks stays', async () => {
    const ada = await professional(run().platform, provider, { second: true });
    const { connection_id: id, calendars } = ada.connection;
    const { elsewhere } = ada;
    if (!elsewhere) throw new Error('There is no second calendar.');
    await booked(ada, hour(1));
    await ada.person.add('Dentist', hour(4));
    expect(await request('PATCH', `/v1/connections/${id}`, { calendars: [{ id: calendars[0]?.id, blocks: true, receives: false }, { id: elsewhere.id, blocks: false, receives: true }] })).toMatchObject({ status: 200 });
    await eventually('it has moved', async () => (await elsewhere.hands.events()).length === 1 && (await ada.person.events()).length === 1);
    expect([(await ada.person.events())[0]?.title, (await elsewhere.hands.events())[0]?.start]).toEqual(['Dentist', hour(1).start]);
    await wished(ada.providerId, hour(6));
    await eventually('the next goes there too', async () => (await elsewhere.hands.events()).length === 2);
    await becomesBusy(run().platform, ada.providerId, { within: { start: hour(0).start, end: hour(8).end }, at: [hour(4)] });
  });
});

describe('a calendar provider that has had enough of us', () => {
  const patiently = { headers: { 'retry-after': '40' } };
  const refusals = [
    { provider: 'google', status: 429, ...patiently },
    { provider: 'google', status: 403, body: errorEnvelope(403, 'rateLimitExceeded') },
    { provider: 'microsoft', status: 429, ...patiently },
    { provider: 'microsoft', status: 503, ...patiently },
  ] as const;

  it('is left alone for as long as it says, for reading and for writing, and nothing is lost or doubled', async () => {
    const waits = await Promise.all(refusals.map(refusedOnce));
    for (const [n, refusal] of refusals.entries()) for (const waited of waits[n] ?? []) expect([refusal, waited >= seconds('headers' in refusal ? 40 : 30)]).toEqual([refusal, true]);
  }, 60_000);

  /** How long the next read and the next write waited after one that was refused. */
  async function refusedOnce({ provider, ...refusal }: (typeof refusals)[number]): Promise<number[]> {
    const ada = await professional(run().platform, provider);
    const path = `${encodeURIComponent(ada.connection.calendars[0]?.id ?? '').replaceAll('.', '\\.')}/(events|calendarView)`;
    const refuse = (method: string) => sendJson(root(provider), 'POST', '/_sim/faults', { method, path, when: 'before', ...refusal });
    await refuse('GET');
    await ada.person.add('Dentist', hour(1));
    await refuse('POST');
    const id = await wished(ada.providerId, hour(3));
    await becomesBusy(run().platform, ada.providerId, { within: { start: hour(0).start, end: hour(2).end }, at: [hour(1)], patience: { withinMs: 40_000 } });
    await applied(id);
    expect(await ada.person.events()).toHaveLength(2);
    const calls = (await requests(provider)).filter((call) => new RegExp(path).test(call.path) && !call.path.endsWith('/watch'));
    return ['GET', 'POST'].map((method) => {
      const refused = calls.find((call) => call.method === method && call.status === refusal.status);
      return (calls.find((call) => call.method === method && call.n > (refused?.n ?? Infinity))?.at ?? 0) - (refused?.at ?? 0);
    });
  }
});

describe('a budget of calls that is nearly spent', () => {
  it('lets bookings go first, and reading wait', async () => {
    const { platform: { dynamo, outputs }, sandbox: { clock, logs } } = run();
    const ada = await professional(run().platform, 'google');
    const spent = Math.floor(clock.now() / googleQuota.window) + 1;
    // Beyond the share of a notice's pull, and not beyond a booking's.
    const spend = async (used: number): Promise<void> => {
      for (let window = spent; window < spent + 6; window += 1) {
        await dynamo.send(new PutItemCommand({ TableName: outputs.tables['sync-state'], Item: { connection_id: { S: '!quota' }, part: { S: `google#${window}` }, used: { N: String(used) } } }));
      }
    };
    await spend(googleQuota.perWindow * googleQuota.share.notice + 50);
    await eventually('the first of those windows', () => clock.now() > spent * googleQuota.window);
    const waits = (): number => logs('inbound-sync').filter(({ line }) => line.includes('calendar_sync_quota_waits_total') && line.includes('project')).length;
    const before = waits();
    await ada.person.add('Dentist', hour(1));
    await eventually('the pull has to wait', () => waits() > before);
    await wished(ada.providerId, hour(3));
    await eventually('the booking in the calendar', async () => (await ada.person.events()).length === 2);
    expect(await busyWithin(run().platform, ada.providerId, hour(1))).toEqual([]);
    await spend(0);
    await becomesBusy(run().platform, ada.providerId, { within: hour(1), at: [hour(1)] });
  }, 40_000);
});
