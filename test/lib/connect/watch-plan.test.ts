import { describe, expect, it } from '@jest/globals';
import { isWatched, nextRenewal, planWatches, renewAt, watchesWant } from '../../../lib/connect/watch-plan.ts';
import { days, hours } from '../../../lib/platform/clock.ts';
import type { Connection, ConnectionCalendar, ConnectionWatch } from '../../../lib/platform/connections.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const calendar = (key: string, more: Partial<ConnectionCalendar> = {}): ConnectionCalendar => ({ id: `${key}@example.com`, key, blocks: true, receives: false, ...more });
const watch = (id: string, more: Partial<ConnectionWatch> = {}): ConnectionWatch => ({ id, calendar_key: 'a', resource_id: 'r', expires_at: now + days(7), made_at: now, key_id: 'k1', ...more });
const connection = (more: Partial<Connection> = {}): Connection => ({
  v: 1, connection_id: 'c-1', provider_id: 'p-1', calendar_provider: 'google', state: 'active', account: 'x', scopes: [], calendars: [calendar('a')], watches: [], created_at: now, granted_at: now, ...more,
});
const told = (steps: ReturnType<typeof planWatches>): string[] =>
  steps.map((step) => (step.kind === 'create' ? `create ${step.calendar.key}` : step.kind === 'replace' ? `replace ${step.watches.map(({ id }) => id).join('+')}` : `${step.kind} ${step.watch.id}`));

describe('the plan of watches', () => {
  it('has a channel for every Google calendar that blocks or receives, and none for one that does neither or cannot be watched', () => {
    const calendars = [calendar('a'), calendar('b', { blocks: false, receives: true }), calendar('c', { blocks: false }), calendar('d', { watchable: false })];
    expect(told(planWatches(connection({ calendars }), { now }))).toEqual(['create a', 'create b']);
    expect(isWatched(connection({ calendars }), now)).toBe(false);
  });

  it('has one subscription for a whole mailbox', () => {
    const calendars = [calendar('a'), calendar('b')];
    const graph = connection({ calendar_provider: 'microsoft', calendars });
    expect(told(planWatches(graph, { now }))).toEqual(['create a']);
    expect(isWatched({ ...graph, watches: [watch('s')] }, now)).toBe(true);
  });

  it('wants nothing while the watch is young, and renews it between a fifth and two fifths of its life before its end', () => {
    const young = connection({ watches: [watch('w')] });
    expect(planWatches(young, { now })).toEqual([]);
    const at = nextRenewal(young, now);
    expect(at).toBeGreaterThanOrEqual(now + days(7) * 0.6);
    expect(at).toBeLessThanOrEqual(now + days(7) * 0.8);
    expect(told(planWatches(young, { now: at }))).toEqual(['replace w']);
    expect(told(planWatches({ ...young, calendar_provider: 'microsoft' }, { now: at }))).toEqual(['renew w']);
    expect(watchesWant(young, at)).toBe('renewal');
  });

  it('spreads renewals of a fleet over days, the same each time', () => {
    const moments = Array.from({ length: 500 }, (_, n) => renewAt(`c-${n}`, watch('w')));
    const sorted = [...moments].sort((a, b) => a - b);
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(days(1.3));
    const fullest = Math.max(...sorted.map((moment) => sorted.filter((other) => other >= moment && other < moment + hours(1)).length));
    expect(fullest).toBeLessThan(40);
    expect(renewAt('c-7', watch('w'))).toBe(moments[7]);
  });

  it('believes a short life that came back, and renews within it', () => {
    const brief = watch('w', { expires_at: now + hours(1) });
    expect(renewAt('c-1', brief)).toBeGreaterThan(now + hours(0.5));
    expect(renewAt('c-1', brief)).toBeLessThan(now + hours(1));
  });

  it('replaces what has ended, what never answered, and what is silent', () => {
    expect(told(planWatches(connection({ watches: [watch('w', { expires_at: now })] }), { now }))).toEqual(['replace w']);
    const { expires_at: _, ...planned } = watch('w');
    expect(told(planWatches(connection({ watches: [planned] }), { now }))).toEqual(['replace w']);
    expect(watchesWant(connection({ watches: [planned] }), now)).toBe('missing');
    expect(told(planWatches(connection({ watches: [watch('w')] }), { now, silent: new Set(['a']) }))).toEqual(['replace w']);
    expect(planWatches(connection({ watches: [watch('w')] }), { now, silent: new Set(['another']) })).toEqual([]);
  });

  it('makes a subscription anew, not renewed, once its key is not the newest; not before it is due', () => {
    const graph = connection({ calendar_provider: 'microsoft', watches: [watch('s')] });
    expect(planWatches(graph, { now, keyId: 'k2' })).toEqual([]);
    expect(told(planWatches(graph, { now: now + days(6), keyId: 'k2' }))).toEqual(['replace s']);
    expect(told(planWatches(graph, { now: now + days(6), keyId: 'k1' }))).toEqual(['renew s']);
  });

  it('looks at a subscription at once when a lifecycle notice asks', () => {
    const graph = connection({ calendar_provider: 'microsoft', watches: [watch('s')] });
    expect(told(planWatches(graph, { now, check: true }))).toEqual(['renew s']);
  });

  it('stops what was retired, what nobody reads any more, and the older of two', () => {
    const watches = [watch('old', { expires_at: now + days(5) }), watch('new'), watch('gone', { calendar_key: 'z' }), watch('retired', { retired: true })];
    expect(told(planWatches(connection({ watches }), { now }))).toEqual(['stop old', 'stop gone', 'stop retired']);
  });
});
