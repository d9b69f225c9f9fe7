import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attack } from './hostile.ts';
import { growth, steep } from './hostile-times.ts';
import { startHostileWorld, type HostileWorld } from './hostile-world.ts';

describe('whoever sends junk, to any way in', () => {
  it('is refused or answered: no 5xx, nothing thrown; what is not valid leaves no row and no message, and no secret or content in a log', async () => {
    const attacked = await attack({ attempts: 2000, seed: 1 });
    expect(attacked.flatMap(({ entry, failure }) => (failure === undefined ? [] : [`${entry}: ${failure}`]))).toEqual([]);
    // An attack that is never let in, or always, attacks nothing.
    const ends = Object.fromEntries(attacked.map(({ entry, ends: how }) => [entry, Object.keys(how)]));
    expect(ends).toMatchObject({
      'POST /webhooks/google': expect.arrayContaining(['202', '400', '401']),
      'POST /webhooks/microsoft': expect.arrayContaining(['200', '202', '400', '401']),
      'messages of the booking queue': expect.arrayContaining(['all set aside', 'some set aside', 'none set aside']),
      'calendar files': expect.arrayContaining(['read', 'refused']),
    });
    expect(attacked.reduce((sum, { attempts }) => sum + attempts, 0)).toBeGreaterThanOrEqual(2000);
  }, 60_000);
});

describe('input four times as long', () => {
  let world: HostileWorld;
  beforeAll(async () => void (world = await startHostileWorld()));
  afterAll(() => world.close());

  it('takes about four times as long, not its square', async () => {
    expect((await growth(world)).filter(({ ratio, msOfFour }) => ratio >= steep && msOfFour >= 5)).toEqual([]);
  }, 60_000);
});
