import { describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { disturbance } from '../../../infra/local/disturbance.ts';
import { succeeded } from '../../../infra/local/queue-poller.ts';

const records = ['a', 'b', 'c'].map((messageId) => ({ messageId }) as SQSRecord);
const ids = (some: readonly SQSRecord[]): string => some.map(({ messageId }) => messageId).join('');

describe("what of a batch is handled, by its function's answer", () => {
  it.each<[string, unknown, string]>([
    ['nothing', null, 'abc'],
    ['an empty object', {}, 'abc'],
    ['an empty list', { batchItemFailures: [] }, 'abc'],
    ['no list', { batchItemFailures: null }, 'abc'],
    ['one failure', { batchItemFailures: [{ itemIdentifier: 'b' }] }, 'ac'],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }, ''],
    ['an identifier of no message', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'z' }] }, ''],
    ['a wrong key', { batchItemFailures: [{ messageId: 'a' }] }, ''],
    ['something that is no list', { batchItemFailures: 'a' }, ''],
  ])('%s', (_what, answer, handled) => {
    expect(ids(succeeded(records, JSON.stringify(answer), true))).toBe(handled);
  });

  it('does not look at the answer where the mapping does not ask for items', () => {
    expect(ids(succeeded(records, JSON.stringify({ batchItemFailures: [{ itemIdentifier: 'a' }] }), false))).toBe('abc');
  });
});

describe('deliveries that are disturbed by seed', () => {
  const run = (seed: number) => {
    const disturb = disturbance({ seed, shuffle: true, double: 0.5, delayMs: 100 });
    return Array.from({ length: 20 }, () => disturb(records).map(({ records: batch, afterMs }) => `${ids(batch)}@${Math.floor(afterMs)}`)).flat();
  };

  it('are the same for the same seed and others for another', () => {
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it('never lose a message, come in another order, and sometimes twice', () => {
    const disturb = disturbance({ seed: 3, shuffle: true, double: 0.5 });
    const deliveries = Array.from({ length: 50 }, () => disturb(records));
    expect(deliveries.every(([first]) => [...ids(first?.records ?? [])].sort().join('') === 'abc')).toBe(true);
    expect(deliveries.some(([first]) => ids(first?.records ?? []) !== 'abc')).toBe(true);
    expect(deliveries.some(({ length }) => length === 2)).toBe(true);
  });

  it('are left alone when nothing is asked for', () => {
    expect(disturbance({})(records)).toEqual([{ records, afterMs: 0 }]);
    expect(disturbance({ shuffle: true })([])).toEqual([]);
  });
});
