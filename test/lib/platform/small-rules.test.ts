import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoff } from '../../../lib/platform/backoff.ts';
import { changeId, changesQueue, type Change } from '../../../lib/platform/changes.ts';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { eachConcurrently } from '../../../lib/platform/concurrently.ts';
import { readEnvironment } from '../../../lib/platform/environment.ts';
import { messageBody, readBookingHint, readInboundHint, readProviderHint } from '../../../lib/platform/messages.ts';
import { Env } from '../../../lib/platform/names.ts';
import { answering, Problem } from '../../../lib/platform/problem.ts';
import { allShards, dueShard, dueShards, shardOf, shards } from '../../../lib/platform/shard.ts';
import { scriptedSqs } from '../../support/recorded-calls.ts';

describe('a back-off', () => {
  it('lies between 30 s and 5 min, whatever the count and the dice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, dice) => {
        const wait = backoff(failures, () => dice);
        return Number.isInteger(wait) && wait >= seconds(30) && wait <= minutes(5);
      }),
      { seed: 1 },
    );
  });
  it('grows with failures in a row, and is spread', () => {
    const longest = [1, 2, 3, 4, 5].map((n) => backoff(n, () => 0.999999));
    expect(longest).toEqual([...longest].sort((a, b) => a - b));
    expect(longest.at(-1)).toBeGreaterThan(minutes(4.9));
    expect(backoff(1, () => 0.9)).not.toBe(backoff(1, () => 0.1));
  });
  it('is never shorter than what the calendar provider asked for', () => {
    expect(backoff(1, () => 0, minutes(20))).toBe(minutes(20));
  });
});

describe('a shard', () => {
  it('of an id stays what it was, or rows would be lost from their index', () => {
    expect(['c1', 'c2', 'connection-0001'].map(shardOf)).toEqual(['3', '5', '6']);
  });
  it('is one of those that upkeep walks', () => {
    fc.assert(fc.property(fc.string(), (id) => allShards.includes(shardOf(id)) && dueShards('sync').includes(dueShard('sync', id)) && !dueShards('sync').includes(dueShard('jobs', id))), { seed: 1 });
    expect(new Set(Array.from({ length: 200 }, (_, n) => shardOf(`c${n}`))).size).toBe(shards);
  });
});

describe('a change told to the platform', () => {
  const change: Change = { type: 'booking.event_moved', provider_id: 'p', connection_id: 'c', booking_id: 'b', cause: 'e1', detail: { start: '2026-03-02T09:00:00Z' } };
  it('has the same id whenever and in whatever words it is told, and another for every other fact', () => {
    expect(changeId(change)).toBe('k5F9ExEmvuR4mOlvb5kb0rmVEqzCdosK');
    expect(changeId({ ...change, detail: {}, provider_id: 'q' })).toBe(changeId(change));
    const others: Change[] = [{ ...change, type: 'booking.event_deleted' }, { ...change, connection_id: 'd' }, { ...change, booking_id: 'x' }, { ...change, cause: 'e2' }, { ...change, connection_id: 'cb', booking_id: '' }];
    expect(new Set([change, ...others].map(changeId)).size).toBe(others.length + 1);
  });
  it('is one message with its id, when it was told and its detail, without its cause', async () => {
    const { sqs, calls } = scriptedSqs();
    await changesQueue(sqs, 'https://sqs.example/calendar-changes').tell(change, Date.parse('2026-03-02T10:00:00Z'));
    expect(calls.map(({ input }) => JSON.parse(String(input['MessageBody'])) as unknown)).toEqual([
      { id: changeId(change), type: 'booking.event_moved', provider_id: 'p', connection_id: 'c', booking_id: 'b', occurred_at: '2026-03-02T10:00:00.000Z', start: '2026-03-02T09:00:00Z' },
    ]);
  });
});

describe('hints as messages', () => {
  it('are read as they were sent', () => {
    const hint = { v: 1, hint: 'pull', connection_id: 'c', watch: { id: 'w', resource_id: 'r' } } as const;
    expect(readInboundHint(JSON.stringify(hint))).toEqual(hint);
    expect(readBookingHint({ v: 1, hint: 'booking', booking_id: 'b', tries: 3 })).toEqual({ v: 1, hint: 'booking', booking_id: 'b', tries: 3 });
  });
  it('of a later release are read for what is known of them', () => {
    expect(readInboundHint('{"v":2,"hint":"pull","connection_id":"c","more":1,"watch":{"id":5}}')).toEqual({ v: 1, hint: 'pull', connection_id: 'c' });
    expect(readBookingHint({ v: 2, hint: 'booking', booking_id: 'b', tries: 'many' })).toEqual({ v: 1, hint: 'booking', booking_id: 'b' });
  });
  it.each(['', 'null', '[]', '5', '"pull"', '{', '{"hint":"pull"}', '{"hint":"pull","connection_id":5}', '{"hint":"pull","connection_id":""}', '{"hint":"pull","connection_id":"a#b"}', '{"hint":"booking","booking_id":"b"}', `{"hint":"pull","connection_id":"${'c'.repeat(37)}"}`])('that are none are none: %j', (body) => {
    expect(readInboundHint(body)).toBeUndefined();
  });
  it('name whatever id the platform chose in characters that the queue takes', () => {
    const hint = { v: 1, hint: 'booking', booking_id: 'a\ufffe\uffff\u{1ffff}\0é' } as const;
    expect(messageBody(hint)).toMatch(/^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+$/u);
    expect(readBookingHint(JSON.parse(messageBody(hint)))).toEqual(hint);
  });
  it.each(['', 'x'.repeat(257), '\ud800', 5])('with an id that no booking and no provider has are none: %j', (id) => {
    expect(readBookingHint({ v: 1, hint: 'booking', booking_id: id })).toBeUndefined();
    expect(readProviderHint({ v: 1, hint: 'erase', provider_id: id })).toBeUndefined();
  });
  it('may be anything at all, and nothing throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => readInboundHint(body) === undefined), { numRuns: 500, seed: 1 });
    fc.assert(fc.property(fc.jsonValue(), (value) => readBookingHint(value) === undefined), { numRuns: 500, seed: 1 });
  });
});

describe('missing environment', () => {
  it('is named whole, once', () => {
    expect(() => readEnvironment([Env.stage, Env.settingsPath, Env.inboundQueueUrl], { STAGE: 'staging', SETTINGS_PATH: '' })).toThrow('Missing environment: SETTINGS_PATH, INBOUND_QUEUE_URL.');
    expect(readEnvironment([Env.stage], { STAGE: 'staging', OTHER: 'x' })).toEqual({ STAGE: 'staging' });
  });
});

describe('work done concurrently', () => {
  it('is done for each item, and never for more than the limit at a time', async () => {
    let [atOnce, most] = [0, 0];
    const done: number[] = [];
    await eachConcurrently(Array.from({ length: 20 }, (_, n) => n), 3, async (n) => {
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      done.push(n);
    });
    expect([most, done.sort((a, b) => a - b)]).toEqual([3, Array.from({ length: 20 }, (_, n) => n)]);
  });
  it('that fails starts nothing more, waits for what is under way, and throws the first failure', async () => {
    const ended: number[] = [];
    const work = eachConcurrently([1, 2, 3, 4], 2, async (n) => {
      if (n === 1) throw new Error('first');
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(n);
    });
    await expect(work).rejects.toThrow('first');
    expect(ended).toEqual([2]);
  });
});

describe('a failing answer', () => {
  it('is a problem of a stable type; what is not ours is told inside and not outside', async () => {
    const told: unknown[] = [];
    const [ours, foreign] = [new Problem('not-found', 'There is nothing.'), new Error('password=secret')];
    const answers = await Promise.all([ours, foreign].map((error) => answering(() => Promise.reject(error), (failure) => told.push(failure))));
    expect(answers.map(({ statusCode, headers }) => [statusCode, headers?.['content-type'], headers?.['retry-after']])).toEqual([[404, 'application/problem+json', undefined], [503, 'application/problem+json', '5']]);
    expect(JSON.parse(answers[0]?.body ?? '')).toEqual({ type: 'urn:calendar-sync:problem:not-found', title: expect.any(String), status: 404, detail: 'There is nothing.' });
    expect(answers[1]?.body).not.toContain('secret');
    expect(told).toEqual([foreign]);
  });
});
