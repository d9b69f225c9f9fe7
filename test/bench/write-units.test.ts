import { describe, expect, it } from '@jest/globals';
import { indexUnits, itemSize, writeUnits, type Item } from './write-units.ts';

describe('the size of an item', () => {
  it.each<[string, Item, number]>([
    ['text counts by its bytes', { name: { S: 'Zoë' } }, 4 + 4],
    ['a number by pairs of significant digits, and one', { n: { N: '1764000000000' } }, 1 + 3],
    ['a number of 13 digits takes eight bytes', { n: { N: '1764172693123' } }, 1 + 8],
    ['a minus takes a byte more', { n: { N: '-12' } }, 1 + 3],
    ['a map and its members have an overhead', { m: { M: { a: { S: 'b' } } } }, 1 + 3 + 1 + 1 + 1],
  ])('%s', (_what, item, size) => {
    expect(itemSize(item)).toBe(size);
  });
});

describe('the cost of a write', () => {
  const index = { keys: ['shard', 'since'], projected: ['id'] };
  const clean: Item = { id: { S: 'c' } };
  const dirty: Item = { id: { S: 'c' }, shard: { S: '3' }, since: { N: '17' }, other: { N: '1' } };
  it('is one unit up to a kilobyte of the larger of both states, and another beyond', () => {
    const big = (bytes: number): Item => ({ x: { S: 'x'.repeat(bytes - 1) } });
    expect([writeUnits({}, clean), writeUnits(big(1024), clean), writeUnits(clean, big(1025))]).toEqual([1, 1, 2]);
  });
  it('is one unit of the index where an entry comes or goes, two where it moves, none where it stays', () => {
    expect([indexUnits(clean, dirty, index), indexUnits(dirty, clean, index)]).toEqual([1, 1]);
    expect(indexUnits(dirty, { ...dirty, since: { N: '18' } }, index)).toBe(2);
    expect(indexUnits(dirty, { ...dirty, other: { N: '2' } }, index)).toBe(0);
  });
});
