import { describe, expect, it } from '@jest/globals';
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import { noticeGrace } from '../../lib/inbound/silence.ts';
import { sealKeyId } from '../../lib/platform/seal.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { liveYear, pollingFloor, usualYear } from './year-life.ts';
import { yearWorld } from './year-world.ts';

const begins = Date.parse('2026-01-01T00:00:00Z');

describe.each(['google', 'microsoft'] as const)('a year of one connection at %s', (provider) => {
  it('with renewals, window rolls, new keys of both rings and two revocations ends fresh, watched once, and under the newest keys', async () => {
    const world = await yearWorld({ begins, random: seededRandom(5), weather: { dropped: 0.02, doubled: 0.01, lostAnswers: 0.02 } });
    await world.connect('c-1', provider);
    const account = world.provider.accounts.get('c-1');
    const keys = new Set<string>();
    const watchIds = new Set<string>();
    for (let day = 0; day < 365; day += 1) {
      if (day === 100 || day === 250) world.moments.put(begins + days(day), async () => world.revoke('c-1'));
      if (day === 102 || day === 253) world.moments.put(begins + days(day), () => world.consent('c-1'));
      if (day === 180) world.setKeys('k1', 'k2');
      if (day === 200) world.setTokenKeys('t1', 't2');
      // Every record has been sealed anew with the tokens that it holds.
      if (day === 210) world.setTokenKeys('t2');
      world.moments.put(begins + days(day) + hours(9), async () => world.change('c-1'));
      await world.until(begins + days(day + 1));
      for (const { key_id, id } of (await world.row('c-1')).watches) {
        keys.add(key_id);
        watchIds.add(id);
      }
      const lives = [...world.provider.watches.values()].filter(({ expiresAt }) => expiresAt > world.clock());
      if (account?.revoked === false && day > 1) expect(lives.length).toBeGreaterThan(0);
    }
    await world.until(begins + days(374));
    const { state, watches, tokens = '' } = await world.row('c-1');
    expect([state, sealKeyId(tokens)]).toEqual(['active', 't2']);
    // Once a week, but for the days without a grant; and hourly.
    expect(account?.lists).toBeGreaterThanOrEqual(51);
    expect(account?.refreshes).toBeGreaterThan(5000);
    expect(watches.map(({ key_id }) => key_id)).toEqual(['k2']);
    expect([...keys].sort()).toEqual(['k1', 'k2']);
    expect(watchIds.size).toBeGreaterThan(provider === 'google' ? 50 : 2);
    expect(world.told.map(({ type }) => type)).toEqual(['connection.reauthorization_required', 'connection.reauthorization_required']);
    expect(world.worst.ms).toBeLessThanOrEqual(pollingFloor);
    expect(world.delays.count).toBe(365);
    const lives = [...world.provider.watches.values()].filter(({ expiresAt }) => expiresAt > world.clock());
    expect(lives.map(({ id }) => id)).toEqual(watches.map(({ id }) => id));
  }, 60_000);
});

describe('a month of connections in bad weather', () => {
  it('leaves no change unseen beyond the polling floor, no orphan, and nobody unwatched', async () => {
    const seen = await liveYear({ ...usualYear, connections: 6, days: 30, seed: 3, silences: 40, revocations: 12, weather: { dropped: 0.1, doubled: 0.1, lostAnswers: 0.2 } });
    expect(seen.silenced).toBeGreaterThan(5);
    expect(seen.revoked).toBeGreaterThan(1);
    expect(seen.world.worst.ms).toBeLessThanOrEqual(pollingFloor);
    expect(seen).toMatchObject({ orphans: 0, unwatched: 0 });
    expect(seen.world.told).toHaveLength(seen.revoked);
  }, 60_000);

  it('costs a connection whose watch is silent the fast polls of its grace, and not of the day', async () => {
    const world = await yearWorld({ begins, random: seededRandom(9), weather: { dropped: 0, doubled: 0, lostAnswers: 0 } });
    await world.connect('c-1', 'google');
    await world.until(begins + days(1));
    const account = world.provider.accounts.get('c-1');
    const before = account?.calls ?? 0;
    for (const watch of world.provider.watches.values()) watch.silent = true;
    world.change('c-1');
    await world.until(begins + days(1) + hours(1.25) + noticeGrace + minutes(12));
    expect([...world.provider.watches.values()].map(({ silent }) => silent)).toEqual([false]);
    await world.until(begins + days(2));
    expect((account?.calls ?? 0) - before).toBeLessThan(45);
  }, 60_000);
});
