import { describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting, type SettingName } from '../../../lib/platform/names.ts';
import { every, settings, settingsFrom, syncGate, unknownSettings } from '../../../lib/platform/settings.ts';
import { scriptedSsm } from '../../support/recorded-calls.ts';

const path = '/calendar-sync/staging/';
const names = [Setting.syncEnabled, Setting.providerAllowlist, Setting.tokenKeys];
const snapshotOf = (values: Partial<Record<SettingName, string>>) => settingsFrom(new Map(Object.entries(values) as [SettingName, string][]));

/** Parameters that can fail, change and be slow; a clock that stands until it is moved. */
function aStore({ random = 0.5 } = {}) {
  const state: { values: Record<string, string>; now: number; failing: boolean; held: Promise<void> | undefined } = { values: { CALENDAR_SYNC_ENABLED: 'true' }, now: 1_000_000, failing: false, held: undefined };
  const failures: unknown[] = [];
  const { ssm, calls } = scriptedSsm(async () => {
    await state.held;
    if (state.failing) throw new Error('SSM does not answer');
    return { Parameters: Object.entries(state.values).map(([name, Value]) => ({ Name: path + name, Value })), InvalidParameters: [] };
  });
  const store = settings({ ssm, path, names, clock: () => state.now, random: () => random, onFailure: (error) => failures.push(error) });
  return { state, calls, failures, store, sync: async () => (await store.read()).flag(Setting.syncEnabled) };
}

describe('a flag', () => {
  it.each(['true', 'TRUE', 'True', ' true', 'TRUE ', '\ttrue\n'])('is on where the parameter says %j', (value) => {
    expect(snapshotOf({ CALENDAR_SYNC_ENABLED: value }).flag(Setting.syncEnabled)).toBe('open');
  });
  it.each(['false', '', ' ', '1', 'yes', 'on', 'enabled', 'true,', 'tru', 'truetrue', '"true"', 'none', '*'])('is off where the parameter says %j', (value) => {
    expect(snapshotOf({ CALENDAR_SYNC_ENABLED: value }).flag(Setting.syncEnabled)).toBe('closed');
  });
  it('is off where the parameter is missing', () => {
    expect(snapshotOf({}).flag(Setting.syncEnabled)).toBe('closed');
  });
});

describe('what was read', () => {
  it('keeps unknown apart from off: flags and lists are closed, a secret is unknown', () => {
    const nothing = snapshotOf({});
    expect([nothing.flag(Setting.jobsEnabled), nothing.allows(Setting.providerAllowlist, 'p'), nothing.secret(Setting.tokenKeys)]).toEqual(['closed', 'closed', undefined]);
    expect([unknownSettings.flag(Setting.jobsEnabled), unknownSettings.allows(Setting.providerAllowlist, 'p'), unknownSettings.secret(Setting.tokenKeys)]).toEqual(['unknown', 'unknown', undefined]);
  });
  it('lets shares in by the provider list only', () => {
    const both = snapshotOf({ CALENDAR_ALLOWLIST_PROVIDER_IDS: '100%', CALENDAR_ALLOWLIST_CONNECTION_IDS: '100%' });
    expect([both.allows(Setting.providerAllowlist, 'p'), both.allows(Setting.connectionAllowlist, 'c')]).toEqual(['open', 'closed']);
  });
  it('closes sync where either the flag or the list does', () => {
    expect(syncGate(snapshotOf({ CALENDAR_SYNC_ENABLED: 'true', CALENDAR_ALLOWLIST_PROVIDER_IDS: 'p' }), 'p')).toBe('open');
    expect(syncGate(snapshotOf({ CALENDAR_SYNC_ENABLED: 'true', CALENDAR_ALLOWLIST_PROVIDER_IDS: 'p' }), 'q')).toBe('closed');
    expect(syncGate(snapshotOf({ CALENDAR_ALLOWLIST_PROVIDER_IDS: '*' }), 'p')).toBe('closed');
    expect(syncGate(unknownSettings, 'p')).toBe('unknown');
  });
  it('is only as good as the worst of several gates', () => {
    expect([every(), every('open', 'open'), every('open', 'unknown'), every('unknown', 'closed', 'open')]).toEqual(['open', 'open', 'unknown', 'closed']);
  });
});

describe('reading settings', () => {
  it('asks for its own names, decrypted, in one call', async () => {
    const { store, calls } = aStore();
    await store.read();
    expect(calls.map(({ command, input }) => ({ command, input }))).toEqual([{ command: 'GetParameters', input: { Names: names.map((name) => path + name), WithDecryption: true } }]);
  });

  it('asks nothing where there is nothing to ask', async () => {
    const { ssm, calls } = scriptedSsm(() => ({}));
    expect((await settings({ ssm, path, names: [], clock: () => 0 }).read()).flag(Setting.syncEnabled)).toBe('closed');
    expect(calls).toEqual([]);
  });

  it.each([0, 0.5, 0.999])('goes on with what it read for under 30 s, not at the same beat everywhere (%p)', async (random) => {
    const { state, calls, sync } = aStore({ random });
    const start = state.now;
    await sync();
    state.values = {};
    while ((await sync()) === 'open' && state.now < start + minutes(10)) state.now += 100;
    expect(state.now - start).toBeLessThanOrEqual(seconds(30));
    expect(state.now - start).toBeGreaterThanOrEqual(seconds(20));
    expect(calls).toHaveLength(2);
    const other = aStore({ random: random / 2 + 0.4 });
    await other.sync();
    other.state.now = state.now;
    expect(other.calls).toHaveLength(1);
  });

  it('asks once for many who read at the same time', async () => {
    const { calls, store } = aStore();
    const all = await Promise.all(Array.from({ length: 50 }, () => store.read()));
    expect(calls).toHaveLength(1);
    expect(all.every((one) => one.flag(Setting.syncEnabled) === 'open')).toBe(true);
  });

  it('keeps the last good values for five minutes when SSM fails, then knows nothing, then recovers', async () => {
    const { state, failures, sync } = aStore();
    const start = state.now;
    await sync();
    state.failing = true;
    state.now = start + minutes(5);
    expect(await sync()).toBe('open');
    state.now += seconds(6);
    expect(await sync()).toBe('unknown');
    expect(failures.length).toBeGreaterThanOrEqual(2);
    state.failing = false;
    state.now += seconds(6);
    expect(await sync()).toBe('open');
  });

  it('knows nothing while the first read fails, and does not hammer SSM', async () => {
    const { state, calls, sync } = aStore();
    state.failing = true;
    expect(await sync()).toBe('unknown');
    for (let n = 0; n < 100; n += 1) await sync();
    expect(calls).toHaveLength(1);
    state.now += seconds(5);
    await sync();
    expect(calls).toHaveLength(2);
  });

  it('counts the age of an answer from the question, so that a slow one is not taken for fresh', async () => {
    const { state, calls, sync } = aStore();
    let release = (): void => undefined;
    state.held = new Promise((resolve) => (release = resolve));
    const [start, reading] = [state.now, sync()];
    state.now += seconds(29);
    release();
    await reading;
    state.failing = true;
    expect(await sync()).toBe('open');
    expect(calls).toHaveLength(2);
    state.now = start + minutes(5) + 1;
    expect(await sync()).toBe('unknown');
  });

  it('takes no parameter of another stage or name for its own', async () => {
    const { ssm } = scriptedSsm(() => ({ Parameters: [{ Name: '/calendar-sync/production/CALENDAR_SYNC_ENABLED', Value: 'true' }, { Name: 'CALENDAR_SYNC_ENABLED', Value: 'true' }, { Value: 'true' }] }));
    expect((await settings({ ssm, path, names, clock: () => 0 }).read()).flag(Setting.syncEnabled)).toBe('closed');
  });
});
