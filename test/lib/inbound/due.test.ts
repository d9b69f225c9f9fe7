import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decidePull } from '../../../lib/inbound/pull-decision.ts';
import { dueChange, dueIndex, dueKinds, duesAfter, jittered, nextRoll, pollPeriod, relistAfterTakeover, trailingAfter } from '../../../lib/inbound/due.ts';
import { listedWindow, overlaps } from '../../../lib/inbound/window.ts';
import { backoff } from '../../../lib/platform/backoff.ts';
import { days, hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { settingsFrom } from '../../../lib/platform/settings.ts';
import { dueShards } from '../../../lib/platform/shard.ts';

const now = Date.parse('2026-03-27T09:00:00Z');
const moment = fc.integer({ min: now - days(400), max: now + days(400) });
const id = fc.string({ minLength: 1, maxLength: 36 });
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

describe('the weekly roll', () => {
  it('comes at most a week from now, always at the same moment of the week, and never now', () => {
    fc.assert(
      fc.property(id, moment, (connection, at) => {
        const roll = nextRoll(connection, at);
        expect(roll).toBeGreaterThan(at);
        expect(roll - at).toBeLessThanOrEqual(days(7));
        expect(nextRoll(connection, roll) - roll).toBeCloseTo(days(7), -1);
      }),
    );
  });

  it('keeps the promise until the next: what is listed now still covers the promised days at the next roll', () => {
    fc.assert(
      fc.property(id, moment, (connection, at) => {
        expect(listedWindow({ back: 1, ahead: 180 }, at).to).toBeGreaterThanOrEqual(nextRoll(connection, at) + days(180));
      }),
    );
  });

  it('is spread over the week', () => {
    const perDay = new Map<number, number>();
    for (let n = 0; n < 700; n += 1) {
      const day = Math.floor((nextRoll(`c-${n}`, now) - now) / days(1));
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
    }
    expect(perDay.size).toBe(7);
    expect(Math.min(...perDay.values())).toBeGreaterThan(60);
  });
});

describe('the polling floor', () => {
  it('is five minutes at least while notices cannot be relied on, stretched where there are many', () => {
    expect(pollPeriod(false, { connections: 0, unproven: 0 })).toBe(minutes(5));
    expect(pollPeriod(false, { connections: 9000, unproven: 3000 })).toBe(minutes(10));
  });

  it('is an hour once a watch has delivered, up to twelve in a large fleet', () => {
    expect(pollPeriod(true, { connections: 10, unproven: 10 })).toBe(hours(1));
    expect(pollPeriod(true, { connections: 30_000, unproven: 0 })).toBe(hours(3));
    expect(pollPeriod(true, { connections: 10_000_000, unproven: 0 })).toBe(hours(12));
  });

  it('is jittered by a quarter each way', () => {
    fc.assert(
      fc.property(random, (chance) => {
        const waited = jittered(hours(1), () => chance);
        expect(waited).toBeGreaterThanOrEqual(minutes(45));
        expect(waited).toBeLessThanOrEqual(minutes(75));
      }),
    );
    expect([0, 0.5, 1].map((chance) => jittered(hours(1), () => chance))).toEqual([45, 60, 75].map(minutes));
  });
});

describe('the back-off', () => {
  it('lies between 30 seconds and five minutes, its ceiling doubling, and never below what was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), random, fc.integer({ min: 0, max: hours(2) }), (failures, chance, asked) => {
        const wait = backoff(failures, () => chance, asked);
        expect(wait).toBeGreaterThanOrEqual(Math.max(seconds(30), asked));
        expect(wait).toBeLessThanOrEqual(Math.max(Math.min(minutes(5), seconds(30) * 2 ** failures), asked));
      }),
    );
    expect(backoff(1, () => 0.999_999)).toBe(minutes(1));
    expect(backoff(50, () => 0.999_999)).toBe(minutes(5));
  });
});

describe('what is due', () => {
  const dues = fc.record({ duePoll: moment, dueRoll: moment, dueTrailing: moment, dueRelist: moment }, { requiredKeys: [] });

  it('is on the index at the time of what comes first; what SYNC alone may run is not hidden behind a poll', () => {
    fc.assert(
      fc.property(dues, id, (due, connection) => {
        const index = dueIndex(due, connection);
        const bySync = [due.dueTrailing, due.dueRelist].filter((at) => at !== undefined);
        const byJobs = [due.duePoll, due.dueRoll].filter((at) => at !== undefined);
        expect(dueShards(bySync.length > 0 ? 'sync' : 'jobs')).toContain(index.dueShard);
        expect(index.dueAt).toBe(Math.min(...(bySync.length > 0 ? bySync : byJobs), Number.MAX_SAFE_INTEGER));
      }),
    );
  });

  it('leaves a row on the index whatever happens, so that a walk of it meets every connection', () => {
    expect(dueChange({}, 'c-1')).toMatchObject({ dueAt: Number.MAX_SAFE_INTEGER });
  });

  it('after a pull holds a next poll and a next roll, a trailing pull only after a notice, and nothing of what was done', () => {
    fc.assert(
      fc.property(dues, fc.boolean(), fc.boolean(), random, (before, listed, trailing, chance) => {
        const done = dueKinds(before, now);
        const after = duesAfter(before, { connectionId: 'c-1', done, listed, trailing, lookAgain: false, dueWatch: now + hours(24), proven: true, now, period: hours(1), random: () => chance });
        expect(after.duePoll).toBeGreaterThan(now);
        expect(after.dueRoll).toBeDefined();
        expect(after.dueTrailing).toBe(trailing ? now + trailingAfter : done.has('trailing') ? undefined : before.dueTrailing);
        expect(after.dueRelist).toBe(done.has('relist') ? undefined : before.dueRelist);
        if (listed) expect(after.dueRoll).toBe(nextRoll('c-1', now));
      }),
    );
    expect(relistAfterTakeover).toBe(minutes(10));
  });
});

describe('whether to pull', () => {
  const state = (inbox: object, pull: object) => ({ inbox: { generation: 1, delivered: '', ...inbox }, pull: { fence: 1, ...pull }, cursors: new Map() });
  const jobs = settingsFrom(new Map([[Setting.jobsEnabled, 'true']]));
  const noJobs = settingsFrom(new Map());

  it('stands in the rows: a mark or a due time, nobody at it, no back-off', () => {
    expect(decidePull(state({}, { duePoll: now + 1 }), jobs, now)).toEqual({ kind: 'idle' });
    expect(decidePull(state({ dirtySince: 1 }, {}), noJobs, now)).toMatchObject({ kind: 'pull', dirty: true, list: false });
    expect(decidePull(state({ dirtySince: 1 }, { leaseUntil: now + 1 }), jobs, now)).toEqual({ kind: 'held' });
    expect(decidePull(state({ dirtySince: 1 }, { leaseUntil: now }), jobs, now)).toMatchObject({ kind: 'pull' });
    expect(decidePull(state({ dirtySince: 1 }, { backoffUntil: now + 1 }), jobs, now)).toEqual({ kind: 'backing_off' });
  });

  it('asks JOBS for polls and rolls, and not for the trailing pull and the re-list after a takeover', () => {
    expect(decidePull(state({}, { duePoll: now }), noJobs, now)).toEqual({ kind: 'idle' });
    expect(decidePull(state({}, { duePoll: now }), jobs, now)).toMatchObject({ kind: 'pull', dirty: false, list: false });
    expect(decidePull(state({}, { dueRoll: now }), jobs, now)).toMatchObject({ list: true });
    expect(decidePull(state({}, { dueTrailing: now }), noJobs, now)).toMatchObject({ kind: 'pull', list: false });
    expect(decidePull(state({}, { dueRelist: now }), noJobs, now)).toMatchObject({ kind: 'pull', list: true });
  });
});

describe('the window', () => {
  it('holds whatever overlaps it, wherever that began', () => {
    const window = listedWindow({ back: 1, ahead: 180 }, now);
    expect(window).toEqual({ from: now - days(1), to: now + days(187) });
    expect(overlaps({ start: now - days(30), end: now - days(1) + 1 }, window)).toBe(true);
    expect(overlaps({ start: now - days(30), end: now - days(1) }, window)).toBe(false);
    expect(overlaps({ start: window.to - 1, end: window.to + days(9) }, window)).toBe(true);
    expect(overlaps({ start: window.to, end: window.to + 1 }, window)).toBe(false);
  });
});
