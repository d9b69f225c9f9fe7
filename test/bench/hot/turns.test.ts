import { describe, expect, it } from '@jest/globals';
import { exponent, inTurns } from './turns.ts';

describe('ours and its floor', () => {
  it('are run in turns, who goes first changing, and told by the median of each turn’s ratio', async () => {
    const order: string[] = [];
    const times = { ours: [9, 2, 6, 4], floor: [1, 1, 2, 4] };
    const run = (who: 'ours' | 'floor') => () => Promise.resolve((order.push(who), times[who].shift() ?? Number.NaN));
    // The first turn warms up and is not told.
    expect(await inTurns({ ours: run('ours'), floor: run('floor') }, { rounds: 3, seconds: 60 })).toEqual({ ours: 4, floor: 2, ratio: 2, from: 1, to: 3, rounds: 3 });
    expect(order).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor', 'floor', 'ours']);
  });

  it('grow by the exponent that is fitted', () => {
    const by = (power: number) => exponent([10, 100, 1000].map((size) => [size, 3 * size ** power] as const));
    expect([by(0), by(1), by(1.5)].map((value) => Number(value.toFixed(6)))).toEqual([0, 1, 1.5]);
  });
});
