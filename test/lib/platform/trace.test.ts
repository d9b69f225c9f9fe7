import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { receiveHints } from '../../../lib/inbound/receive-hints.ts';
import { receiveBookingBatch } from '../../../lib/outbound/receive-booking-batch.ts';
import type { HintQueue } from '../../../lib/platform/hint-queue.ts';
import { messageBody, readBookingHint, readInboundHint, readProviderHint, type InboundHint } from '../../../lib/platform/messages.ts';
import { shardOf } from '../../../lib/platform/shard.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { aBookingEvent, aRecord } from '../../support/booking-events.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { correlation } from '../../support/traces.ts';
import { inbound, leaseLength, outbound, telling, type Told } from '../../support/workers.ts';

let world: SmallWorld;
let ada: Connected;
let mary: Connected;
beforeAll(async () => {
  world = await startSmallWorld();
  ada = await world.connect('google');
  mary = await world.connect('microsoft');
});
afterAll(() => world.close());
beforeEach(() => {
  world.hints.length = 0;
  world.bookingHints.length = 0;
});

const neverDead = () => Promise.reject(new Error('Nothing is set aside here.'));
const hintOf = ({ id }: Connected, n?: number): InboundHint => ({ v: 1, hint: 'pull', connection_id: id, ...(n !== undefined && { correlation: correlation(n) }) });

async function pulled(...hints: readonly InboundHint[]): Promise<Told['lines']> {
  const parts = inbound(world);
  for (const { connection_id } of hints) await parts.states.mark(connection_id, world.clock(), shardOf(connection_id));
  await receiveHints({ ...parts, deadLetters: neverDead })({ Records: hints.map(aRecord) }, world.clock() + leaseLength);
  return parts.lines;
}

async function booked(body: object): Promise<Told['lines']> {
  const parts = { ...outbound(world), forProvider: () => Promise.resolve(0), deadLetters: neverDead };
  await receiveBookingBatch(parts)({ Records: [aRecord(body)] }, world.clock() + leaseLength);
  return parts.lines;
}

const idsIn = (lines: Told['lines']): unknown[] => [...new Set(lines.map(({ fields }) => fields['correlation_id']))];
const told = (lines: Told['lines'], message: string) => lines.filter((line) => line.message === message).map(({ fields }) => fields);

describe('the id of a story', () => {
  it('goes from the hint into every call and into the line of what was applied, with fence and generation', async () => {
    const lines = await pulled(hintOf(ada, 71));
    expect(idsIn(lines)).toEqual([correlation(71)]);
    expect(told(lines, 'call')).toEqual([expect.objectContaining({ connection_id: ada.id, calendar_provider: 'google', method: 'GET', status: 200 })]);
    expect(told(lines, 'pull')).toEqual([expect.objectContaining({ connection_id: ada.id, outcome: 'pulled', fence: expect.any(Number), generation: expect.any(Number), cleared: true })]);
  });

  it('is what Graph is told to write into its own logs, at each call', async () => {
    const from = world.microsoft.requests.length;
    const lines = await pulled(hintOf(mary, 72));
    const sent = world.microsoft.requests.slice(from).map(({ headers }) => headers['client-request-id']);
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(sent)).toEqual(new Set([correlation(72)]));
    expect(told(lines, 'call')).toHaveLength(sent.length);
  });

  it('is each connection’s own where one batch brings several, though their pulls run side by side', async () => {
    const lines = await pulled(hintOf(ada, 73), hintOf(mary, 74));
    const pairs = lines.map(({ fields }) => `${String(fields['connection_id'])} ${String(fields['correlation_id'])}`);
    expect([...new Set(pairs)].sort()).toEqual([`${ada.id} ${correlation(73)}`, `${mary.id} ${correlation(74)}`].sort());
  });

  it('goes on with the hint that a failed pull leaves behind', async () => {
    await fetch(`${world.google.url}/_sim/faults`, { method: 'POST', body: JSON.stringify({ when: 'before', path: '/events', status: 503, times: 1 }) });
    const lines = await pulled(hintOf(ada, 75));
    expect(told(lines, 'pull')).toEqual([expect.objectContaining({ outcome: 'failed', correlation_id: correlation(75) })]);
    expect(world.hints.map(({ hint }) => hint.correlation)).toEqual([correlation(75)]);
    world.advance(10 * 60_000);
    await pulled(hintOf(ada));
  });

  it('begins with a booking’s message, and goes from its wish to the row that names the event', async () => {
    const lines = await booked(aBookingEvent({ id: 'story-1', provider_id: ada.providerId }));
    expect(idsIn(lines)).toHaveLength(1);
    expect(lines.map(({ message }) => message)).toEqual(['wish', 'call', 'drain']);
    expect(told(lines, 'drain')).toEqual([expect.objectContaining({ booking_id: 'story-1', targets: [expect.objectContaining({ connection_id: ada.id, outcome: 'created', fence: expect.any(Number) })] })]);
  });

  it('comes with a booking’s hint, but never from outside', async () => {
    expect(idsIn(await booked({ v: 1, hint: 'booking', booking_id: 'story-1', correlation: correlation(76) }))).toEqual([correlation(76)]);
    expect(idsIn(await booked({ ...aBookingEvent({ id: 'story-1', provider_id: ada.providerId }), correlation: correlation(77) }))).not.toContain(correlation(77));
  });

  it('is one for all that a tick rings for, and the tick says how much that was', async () => {
    const { dynamo, named } = world.tables;
    const rung: unknown[] = [];
    const queue: HintQueue<object> = { send: () => Promise.resolve(), sendAll: (hints) => Promise.resolve(void rung.push(...hints)) };
    const parts = telling();
    for (const { id } of [ada, mary]) await inbound(world).states.mark(id, world.clock() - 60_000, shardOf(id));
    await tick({ ...parts, dynamo, clock: world.clock, settings: world.settings, tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] }, states: upkeepStates(dynamo, named['sync-state']), inbound: queue, booking: queue, provider: queue });
    expect(rung.length).toBeGreaterThanOrEqual(2);
    expect(new Set(rung.map((hint) => (hint as InboundHint).correlation))).toEqual(new Set([correlation(1)]));
    expect(told(parts.lines, 'tick')).toEqual([expect.objectContaining({ correlation_id: correlation(1), rung: expect.objectContaining({ dirty: 2 }) })]);
  });
});

describe('a hint', () => {
  it('of the release before, which has no id, is read; so is one of ours by that release, which takes what it knows', () => {
    expect(readInboundHint('{"v":1,"hint":"pull","connection_id":"c-1"}')).toEqual({ v: 1, hint: 'pull', connection_id: 'c-1' });
    expect(readBookingHint({ v: 1, hint: 'booking', booking_id: 'b' })).toEqual({ v: 1, hint: 'booking', booking_id: 'b' });
    expect(readProviderHint({ v: 1, hint: 'erase', provider_id: 'p' })).toEqual({ v: 1, hint: 'erase', provider_id: 'p' });
  });

  it.each([['a word', 'no uuid'], ['one with a line of log behind it', `${correlation(1)}\n{"level":"ERROR"}`], ['a number', 7], ['a query', { $gt: '' }], ['endless', 'x'.repeat(300_000)]])('is obeyed without its id where that is %s', (_, strange) => {
    expect(readInboundHint(JSON.stringify({ ...hintOf({ id: 'c-1' } as Connected), correlation: strange }))).toEqual({ v: 1, hint: 'pull', connection_id: 'c-1' });
    expect(readBookingHint({ v: 1, hint: 'booking', booking_id: 'b', correlation: strange })).toEqual({ v: 1, hint: 'booking', booking_id: 'b' });
  });

  it('with its id stays below 1 KB, whatever ids it names', () => {
    const long = 'x'.repeat(256);
    expect(messageBody({ v: 1, hint: 'provider', provider_id: long, after: long, late: { connection_id: 'c'.repeat(36), due: Number.MAX_SAFE_INTEGER }, correlation: correlation(1) }).length).toBeLessThan(1024);
    expect(messageBody({ v: 1, hint: 'pull', connection_id: 'c'.repeat(36), watch: { id: long, resource_id: long }, correlation: correlation(1) }).length).toBeLessThan(1024);
  });
});
