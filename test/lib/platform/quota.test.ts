import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { googleQuota, quota, type CallCount, type Purpose, type Quota } from '../../../lib/platform/quota.ts';
import { startTables, type Tables } from '../../support/tables.ts';

const begins = Math.floor(Date.parse('2026-03-02T09:00:00Z') / minutes(1)) * minutes(1);
let tables: Tables;
let now = begins;
let waits: string[] = [];

beforeAll(async () => {
  tables = await startTables();
}, 60_000);
afterAll(() => tables.close());
beforeEach(async () => {
  [now, waits] = [begins, []];
  await tables.aClean('sync-state');
});

/** As one warm function has it. */
const aFunction = (): Quota => quota({ dynamo: tables.dynamo, table: tables.named['sync-state'], clock: () => now, random: () => 0.5, waited: (purpose, whose) => void waits.push(`${purpose} ${whose}`) });
const writes = (): number => tables.calls.filter(({ command }) => command === 'UpdateItem').length;

/** Calls by users who never come twice, until the budget says no. */
async function spend(fleet: readonly Quota[], purpose: Purpose, most = 3000): Promise<number> {
  for (let calls = 0; calls < most; calls += 1) {
    try {
      await fleet[calls % fleet.length]?.meter('google', purpose, {}).permit();
    } catch {
      return calls;
    }
  }
  return most;
}

describe("Google's budget", () => {
  it('is never overspent in any sliding minute, however many functions share it', () => {
    expect(googleQuota.perWindow * (minutes(1) / googleQuota.window + 1)).toBeLessThanOrEqual(googleQuota.projectPerMinute);
    const { burst, perSecond } = googleQuota.user;
    expect(2 * (burst + 60 * perSecond)).toBeLessThanOrEqual(googleQuota.userPerMinute); // for pulls, and again for bookings
  });

  it('when short makes polls wait first, then pulls that a notice asked for, and bookings last', async () => {
    const fleet = [aFunction(), aFunction(), aFunction()];
    const polls = await spend(fleet, 'poll');
    const notices = await spend(fleet, 'notice');
    const bookings = await spend(fleet, 'booking');
    // A function whose chunk is used up stops the count here, while the others still hold a few calls of theirs.
    const left = fleet.length * googleQuota.chunk;
    for (const [spent, most] of [[polls, 1200], [polls + notices, 1700], [polls + notices + bookings, googleQuota.perWindow]] as const) {
      expect(spent).toBeLessThanOrEqual(most);
      expect(spent).toBeGreaterThan(most - left);
    }
    expect(new Set(waits)).toEqual(new Set(['poll project', 'notice project', 'booking project']));
    now += googleQuota.window;
    expect(await spend(fleet, 'poll', 5)).toBe(5);
  }, 30_000);

  it('costs one write for ten calls, and none while it is known to be short', async () => {
    const one = aFunction();
    await spend([one], 'poll', 100);
    expect(writes()).toBe(10);
    await spend([one], 'poll');
    const before = writes();
    for (let n = 0; n < 20; n += 1) await expect(one.meter('google', 'poll', {}).permit()).rejects.toMatchObject({ kind: 'throttled' });
    expect(writes()).toBe(before);
  }, 30_000);

  it('costs at most one write for a pull of up to ten calls', async () => {
    for (let pull = 0; pull < 20; pull += 1, now += seconds(20)) {
      const one = aFunction();
      for (let call = 0; call < 3; call += 1) await one.meter('google', 'poll', {}).permit();
    }
    expect(writes()).toBe(20);
  });

  it('holds each account to its own share, across holders of the lease, and gives it back second by second', async () => {
    let row: CallCount = {};
    let calls = 0;
    for (let run = 0; run < 40 && calls < 1000; run += 1) {
      const meter = aFunction().meter('google', 'notice', row);
      try {
        for (let n = 0; n < 7; n += 1, calls += 1) await meter.permit();
      } catch (error) {
        expect(error).toMatchObject({ kind: 'throttled' });
        break;
      } finally {
        row = meter.count() as CallCount;
      }
    }
    expect(calls).toBe(googleQuota.user.burst);
    expect(waits).toEqual(['notice user']);
    now += seconds(1);
    const refilled = aFunction().meter('google', 'notice', row);
    for (let n = 0; n < googleQuota.user.perSecond; n += 1) await refilled.permit();
    await expect(refilled.permit()).rejects.toMatchObject({ kind: 'throttled' });
  });

  it('says how long to wait: into the next window, each a little differently', async () => {
    const one = aFunction();
    await spend([one], 'poll');
    await expect(one.meter('google', 'poll', {}).permit()).rejects.toMatchObject({ retryAfterMs: googleQuota.window * 1.5 });
  }, 30_000);

  it('is not asked for Graph, which has limits for each mailbox alone', async () => {
    await aFunction().meter('microsoft', 'poll', {}).permit();
    expect(writes()).toBe(0);
  });
});
