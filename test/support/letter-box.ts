// A few queues in memory behind SQS's own commands, for what is asked of one letter at a time: receive, hide, put back, send, remove.
import { randomUUID } from 'node:crypto';
import type { Message, MessageAttributeValue, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

interface Letter {
  readonly id: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
  hidden: boolean;
}

export interface LetterBox {
  readonly client: Pick<SQSClient, 'send'>;
  /** Puts one there, and says its id. */
  put(queue: string, body: string, attributes?: Record<string, string>): string;
  lying(queue: string): readonly Letter[];
  /** Called with each that is sent through the client. */
  onSend: (letter: Letter) => void;
  /** The next command of this name fails, with its name. */
  failOnce(command: string): void;
  /** Every letter is handed out twice, as standard queues may. */
  twice: boolean;
}

const textAttributes = (given: Readonly<Record<string, MessageAttributeValue>> = {}): Record<string, string> => Object.fromEntries(Object.entries(given).map(([name, { StringValue = '' }]) => [name, StringValue]));

export function letterBox(): LetterBox {
  const queues = new Map<string, Letter[]>();
  const failing = new Set<string>();
  const of = (queue: string): Letter[] => queues.get(queue) ?? queues.set(queue, []).get(queue) ?? [];
  const add = (queue: string, body: string, attributes: Record<string, string>): Letter => {
    const letter = { id: randomUUID(), body, attributes, hidden: false };
    of(queue).push(letter);
    return letter;
  };
  const find = (queue: string, receipt: string): Letter | undefined => of(queue).find(({ id }) => id === receipt);
  const commands: Record<string, (input: never) => unknown> = {
    ReceiveMessageCommand({ QueueUrl = '', MaxNumberOfMessages = 1 }: ReceiveMessageCommand['input']) {
      const taken = of(QueueUrl).filter(({ hidden }) => !hidden).slice(0, MaxNumberOfMessages);
      for (const letter of taken) letter.hidden = true;
      return { Messages: (box.twice ? [...taken, ...taken] : taken).map(message) };
    },
    SendMessageCommand({ QueueUrl = '', MessageBody = '', MessageAttributes }: SendMessageCommand['input']) {
      const letter = add(QueueUrl, MessageBody, textAttributes(MessageAttributes));
      box.onSend(letter);
      return { MessageId: letter.id };
    },
    DeleteMessageCommand({ QueueUrl, ReceiptHandle }: { QueueUrl: string; ReceiptHandle: string }) {
      queues.set(QueueUrl, of(QueueUrl).filter(({ id }) => id !== ReceiptHandle));
    },
    ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle }: { QueueUrl: string; ReceiptHandle: string }) {
      const letter = find(QueueUrl, ReceiptHandle);
      if (letter) letter.hidden = false;
    },
  };
  const counting = ({ QueueUrl = '' }: { QueueUrl?: string }) => {
    const hidden = of(QueueUrl).filter((letter) => letter.hidden).length;
    return { Attributes: { ApproximateNumberOfMessages: String(of(QueueUrl).length - hidden), ApproximateNumberOfMessagesNotVisible: String(hidden), ApproximateNumberOfMessagesDelayed: '0' } };
  };
  const send = (command: { readonly constructor: { readonly name: string }; readonly input: unknown }): Promise<unknown> => {
    const { name } = command.constructor;
    if (failing.delete(name)) return Promise.reject(new Error(name));
    const act = name === 'GetQueueAttributesCommand' ? (counting as (input: never) => unknown) : commands[name];
    return act ? Promise.resolve(act(command.input as never) ?? {}) : Promise.reject(new Error(`No ${name} here.`));
  };
  const box: LetterBox = {
    client: { send: send as SQSClient['send'] },
    put: (queue, body, attributes = {}) => add(queue, body, attributes).id,
    lying: of,
    onSend: () => undefined,
    failOnce: (command) => void failing.add(command),
    twice: false,
  };
  return box;
}

const message = ({ id, body, attributes }: Letter): Message => ({
  MessageId: id,
  Body: body,
  ReceiptHandle: id,
  Attributes: { SentTimestamp: '0' },
  MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }])),
});
