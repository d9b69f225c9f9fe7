import { expect, test } from '@jest/globals';
import { inTurn } from '../../../lib/platform/in-turn.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('No more than the limit are under way at once, and they begin in the order of asking', async () => {
  const turns = inTurn(2);
  const begun: number[] = [];
  const endings: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((n) => turns(async () => {
    begun.push(n);
    await new Promise<void>((end) => (endings[n] = end));
    return n * 10;
  }));
  await turn();
  expect(begun).toEqual([0, 1]);
  endings[1]?.();
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  endings[0]?.();
  endings[2]?.();
  await turn();
  endings[3]?.();
  expect(await Promise.all(all)).toEqual([0, 10, 20, 30]);
});

test('What fails gives its turn on, and fails for its own asker alone', async () => {
  const turns = inTurn(1);
  const failed = turns(() => Promise.reject(new Error('the table is away')));
  const next = turns(() => Promise.resolve('done'));
  await expect(failed).rejects.toThrow('the table is away');
  expect(await next).toBe('done');
  expect(await turns(() => Promise.resolve('again'))).toBe('again');
});
