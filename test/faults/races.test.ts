import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { race, zombie } from './races.ts';

describe.each(['google', 'microsoft'] as const)('at %s', (provider) => {
  it.each([1, 2])('workers that do everything at the same time, %i more of each, in any order of calls, leave what one would have left', async (again) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 1000 }), async (scheduler, seed) => {
        const violations = await race(provider, {
          again, seed,
          during: async (world, start) => {
            world.outside.turn = (process, what) => scheduler.schedule(Promise.resolve(), `${process.name}: ${what}`).then(() => undefined);
            await scheduler.waitFor(start());
          },
        });
        expect(violations).toEqual([]);
      }),
      { numRuns: 15, seed: 42 },
    );
  }, 60_000);

  it.each([['inbound', false], ['inbound', true], ['booking', false]] as const)('a worker of the %s queue that sleeps in any one of its calls until long after its lease has ended leaves no trace; cursors forgotten meanwhile: %s', async (queue, forgotten) => {
    const wrong: string[] = [];
    let [slept, anew] = [0, 0];
    for (let at = 1; at < 200; at += 1) {
      const end = await zombie(provider, queue, { at, forgotten });
      if (end.slept === undefined) break;
      slept += 1;
      if (end.anew) anew += 1;
      wrong.push(...end.violations.map((violation) => `asleep in call ${at}, ${end.slept}: ${violation}`));
    }
    expect(wrong).toEqual([]);
    expect(slept).toBeGreaterThan(8);
    // Nothing but the list that follows a take-over removes the row that a late write makes anew.
    if (forgotten) expect(anew).toBeGreaterThan(0);
  }, 60_000);
});
