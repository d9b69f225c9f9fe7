import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { messageBody } from './messages.ts';

/** Rings a bell on one of our queues. `group` is for fairness only (a noisy connection does not delay the others). */
export interface HintQueue<H> {
  /** Delays are whole seconds, at most 900: the queue's own limit. */
  send(hint: H, delaySeconds?: number, signal?: AbortSignal): Promise<void>;
  /** Any number, ten a request. Throws where one was refused: the marks stay and the timer rings again. */
  sendAll(hints: readonly H[]): Promise<void>;
}

const longestDelay = 900;
/** A message group may only hold letters, digits and punctuation; a booking's id is the platform's to choose. */
const groupOf = (id: string): string => id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 128) || '_';

export function hintQueue<H extends object>(sqs: SQSClient, queueUrl: string, group: (hint: H) => string): HintQueue<H> {
  return {
    async send(hint, delaySeconds = 0, signal) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: messageBody(hint),
          MessageGroupId: groupOf(group(hint)),
          ...(delaySeconds > 0 && { DelaySeconds: Math.min(Math.ceil(delaySeconds), longestDelay) }),
        }),
        signal ? { abortSignal: signal } : {},
      );
    },
    async sendAll(hints) {
      let refused = 0;
      for (let at = 0; at < hints.length; at += 10) {
        const entries = hints.slice(at, at + 10).map((hint, index) => ({ Id: String(index), MessageBody: messageBody(hint), MessageGroupId: groupOf(group(hint)) }));
        const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
        refused += answer.Failed?.length ?? 0;
      }
      if (refused > 0) throw new Error(`${refused} of ${hints.length} hints were refused by the queue.`);
    },
  };
}
