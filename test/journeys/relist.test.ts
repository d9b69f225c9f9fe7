import { describe, expect, it } from '@jest/globals';
import { seeRelist } from '../support/relist.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });

describe.each(['google', 'microsoft'] as const)('a calendar of 1,000 events at %s whose cursor is forgotten', (provider) => {
  it('is listed anew without one interval blinking, and what changed unnoticed is in order after it', async () => {
    const seen = await seeRelist(run(), { provider, events: 1000, withinMs: 60_000 });
    expect(seen).toMatchObject({ cursorsGone: 1, missing: 0, changesSeen: 10, changes: 10 });
    expect(seen.readings).toBeGreaterThan(2);
    const { outputs } = run().sandbox;
    expect(run().sandbox.peakMemory()[outputs.functions['inbound-sync']]).toBeLessThan(200);
  }, 140_000);
});
