import { describe, expect, it } from '@jest/globals';
import { flip, points, switches, type Flip } from './kill-switch.ts';
import { consentGates, turnDuringConsent } from './kill-switch-consent.ts';

/** Of the calls of a story one in so many; `npm run faults -- --gates` takes many more. */
const oneIn = 8;

describe.each(switches.map((gate, index) => [gate.name, gate, index] as const))('%s, turned while everything runs', (_, gate, index) => {
  it.each(['closes', 'opens'] as const)('%s at any call: silence while it is closed, nothing lost, and each change caught up once', async (way) => {
    const provider: Flip['provider'] = (index + (way === 'opens' ? 1 : 0)) % 2 === 0 ? 'google' : 'microsoft';
    const chosen = (await points({ provider, gate, way }, 2)).filter((_point, n) => n % oneIn === index % oneIn);
    const wrong: string[] = [];
    for (const at of chosen) {
      const { during, violations } = await flip({ provider, gate, way, at });
      if (during === undefined) wrong.push(`there is no call ${at}`);
      wrong.push(...violations.map((violation) => `at call ${at}, ${during}: ${violation}`));
    }
    expect(wrong).toEqual([]);
    expect(chosen.length).toBeGreaterThan(0);
  }, 60_000);
});

describe.each(consentGates)('$name, turned while a person consents', (gate) => {
  it.each([['closes', 'google', 1], ['closes', 'microsoft', 2], ['opens', 'google', 1]] as const)('%s at any call, at %s: nobody is connected while it is closed, and who tries again is, once', async (way, provider, first) => {
    const wrong: string[] = [];
    let turned = 0;
    for (let at = first; at < 100; at += 4) {
      const { during, violations } = await turnDuringConsent({ provider, gate, way, at });
      wrong.push(...violations.map((violation) => `at call ${at}, ${during}: ${violation}`));
      if (during === undefined) break;
      turned += 1;
    }
    expect(wrong).toEqual([]);
    expect(turned).toBeGreaterThan(0);
  }, 60_000);
});
