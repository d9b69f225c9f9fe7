import { describe, expect, it } from '@jest/globals';
import { exponent, inPairs, inTurns } from './turns.ts';

describe('ours and its floor', () => {
  it('are run in turns, who goes first changing, and told by the median of each turn’s ratio', async () => {
    const order: string[] = [];
    const times = { ours: [9, 2, 6, 4], floor: [1, 1, 2, 4] };
    const run = (who: 'ours' | 'floor') => () => Promise.resolve((order.push(who), times[who].shift() ?? Number.NaN));
    // The first turn warms up and is not told.
    expect(await inTurns({ ours: run('ours'), floor: run('floor') }, { rounds: 3, seconds: 60 })).toEqual({ ours: 4, floor: 2, ratio: 2, from: 1, to: 3, rounds: 3 });
    expect(order).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor', 'floor', 'ours']);
  });

  it('of about a millisecond are told by the medians of pairs, so that one call that was held up does not count', async () => {
    const order: string[] = [];
    const times = { ours: [9, 9, 9, 3, 300, 3], floor: [1, 1, 1, 2, 2, 200] };
    const run = (who: 'ours' | 'floor') => () => Promise.resolve((order.push(who), times[who].shift() ?? Number.NaN));
    expect(await inPairs({ ours: run('ours'), floor: run('floor') }, 3, { rounds: 1, seconds: 60 })).toEqual({ ours: 3, floor: 2, ratio: 1.5, from: 1.5, to: 1.5, rounds: 1 });
    expect(order.slice(0, 6)).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor']);
  });

  it('grow by the exponent that is fitted', () => {
    const by = (power: number) => exponent([10, 100, 1000].map((size) => [size, 3 * size ** power] as const));
    expect([by(0), by(1), by(1.5)].map((value) => Number(value.toFixed(6)))).toEqual([0, 1, 1.5]);
  });
});
