import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { openPlace } from '../../infra/commands/ops/place.ts';
import { days } from '../../lib/platform/clock.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather } from '../support/deliveries.ts';
import { eventually } from '../support/eventually.ts';
import { becomesBusy, busyWithin, hour, professional } from '../support/journey.ts';
import { operate } from '../support/operator.ts';
import { sendJson } from '../support/send-json.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });
const iso = (ms: number): string => new Date(ms).toISOString();

describe('a webhook, over real HTTP', () => {
  it('accepts a genuine notice once: 202, and again it is a duplicate', async () => {
    const { outputs } = run().platform;
    const { connection } = await professional(run().platform, 'google');
    // Not in the slot of the greeting, number 1, which may come in between.
    const notice = googleNotice(await channelOf(outputs, connection), 900_020);
    expect([await deliver(outputs, notice), await deliver(outputs, notice)]).toEqual([{ status: 202 }, { status: 200, reason: 'duplicate' }]);
  });

  it('accepts a genuine notice of Graph once, and again it is a duplicate', async () => {
    const { outputs } = run().platform;
    const { connection } = await professional(run().platform, 'microsoft');
    const notice = graphNotice(await subscriptionOf(outputs, connection), 900_001);
    expect([await deliver(outputs, notice), await deliver(outputs, notice)]).toEqual([{ status: 202 }, { status: 200, reason: 'duplicate' }]);
  });

  it('of a connection that is not there, in a genuine name, is 401 like any forged one', async () => {
    const { outputs, watchToken } = run().platform;
    const channel = { id: 'some-channel', resourceId: 'r', token: watchToken('google', 'gone', 'some-channel') };
    expect(await deliver(outputs, googleNotice(channel, 2))).toEqual({ status: 401 });
  });

  it.each<[string, string, RequestInit, number]>([
    ['a wrong token', 'google', { headers: { 'x-goog-channel-id': 'c', 'x-goog-channel-token': 'v1.w1.x.forged', 'x-goog-message-number': '7', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists' } }, 401],
    ['no headers of Google', 'google', {}, 400],
    ['a number that is none', 'google', { headers: { 'x-goog-channel-id': 'c', 'x-goog-channel-token': 't', 'x-goog-message-number': '7, 8', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists' } }, 400],
    ['a body of 300 KB', 'google', { headers: { 'x-goog-channel-id': 'c', 'x-goog-channel-token': 't', 'x-goog-message-number': '7', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists' }, body: 'x'.repeat(300 * 1024) }, 413],
    ['a body of 300 KB', 'microsoft', { body: JSON.stringify({ value: ['x'.repeat(300 * 1024)] }) }, 413],
    ['no JSON', 'microsoft', { body: 'value=1' }, 400],
    ['JSON of the wrong shape', 'microsoft', { body: '{"value":{}}' }, 400],
    ['bytes that are no UTF-8', 'microsoft', { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }, 400],
    ['JSON a hundred thousand levels deep', 'microsoft', { body: '['.repeat(100_000) }, 400],
    ['a wrong client state', 'microsoft', { body: JSON.stringify({ value: [{ subscriptionId: 's', changeType: 'updated', clientState: 'forged', resourceData: { id: 'e', '@odata.etag': 'W/"1"' } }] }) }, 401],
  ])('with %s, to %s, is refused', async (_what, provider, request, status) => {
    const answer = await fetch(`${run().sandbox.apiUrl}/webhooks/${provider}`, { method: 'POST', ...request });
    expect([answer.status, await answer.text()]).toEqual([status, '']);
  });

  it('echoes the validation token of Graph as plain text, and none that a browser could run', async () => {
    const shake = async (token: string) => fetch(`${run().sandbox.apiUrl}/webhooks/microsoft?validationToken=${encodeURIComponent(token)}`, { method: 'POST' });
    const answer = await shake('Validation: Testing client application reachability');
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'text/plain', 'Validation: Testing client application reachability']);
    expect((await shake('<script>')).status).toBe(400);
  });
});

describe('questions about busy time', () => {
  const question = { from: iso(hour(0).start), to: iso(hour(1).end) };
  const busy = (query: Record<string, string>) => sendJson(run().sandbox.apiUrl, 'GET', `/v1/providers/p/busy?${new URLSearchParams(query).toString()}`);
  it.each<[string, Record<string, string>, string]>([
    ['from after to', { from: question.to, to: question.from }, 'from must be before to.'],
    ['a span over a year', { from: question.from, to: iso(hour(0).start + days(367)) }, '366 days'],
    ['no end', { from: question.from }, 'to must be an RFC 3339 instant'],
    ['a time without an offset', { ...question, from: '2026-03-01T09:00:00' }, 'from must be an RFC 3339 instant'],
  ])('with %s get 400 and a sentence', async (_what, query, sentence) => {
    expect(await busy(query)).toMatchObject({ status: 400, body: { type: 'urn:calendar-sync:problem:bad-request', detail: expect.stringContaining(sentence) } });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'Send JSON'],
    ['more than 1,000 slots', { slots: Array.from({ length: 1001 }, () => ({ start: question.from, end: question.to })) }, '1 to 1000 slots'],
    ['a slot that ends before it starts', { slots: [{ start: question.to, end: question.from }] }, 'slots[0].start must be before'],
    ['a buffer below nothing', { slots: [{ start: question.from, end: question.to }], buffer_before: -1 }, 'buffer_before'],
  ])('about slots, with %s, get 400 and a sentence', async (_what, body, sentence) => {
    expect(await sendJson(run().sandbox.apiUrl, 'POST', '/v1/providers/p/availability', body)).toMatchObject({ status: 400, body: { detail: expect.stringContaining(sentence) } });
  });

  it('of somebody without any connection: no busy time, and bookable', async () => {
    expect(await busy(question)).toMatchObject({ status: 200, body: { busy: [], bookable: true, reasons: [], connections: [] } });
  });

  it('about slots: busy with its buffers, free beside, and unknown beyond what was read', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, 'google');
    await person.add('Dentist', hour(2));
    await becomesBusy(platform, providerId, { within: hour(2), at: [hour(2)] });
    const slot = ({ start, end }: { start: number; end: number }) => ({ start: iso(start), end: iso(end) });
    const slots = [hour(2), { start: hour(2).end, end: hour(3).start }, hour(4), { start: hour(4).start + days(300), end: hour(4).end + days(300) }].map(slot);
    const ask = async (buffer_before: number) => ((await platform.availability(providerId, { slots, buffer_before })).body['slots'] as { status: string; reasons?: string[] }[]).map(({ status, reasons = [] }) => [status, ...reasons].join(' '));
    expect(await ask(0)).toEqual(['busy', 'free', 'free', 'unknown beyond_window']);
    expect(await ask(5)).toEqual(['busy', 'busy', 'free', 'unknown beyond_window']);
  });
});

describe('connections, as the platform sees them', () => {
  it('are listed for a provider and shown one by one, without a secret', async () => {
    const { platform } = run();
    const { providerId, connection } = await professional(platform, 'microsoft');
    const get = (path: string) => sendJson(platform.outputs.apiUrl, 'GET', path);
    const one = await get(`/v1/connections/${connection.connection_id}`);
    expect(one).toMatchObject({ status: 200, body: { connection_id: connection.connection_id, provider_id: providerId, calendar_provider: 'microsoft', state: 'active' } });
    expect(JSON.stringify(one.body)).not.toMatch(/token|secret|sealed/i);
    expect(await get(`/v1/providers/${providerId}/connections`)).toMatchObject({ status: 200, body: { connections: [one.body] } });
    expect(await get('/v1/connections/nobody')).toMatchObject({ status: 404, body: { type: 'urn:calendar-sync:problem:not-found' } });
    expect((await get('/v1/providers/nobody/connections')).body).toEqual({ connections: [] });
  });
});

describe.each(['google', 'microsoft'] as const)('sync-now for a connection at %s', (provider) => {
  it('reads at once what no notice told', async () => {
    const { platform } = run();
    const simulator = platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
    const { providerId, connection, person } = await professional(platform, provider);
    await weather(simulator, { drop: 1 });
    await person.add('Unheard of', hour(5));
    const answer = await eventually('it is not in other hands', async () => {
      const told = await platform.post('/v1/sync/inbound', { connection_id: connection.connection_id });
      return told.status === 200 && told;
    });
    await weather(simulator, { drop: 0 });
    expect(answer.body).toMatchObject({ connection_id: connection.connection_id, outcome: 'pulled' });
    expect((await platform.busy(providerId, hour(5).start, hour(5).end)).busy).toHaveLength(1);
  });

  it('of which nobody has heard is 404', async () => {
    expect((await run().platform.post('/v1/sync/inbound', { connection_id: 'nobody' })).status).toBe(404);
  });
});

/** The operator's command on this very run, found by its outputs. */
const ops = (...line: string[]) => operate([...line, '--json'], { open: () => openPlace({ outputs: join(run().sandbox.folder, 'outputs.json') }) });

describe('operators, by their command', () => {
  it('pause a connection, sync and resume it: it catches up once, without waiting for a timer', async () => {
    const { platform } = run();
    const { providerId, person, connection } = await professional(platform, 'google');
    const id = connection.connection_id;
    const paused = await ops('connections', 'pause', id, '--yes');
    expect(paused).toMatchObject({ code: 0, data: { connection_id: id } });
    expect((await sendJson(platform.outputs.apiUrl, 'GET', `/v1/connections/${id}`)).body['paused_since']).toBe((paused.data as { paused_since: string }).paused_since);
    await person.add('While paused', hour(1));
    const booking = { id: randomUUID(), version: 1, provider_id: providerId, start_time: iso(hour(3).start), end_time: iso(hour(3).end) };
    await platform.publish('created', booking);
    await eventually('the wish is recorded', async () => (await ops('bookings', 'show', booking.id)).code === 0);
    // The pull that the change's own notice asked for may still be letting go of the lease.
    const refused = await eventually('it is refused', async () => {
      const answer = await ops('connections', 'sync', id);
      return answer.code === 1 && answer;
    });
    expect(refused).toMatchObject({ code: 1, data: { status: 409 } });
    expect(await ops('bookings', 'sync', booking.id)).toMatchObject({ code: 0, data: { status: 202, targets: [{ outcome: 'paused' }] } });
    expect((await person.events()).map(({ title }) => title)).toEqual(['While paused']);
    expect(await busyWithin(platform, providerId, hour(1))).toEqual([]);

    expect(await ops('connections', 'resume', id, '--yes')).toMatchObject({ code: 0 });
    await becomesBusy(platform, providerId, { within: hour(1), at: [hour(1)] });
    await eventually('the booking stands', async () => (await person.events()).some(({ start }) => start === hour(3).start));
    await eventually('nothing is pending', async () => ((await ops('bookings', 'show', booking.id)).data as { pending_since: unknown }).pending_since === null);
    expect(await person.events()).toHaveLength(2);
    expect(await ops('connections', 'show', id)).toMatchObject({ code: 0, data: { paused_since: null, state: 'active' } });
  });

  it('see what died and why, and redrive it: what is poison dies again under its first id', async () => {
    const { platform } = run();
    await platform.take('booking-dead');
    await platform.sqs.send(new SendMessageCommand({ QueueUrl: platform.outputs.queues.booking, MessageBody: 'no JSON {' }));
    type Letters = { 'booking-dead': { id: string; origin: string; reason: string }[] };
    const dead = async () => ((await ops('dlq', 'list', 'booking')).data as Letters)['booking-dead'];
    const [first] = await eventually('it is dead', async () => (await dead()).length === 1 && dead());
    expect(first).toMatchObject({ reason: 'not_json' });
    expect(await ops('status')).toMatchObject({ code: 1, data: { queues: { 'booking-dead': { waiting: 1 } } } });
    expect(await ops('dlq', 'redrive', 'booking', '--yes')).toMatchObject({ code: 0, data: { moved: 1 } });
    const [again] = await eventually('it is dead again', async () => {
      const letters = await dead();
      return letters.length === 1 && letters[0]?.id !== first?.id && letters;
    });
    expect(again).toMatchObject({ reason: 'not_json', origin: first?.origin });
    await platform.take('booking-dead');
  });
});

describe('operators, by their figures', () => {
  it('read what all functions counted, in Prometheus’ words, whichever function answers them', async () => {
    const answer = await fetch(`${run().sandbox.apiUrl}/ops/metrics/calendar?format=prometheus`);
    const text = await answer.text();
    const value = (series: string): number => Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ')[1]);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(value('calendar_sync_webhooks_total{calendar_provider="google",outcome="accepted"}')).toBeGreaterThanOrEqual(1);
    expect(value('calendar_sync_dead_letters_total{queue="booking",reason="not_json"}')).toBe(2);
    expect(value('calendar_sync_latency_ms_count{direction="inbound",calendar_provider="google"}')).toBeGreaterThanOrEqual(1);
    expect(run().sandbox.metrics.emf().ignored).toEqual([]);
  });
});
