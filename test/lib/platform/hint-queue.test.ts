import { describe, expect, it } from '@jest/globals';
import { hintQueue } from '../../../lib/platform/hint-queue.ts';
import { scriptedSqs } from '../../support/recorded-calls.ts';

const url = 'https://sqs.example/inbound';
function aQueue(answer?: Parameters<typeof scriptedSqs>[0]) {
  const { sqs, calls } = scriptedSqs(answer);
  return { calls, hints: hintQueue<{ id: string }>(sqs, url, ({ id }) => id) };
}

describe('a hint', () => {
  it('is sent at once where no delay is asked, under its group', async () => {
    const { hints, calls } = aQueue();
    await hints.send({ id: 'c1' });
    expect(calls.map(({ command, input }) => [command, input])).toEqual([['SendMessage', { QueueUrl: url, MessageBody: '{"id":"c1"}', MessageGroupId: 'c1' }]]);
  });

  it.each([[0.2, 1], [1, 1], [59.01, 60], [900, 900], [901, 900], [1e9, 900], [Infinity, 900], [0, undefined], [-5, undefined], [Number.NaN, undefined]])('asked to wait %p s waits %p, in whole seconds that SQS takes', async (asked, told) => {
    const { hints, calls } = aQueue();
    await hints.send({ id: 'c1' }, asked);
    expect(calls[0]?.input['DelaySeconds']).toBe(told);
  });

  it('has a group that SQS takes, whatever the id', async () => {
    const { hints, calls } = aQueue();
    for (const id of ['', ' ', 'ä/ö', 'x'.repeat(300), '\n']) await hints.send({ id });
    for (const { input } of calls) expect(input['MessageGroupId']).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
  });

  it('that is refused is an error', async () => {
    const { hints } = aQueue(() => {
      throw new Error('no queue');
    });
    await expect(hints.send({ id: 'c1' })).rejects.toThrow('no queue');
  });
});

describe('many hints', () => {
  it('go ten a request, each once, in order', async () => {
    const { hints, calls } = aQueue(() => ({ Successful: [] }));
    await hints.sendAll(Array.from({ length: 23 }, (_, n) => ({ id: `c${n}` })));
    const entries = calls.map(({ input }) => input['Entries'] as { Id: string; MessageBody: string }[]);
    expect(entries.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(entries.flat().map(({ MessageBody }) => MessageBody)).toEqual(Array.from({ length: 23 }, (_, n) => `{"id":"c${n}"}`));
    for (const batch of entries) expect(new Set(batch.map(({ Id }) => Id)).size).toBe(batch.length);
  });

  it('that are none ask nothing', async () => {
    const { hints, calls } = aQueue();
    await hints.sendAll([]);
    expect(calls).toEqual([]);
  });

  it('of which one is refused are an error, and the rest are sent all the same', async () => {
    const { hints, calls } = aQueue(() => ({ Failed: calls.length === 1 ? [{ Id: '0', Code: 'InternalError', SenderFault: false }] : [] }));
    await expect(hints.sendAll(Array.from({ length: 11 }, (_, n) => ({ id: `c${n}` })))).rejects.toThrow('1 of 11 hints');
    expect(calls).toHaveLength(2);
  });
});
