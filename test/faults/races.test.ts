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

  it.each(['inbound', 'booking'] as const)('a worker of the %s queue that sleeps in any one of its calls until long after its lease has ended leaves no trace', async (queue) => {
    const wrong: string[] = [];
    let slept = 0;
    for (let at = 1; at < 200; at += 1) {
      const end = await zombie(provider, queue, at);
      if (end.slept === undefined) break;
      slept += 1;
      wrong.push(...end.violations.map((violation) => `asleep in call ${at}, ${end.slept}: ${violation}`));
    }
    expect(wrong).toEqual([]);
    expect(slept).toBeGreaterThan(8);
  }, 60_000);
});
