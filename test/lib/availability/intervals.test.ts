import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merged, takenOf, within, type Interval } from '../../../lib/availability/intervals.ts';

const grid = 120;
/** The plainest model there is: which minutes are busy. */
const minutesOf = (intervals: readonly Interval[]): boolean[] => Array.from({ length: grid }, (_, minute) => intervals.some(({ start, end }) => start <= minute && minute < end));
const interval = fc.tuple(fc.nat(grid - 1), fc.integer({ min: 1, max: 40 })).map(([start, length]) => ({ start, end: Math.min(grid, start + length) }));
const intervals = fc.array(interval, { maxLength: 12 });

describe('merged intervals', () => {
  it('cover the same minutes as before, in order, with a gap between any two', () => {
    fc.assert(
      fc.property(intervals, (some) => {
        const out = merged(some);
        expect(minutesOf(out)).toEqual(minutesOf(some));
        for (const [n, { start, end }] of out.entries()) {
          expect(start).toBeLessThan(end);
          if (n > 0) expect(start).toBeGreaterThan(out[n - 1]?.end ?? Infinity);
        }
      }),
      { seed: 1 },
    );
  });
  it('do not depend on the order in which they came, and leave what they were given alone', () => {
    fc.assert(fc.property(intervals, (some) => {
      const before = structuredClone(some);
      expect(merged([...some].reverse())).toEqual(merged(some));
      expect(some).toEqual(before);
    }), { seed: 1 });
  });
  it('become one where they touch, and swallow what lies within', () => {
    expect(merged([{ start: 5, end: 9 }, { start: 1, end: 5 }, { start: 2, end: 3 }, { start: 10, end: 11 }])).toEqual([{ start: 1, end: 9 }, { start: 10, end: 11 }]);
  });
  it('never lose the shortest: one millisecond on its own stays', () => {
    expect(merged([{ start: 7, end: 8 }])).toEqual([{ start: 7, end: 8 }]);
    expect(takenOf([{ start: 0, end: 100 }], [{ start: 7, end: 8 }]).size).toBe(1);
    expect(within([{ start: 7, end: 8 }], { start: 0, end: 100 })).toEqual([{ start: 7, end: 8 }]);
  });
});

describe('a slot', () => {
  it('is taken exactly where one of its minutes is busy, whatever other slots are asked for and in whatever order busy time comes', () => {
    fc.assert(fc.property(intervals, fc.array(interval, { maxLength: 12 }), (some, slots) => {
      const busy = minutesOf(some);
      expect(slots.filter((slot) => takenOf(slots, some).has(slot))).toEqual(slots.filter(({ start, end }) => busy.slice(start, end).includes(true)));
    }), { numRuns: 1000, seed: 1 });
  });
  it('that begins as busy time ends, or ends as it begins, is free', () => {
    const slots = [[20, 30], [0, 10], [19, 30], [0, 11], [12, 13], [0, 99]].map(([start = 0, end = 0]) => ({ start, end }));
    const taken = takenOf(slots, [{ start: 10, end: 20 }]);
    expect(slots.map((slot) => taken.has(slot))).toEqual([false, false, true, true, true, true]);
  });
});

describe('intervals within a span', () => {
  it('show the same minutes inside and none outside', () => {
    fc.assert(fc.property(intervals, interval, (some, span) => {
      const inside = minutesOf(some).map((busy, minute) => busy && span.start <= minute && minute < span.end);
      expect(minutesOf(within(merged(some), span))).toEqual(inside);
    }), { seed: 1 });
  });
});
