import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAllowlist, placeOf } from '../../../lib/platform/allowlist.ts';

const providers = (text: string | undefined) => parseAllowlist(text, { percent: true });

describe('an allowlist', () => {
  it.each([undefined, '', ' ', '\n\t', ',', ' , ,', 'none', 'NONE', ' None ', 'none,none', '0%', '0.0%'])('admits nobody where it is %j', (text) => {
    for (const id of ['p', '', 'none', 'NONE', '*', '0%', ',']) expect(providers(text).allows(id)).toBe(false);
  });

  it('admits the ids it names, split by commas or any white space, and nobody else', () => {
    const list = providers(' a,b\tc\n d , none ');
    expect(['a', 'b', 'c', 'd', 'none', 'e', 'A', 'a,b', ''].filter((id) => list.allows(id))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('admits everybody with a star, whatever stands beside it', () => {
    for (const text of ['*', 'none *', 'a, *', '1% *']) expect(providers(text).allows('anyone')).toBe(true);
    expect(providers('a*').allows('ab')).toBe(false);
  });

  it('mixes ids and shares', () => {
    const outside = Array.from({ length: 100 }, (_, n) => `p${n}`).find((id) => placeOf(id) > 0.5) ?? '';
    expect(providers('10%').allows(outside)).toBe(false);
    expect(providers(`10% ${outside}`).allows(outside)).toBe(true);
  });

  it('admits about the share it names, the same ids each time', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `provider-${n}`);
    const admitted = ids.filter((id) => providers('10%').allows(id));
    expect(admitted.length).toBeGreaterThan(900);
    expect(admitted.length).toBeLessThan(1100);
    expect(placeOf('provider-1')).toBeCloseTo(0.740017, 5);
  });

  it('never drops anyone when a share is raised, and drops nobody at 100%', () => {
    const share = fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(fc.string(), share, share, (id, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        return (!providers(`${less}%`).allows(id) || providers(`${more}%`).allows(id)) && providers('100%').allows(id);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('takes a share for nothing where shares are not meant', () => {
    const connections = parseAllowlist('100% c', { percent: false });
    expect([connections.allows('anything'), connections.allows('c')]).toEqual([false, true]);
  });
});
