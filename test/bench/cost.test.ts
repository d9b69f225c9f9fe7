import { beforeAll, describe, expect, it } from '@jest/globals';
import { billedMs, billOf, totalOf, type Prices } from './cost-bill.ts';
import { countsOf, readCounted, readPrices } from './cost-counted.ts';
import type { Measured } from './cost-ledger.ts';
import { monthOf, pollsPerDay } from './cost-month.ts';
import { countOperations } from './cost-operations.ts';
import { fleetBill } from './cost-report.ts';

const nothing: Measured = { invocations: 0, calls: {}, writeUnits: 0, readUnits: 0, sqsRequests: 0, providerCalls: 0, bytesIn: 0, bytesOut: 0, logBytes: 0, cpuMs: 0 };
const prices: Prices = readPrices();

describe('the counts that are kept', () => {
  let fresh: ReturnType<typeof countsOf>;
  beforeAll(async () => void (fresh = countsOf(await countOperations())));
  const kept = countsOf(readCounted());
  const without = ({ operations }: typeof kept) => Object.entries(operations).map(([what, { bytesIn: _in, bytesOut: _out, logBytes: _log, ...counts }]) => ({ what, ...counts }));

  // After a change that is meant: npm run cost -- --count, and look at what became dearer.
  it('are those of the code: no call and no unit has come or gone', () => {
    expect(without(fresh)).toEqual(without(kept));
  });

  it('tell the bytes of lines, bodies and rows to a twentieth', () => {
    const strayed = Object.entries(kept.operations).flatMap(([what, counted]) => (['bytesIn', 'bytesOut', 'logBytes'] as const).filter((name) => Math.abs((fresh.operations[what]?.[name] ?? 0) - counted[name]) > 20 + counted[name] / 20).map((name) => `${what}: ${name} ${counted[name]} → ${fresh.operations[what]?.[name]}`));
    expect(strayed).toEqual([]);
    expect(Math.abs(fresh.storedBytes - kept.storedBytes)).toBeLessThan(kept.storedBytes / 20);
  });
});

describe('the bill', () => {
  it('of a notice is what a hand reckons', () => {
    const counted = { ...nothing, invocations: 1, calls: { 'UpdateItem sync-state': 1, 'SendMessage inbound': 1 }, writeUnits: 2, sqsRequests: 1, logBytes: 473.741824, cpuMs: 2 };
    // 2 ms of a whole processor are 2 × 1769 ÷ 512 = 6.91 of 512 MB; 4 and 8 are waited for: 18.91 ms × 0.5 GB.
    expect(billedMs(counted, 512)).toBeCloseTo(18.910156, 5);
    const million = Object.fromEntries(Object.entries(billOf(counted, { memoryMb: 512, api: true }, prices)).map(([kind, dollars]) => [kind, Number((dollars * 1e6).toFixed(4))]));
    // 473.741824 and 600 of the platform are 1,073.741824 bytes: a millionth of a GB.
    expect(million).toEqual({ api: 1, invocations: 0.2, duration: 0.1261, writes: 1.25, reads: 0, queues: 0.5, logs: 0.5, out: 0, kms: 0 });
  });

  it('of a fleet is what a hand reckons: 900 notices, each with its pull, and nothing else that costs', () => {
    const one = { ...nothing, writeUnits: 1 };
    const operations = Object.fromEntries(Object.keys(readCounted().operations).map((what) => [what, /notice, accepted|pull with one/.test(what) ? one : nothing]));
    const fleet = fleetBill({ operations, storedBytes: 1024 ** 3 / 100 }, prices, { connections: 10_000, noticesPerDay: 30, bookingsPerDay: 0, questionsPerDay: 0 });
    // 900 × 2 write units, 900 API requests, and a hundredth of a GB at 0.45.
    expect(fleet.perConnectionMonth).toBeCloseTo((900 * 2 * 0.625) / 1e6 + 900 / 1e6 + 0.0045, 9);
    expect(totalOf(fleet.perMillionNotices.received)).toBeCloseTo(1 + 0.625, 9);
    expect(totalOf(fleet.perMillionNotices.withPull)).toBeCloseTo(1 + 2 * 0.625, 9);
  });

  it('counts what a connection does in a month', () => {
    const demand = { connections: 1, noticesPerDay: 0, bookingsPerDay: 1, questionsPerDay: 2 };
    expect(monthOf('google', demand)).toMatchObject({ 'a notice, accepted': 39, 'a booking, created': 30, 'a booking, moved': 6, 'a booking, cancelled': 3, 'an availability question': 60, 'upkeep: counted': 720 });
    expect(monthOf('microsoft', demand)['a trailing pull']).toBe(39);
    expect([pollsPerDay({ connections: 1, noticesPerDay: 0 }), pollsPerDay({ connections: 1_000_000, noticesPerDay: 0 })].map((polls) => Math.round(polls * 1000))).toEqual([24_000, 2000]);
  });
});
