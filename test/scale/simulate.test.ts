import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../support/seeded-random.ts';
import { usualFleet } from './day.ts';
import { shipped, type Limits } from './limits.ts';
import { Quantiles } from './quantiles.ts';
import { demandOf, roomFor, unlimited } from './room.ts';
import { simulate } from './simulate.ts';

const fleet = { ...usualFleet, connections: 2_000 };
const day = (limits: Partial<Limits> = {}, seed = 1) => simulate({ fleet, limits: { ...shipped, ...limits }, random: seededRandom(seed) });
const usual = day();

describe('a simulated day', () => {
  it('is the same again with the same seed, and another with another', () => {
    expect(day()).toEqual(usual);
    expect(day({}, 2).counts.changes).not.toBe(usual.counts.changes);
  });

  it('accounts for every change: seen, or unseen when it ended', () => {
    const { changes, notices, lost, coalesced, pulls, googleCalls, graphCalls, rung } = usual.counts;
    expect(changes).toBeGreaterThan(55_000);
    expect([lost, pulls]).toEqual([0, googleCalls + graphCalls]);
    expect(notices).toBeGreaterThan(changes * 0.99);
    expect(notices).toBeLessThanOrEqual(changes);
    // What a notice asked for, and what upkeep rang for, less what was spared.
    expect(pulls).toBeLessThanOrEqual(notices + rung);
    expect(pulls).toBeGreaterThanOrEqual(notices + rung - coalesced);
    expect(usual.unseen).toBeLessThan(20);
  });

  it('sees changes late where the workers are too few, and names them', () => {
    const starved = day({ workerConcurrency: 1, batchSize: 1 });
    expect(starved.staleness.p99).toBeGreaterThan(10 * usual.staleness.p99);
    expect(starved.loads.find(({ limit }) => limit === 'workerConcurrency')).toMatchObject({ peak: 1 });
    expect(Math.max(...starved.hours.map(({ backlog }) => backlog))).toBeGreaterThan(100);
  });

  it('loses to the polls what the gateway refused to Google, and nothing for good', () => {
    const refused = day({ apiRequests: 1 });
    expect(refused.counts.lost).toBeGreaterThan(100);
    expect(refused.unseen).toBeLessThan(fleet.connections / 4);
  });

  it('waits for Google’s next window where the minute is used up', () => {
    const short = day({ googlePerMinute: 60 });
    expect(short.loads.find(({ limit }) => limit === 'googlePerMinute')?.heldUp).toBeGreaterThan(0);
    expect(short.staleness.p99).toBeGreaterThan(usual.staleness.p99);
  });
});

describe('the room that a day asks for', () => {
  it('is as shipped where that is enough, and wider, or of more projects, where it is not', () => {
    const wide = unlimited(fleet.connections);
    const demand = demandOf(day(wide), wide);
    expect(roomFor(demand, shipped)).toEqual(shipped);
    const tight = { ...shipped, workerConcurrency: 1 };
    expect(roomFor(demand, tight).workerConcurrency).toBeGreaterThan(demand.workerConcurrency);
    expect(roomFor({ ...demand, googleProjects: 3 }, shipped)).toMatchObject({ googleProjects: 3, googlePerDay: 1_000_000 });
  });
});

describe('quantiles', () => {
  it('are right to a hundredth', () => {
    const quantiles = new Quantiles();
    for (let n = 1; n <= 10_000; n += 1) quantiles.add(n);
    for (const share of [0.5, 0.99, 1]) expect(quantiles.at(share) / (share * 10_000)).toBeCloseTo(1, 1.7);
    expect(new Quantiles().at(0.5)).toBe(0);
  });
});
