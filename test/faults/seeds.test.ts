import { describe, expect, it } from '@jest/globals';
import { historyOf, retold, runHistory, shrunk } from './seeded-run.ts';

const [seeds, length] = [300, 6];

describe('a seed', () => {
  it('replays exactly: every call in the same order, with the same end', async () => {
    const [first, second] = [await runHistory(4, historyOf(4, 12)), await runHistory(4, historyOf(4, 12))];
    expect(second).toEqual(first);
    expect(first.calls).toBeGreaterThan(200);
  });

  it(`any of ${seeds}: people, bookings, flags and weather, and in the end all is as it must be`, async () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const steps = historyOf(seed, length);
      const { violations } = await runHistory(seed, steps);
      if (violations.length > 0) expect({ seed, violations, shrunk: retold(await shrunk(seed, steps)) }).toEqual({ seed, violations: [] });
    }
  }, 120_000);
});
