import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { Setting, tableNames } from '../../lib/platform/names.ts';
import { eventually } from '../support/eventually.ts';
import { busyWithin, hour, professional, type Professional, type Span } from '../support/journey.ts';
import { sendJson } from '../support/send-json.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox();
const iso = (ms: number): string => new Date(ms).toISOString();
const heard: Record<string, unknown>[] = [];

/** Waits for a fact about a connection on calendar-changes. */
const fact = (type: string, { connection }: Professional): Promise<Record<string, unknown>> =>
  eventually(`${type} of ${connection.connection_id}`, async () => {
    const { sqs, outputs } = run().platform;
    const QueueUrl = outputs.queues['calendar-changes'];
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }));
    for (const { Body = '{}', ReceiptHandle } of Messages) {
      heard.push(JSON.parse(Body) as Record<string, unknown>);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return heard.find((told) => told['type'] === type && told['connection_id'] === connection.connection_id);
  }, { withinMs: 40_000 });
const facts = (type: string, { connection }: Professional): number => new Set(heard.filter((told) => told['type'] === type && told['connection_id'] === connection.connection_id).map(({ id }) => id)).size;

async function booked({ providerId, person }: Professional, span: Span): Promise<{ id: string; eventId: string }> {
  const id = randomUUID();
  const before = new Set((await person.events()).map((event) => event.id));
  await run().platform.publish('created', { id, version: 1, provider_id: providerId, start_time: iso(span.start), end_time: iso(span.end) });
  const event = await eventually('the booking in the calendar', async () => (await person.events()).find((one) => !before.has(one.id)));
  await eventually('nothing pending', async () => {
    const { Items = [] } = await run().platform.dynamo.send(new ScanCommand({ TableName: run().sandbox.tables['booking-events'], ConsistentRead: true }));
    return !Items.some((item) => item['booking_id']?.S === id && item['pendingSince'] !== undefined);
  });
  return { id, eventId: event.id };
}

const request = (method: string, path: string, body?: unknown) => sendJson(run().sandbox.apiUrl, method, path, body);
const gone = ({ connection }: Professional): Promise<unknown> =>
  eventually('the connection gone', async () => (await request('GET', `/v1/connections/${connection.connection_id}`)).status === 404, { withinMs: 60_000 });

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
    expect(['booking.event_moved', 'booking.event_deleted', 'booking.conflict'].map((type) => facts(type, ada))).toEqual([1, 1, 1]);
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

  it('a provider who is erased, with their events to come, leaves nothing in any table, and no watch', async () => {
    const ada = await professional(run().platform, provider);
    await booked(ada, hour(17));
    await ada.person.add('Dentist', hour(19));
    expect(await request('DELETE', `/v1/providers/${ada.providerId}?remove_events=true`)).toMatchObject({ status: 202, body: { state: 'erasing' } });
    await gone(ada);
    expect((await ada.person.events()).map(({ title }) => title)).toEqual(['Dentist']);
    const { connection_id: id } = ada.connection;
    await eventually('nothing left', async () => (await rowsThatName(ada.providerId, id)).length === 0, { withinMs: 30_000, everyMs: 200 });
    const { google, graph } = run().sandbox.simulators;
    const watches = await sendJson(provider === 'google' ? google : graph, 'GET', provider === 'google' ? '/_sim/channels' : '/_sim/subscriptions');
    expect(JSON.stringify(watches.body)).not.toContain(id);
  }, 240_000);
});
