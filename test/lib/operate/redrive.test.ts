import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { deadQueue } from '../../../lib/operate/dead-queue.ts';
import { lookAt, redrive } from '../../../lib/operate/redrive.ts';
import { letterBox, type LetterBox } from '../../support/letter-box.ts';

let box: LetterBox;
const queue = () => deadQueue(box.client as SQSClient, { dead: 'booking-dead', destination: 'booking' });
const put = (body: string, attributes: Record<string, string> = {}) => box.put('booking-dead', body, attributes);

beforeEach(() => {
  box = letterBox();
});

describe('redriving dead letters', () => {
  it('brings each back once, with its body, its reason and the id it first had', async () => {
    const aside = put('not json', { reason: 'not_json', messageId: 'first' });
    const moved = put('{"hint":"booking"}');
    const redriven = await redrive(queue(), { limit: 100 });
    expect(redriven.moved.map(({ messageId, origin, reason }) => [messageId, origin, reason])).toEqual([[aside, 'first', 'not_json'], [moved, moved, 'delivered_too_often']]);
    expect(box.lying('booking-dead')).toEqual([]);
    expect(box.lying('booking').map(({ body, attributes }) => ({ body, attributes }))).toEqual([
      { body: 'not json', attributes: { reason: 'not_json', messageId: 'first' } },
      { body: '{"hint":"booking"}', attributes: { messageId: moved } },
    ]);
  });

  it('done again moves nothing', async () => {
    put('x');
    await redrive(queue(), { limit: 100 });
    expect(await redrive(queue(), { limit: 100 })).toEqual({ moved: [], left: 0 });
    expect(box.lying('booking')).toHaveLength(1);
  });

  it('does not meet twice what dies again meanwhile', async () => {
    for (let n = 0; n < 25; n += 1) put(`poison ${n}`);
    box.onSend = (letter) => void put(letter.body, letter.attributes);
    expect((await redrive(queue(), { limit: 1000 })).moved).toHaveLength(25);
    expect(box.lying('booking-dead')).toHaveLength(25);
  });

  it('takes only those that were chosen, and the others are there again at once', async () => {
    const a = put('a', { reason: 'not_json' });
    const b = put('b', { reason: 'version_reused', messageId: 'origin-b' });
    put('c', { reason: 'not_json' });
    expect((await redrive(queue(), { limit: 100, choice: { ids: ['origin-b'] } })).moved.map(({ messageId }) => messageId)).toEqual([b]);
    expect(await redrive(queue(), { limit: 100, choice: { reason: 'not_json', ids: [a] } })).toMatchObject({ moved: [{ messageId: a }], left: 1 });
    expect((await lookAt(queue(), { limit: 100 })).map(({ body }) => body)).toEqual(['c']);
    expect((await lookAt(queue(), { limit: 100 })).map(({ body }) => body)).toEqual(['c']);
  });

  it('that fails between sending and removing leaves the letter where it was, for the next try', async () => {
    put('a');
    box.failOnce('DeleteMessageCommand');
    await expect(redrive(queue(), { limit: 100 })).rejects.toThrow('DeleteMessageCommand');
    expect(box.lying('booking-dead')).toHaveLength(1);
    expect((await redrive(queue(), { limit: 100 })).moved).toHaveLength(1);
    expect(box.lying('booking').map(({ body }) => body)).toEqual(['a', 'a']);
  });

  it('that fails in sending leaves it too', async () => {
    put('a');
    box.failOnce('SendMessageCommand');
    await expect(redrive(queue(), { limit: 100 })).rejects.toThrow('SendMessageCommand');
    expect((await lookAt(queue(), { limit: 100 })).map(({ body }) => body)).toEqual(['a']);
  });

  it('counts a letter that the queue hands out twice as one', async () => {
    put('a');
    box.twice = true;
    expect((await redrive(queue(), { limit: 100 })).moved).toHaveLength(1);
    expect(box.lying('booking')).toHaveLength(1);
  });
});
