import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { leases, nextFence, updateExpression, type LeaseRow } from '../../../lib/platform/lease.ts';
import { startTables, type Tables } from '../../support/tables.ts';

let tables: Tables;
beforeAll(async () => void (tables = await startTables()));
afterAll(() => tables.close());
beforeEach(async () => {
  await tables.aClean('sync-state');
  await tables.put('sync-state', { connection_id: 'c', part: 'pull', fence: 5 });
});
const now = 1_700_000_000_000;
const row = async () => (await tables.get('sync-state', { connection_id: 'c', part: 'pull' })) ?? {};
const seen = async () => (await row()) as unknown as LeaseRow;
const take = (of: LeaseRow, at = now, onTakeover = {}) => leases(tables.dynamo, tables.named['sync-state']).take(of, { connectionId: 'c', part: 'pull', now: at, endsAt: at + 60_000, onTakeover });
const release = (lease: NonNullable<Awaited<ReturnType<typeof take>>>, change = {}) => leases(tables.dynamo, tables.named['sync-state']).release(lease, change);

describe('a fence', () => {
  it('grows with every lease and never falls below the clock, so that a restore cannot turn it back', () => {
    expect([nextFence(5, now), nextFence(now, now), nextFence(now + 9, now)]).toEqual([now, now + 1, now + 10]);
  });
});

describe('a lease', () => {
  it('that was released, though its answer was lost, is not given up once more with an error', async () => {
    const lease = await take(await seen());
    if (!lease) throw new Error('Nobody held it.');
    await release(lease);
    expect(await leases(tables.dynamo, tables.named['sync-state']).giveUp(lease, { errorCount: 1, backoffUntil: now + 60_000 })).toBe(false);
    expect(await row()).toEqual({ connection_id: 'c', part: 'pull', fence: now });
  });

  it('that failed is given up with its error, while it is held', async () => {
    const lease = await take(await seen());
    if (!lease) throw new Error('Nobody held it.');
    expect(await leases(tables.dynamo, tables.named['sync-state']).giveUp(lease, { errorCount: 1 })).toBe(true);
    expect(await row()).toEqual({ connection_id: 'c', part: 'pull', fence: now, errorCount: 1 });
  });

  it('is taken once by one of many who read the same row', async () => {
    const of = await seen();
    const taken = await Promise.all(Array.from({ length: 10 }, () => take(of)));
    expect(taken.filter((lease) => lease !== undefined)).toEqual([{ connectionId: 'c', part: 'pull', fence: now, endsAt: now + 60_000, takenOver: false }]);
    expect(await row()).toMatchObject({ fence: now, leaseUntil: now + 60_000 });
  });

  it('is not taken from a live holder, and without asking the table', async () => {
    await take(await seen());
    tables.calls.length = 0;
    expect(await take(await seen(), now + 59_999)).toBeUndefined();
    expect(tables.calls).toEqual([]);
  });

  it('is taken over once it has ended, which is told and saved in the same write', async () => {
    await take(await seen());
    const over = await take(await seen(), now + 60_000, { dueRelist: 7 });
    expect(over).toMatchObject({ takenOver: true, fence: now + 60_000 });
    expect(await row()).toMatchObject({ fence: now + 60_000, dueRelist: 7 });
  });

  it('that was lost saves nothing when it is released', async () => {
    const lost = await take(await seen());
    const over = await take(await seen(), now + 60_000);
    if (!lost || !over) throw new Error('both were to be taken');
    expect(await release(lost, { lastError: 'from a zombie' })).toBe(false);
    expect(await row()).toEqual({ connection_id: 'c', part: 'pull', fence: over.fence, leaseUntil: over.endsAt });
    expect(await release(over, { errorCount: undefined, note: 'done' })).toBe(true);
    expect(await row()).toEqual({ connection_id: 'c', part: 'pull', fence: over.fence, note: 'done' });
  });

  it('after a release is new, with a higher fence though the clock has gone back', async () => {
    const first = await take(await seen());
    if (!first) throw new Error('was to be taken');
    await release(first);
    expect(await take(await seen(), now - 5000)).toMatchObject({ takenOver: false, fence: now + 1 });
  });

  it('of an erased connection is neither taken nor released, and no row comes back', async () => {
    const of = await seen();
    const held = await take(of);
    await tables.aClean('sync-state');
    if (!held) throw new Error('was to be taken');
    expect(await take(of)).toBeUndefined();
    expect(await release(held)).toBe(false);
    expect(await tables.all('sync-state')).toEqual([]);
  });

  it('is not taken on a row that moved on since it was read', async () => {
    const stale = await seen();
    const first = await take(stale);
    if (!first) throw new Error('was to be taken');
    await release(first);
    expect(await take(stale)).toBeUndefined();
  });
});

describe('an update expression', () => {
  it('sets what has a value, removes what has none, and says nothing of nothing', () => {
    expect(updateExpression({ a: 1, b: undefined, c: 'x' })).toEqual({ expression: 'SET #a = :a, #c = :c REMOVE #b', names: { '#a': 'a', '#b': 'b', '#c': 'c' }, values: { ':a': { N: '1' }, ':c': { S: 'x' } } });
    expect(updateExpression({}).expression).toBe('');
  });
});
