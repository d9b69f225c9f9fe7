// A dead-letter queue as an operator meets it: what lies there, why, and where it would go back to.
import { ChangeMessageVisibilityCommand, DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, type Message, type MessageAttributeValue, type SQSClient } from '@aws-sdk/client-sqs';

export interface DeadLetter {
  /** Its id in this queue. */
  readonly messageId: string;
  /** The id under which it was first set aside; stays through every redrive. */
  readonly origin: string;
  /** Why a worker set it aside; a message that the queue itself moved has none: it was delivered too often. */
  readonly reason: string;
  readonly body: string;
  /** When it was sent, in ms by the queue's clock. */
  readonly sentAt: number;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** Its group on the queue, which is for fairness only. */
  readonly group?: string;
}

/** A dead letter in our hand: nobody else receives it until it is put back or `hiddenSeconds` are over. */
export interface HeldLetter extends DeadLetter {
  readonly receipt: string;
}

export interface DeadQueue {
  /** Up to ten; none: it is empty, or all that it holds is in somebody's hand. */
  receive(): Promise<HeldLetter[]>;
  /** To the destination: body, attributes and group as they are, with its origin. */
  sendOn(letter: DeadLetter): Promise<void>;
  remove(letter: HeldLetter): Promise<void>;
  putBack(letter: HeldLetter): Promise<void>;
}

export const deliveredTooOften = 'delivered_too_often';
/** Far longer than a run takes; after a crash everything is back by then. */
const hiddenSeconds = 300;
/** SQS refuses a message with more. */
const mostAttributes = 10;

export interface DeadQueueParts {
  readonly dead: string;
  readonly destination: string;
  /** 1 unless said. A long poll asks every server that holds a part of the queue: without it AWS would overlook messages. */
  readonly waitSeconds?: number;
}

export function deadQueue(sqs: SQSClient, { dead, destination, waitSeconds = 1 }: DeadQueueParts): DeadQueue {
  return {
    async receive() {
      // The local engine knows AttributeNames alone, the older name of MessageSystemAttributeNames.
      const command = new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds, VisibilityTimeout: hiddenSeconds, AttributeNames: ['All'], MessageAttributeNames: ['All'] });
      return ((await sqs.send(command)).Messages ?? []).map(heldLetter);
    },
    async sendOn({ body, attributes, origin, group }) {
      const kept = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [name, { DataType, ...(StringValue !== undefined ? { StringValue } : { BinaryValue }) }] as const);
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: destination,
          MessageBody: body,
          MessageAttributes: { ...Object.fromEntries(kept), ...(kept.length < mostAttributes && { messageId: { DataType: 'String', StringValue: origin } }) },
          ...(group !== undefined && { MessageGroupId: group }),
        }),
      );
    },
    remove: async ({ receipt }) => void (await sqs.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle: receipt }))),
    putBack: async ({ receipt }) => void (await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: dead, ReceiptHandle: receipt, VisibilityTimeout: 0 }))),
  };
}

function heldLetter({ MessageId = '', Body = '', ReceiptHandle = '', Attributes = {}, MessageAttributes = {} }: Message): HeldLetter {
  return {
    messageId: MessageId,
    origin: MessageAttributes['messageId']?.StringValue ?? MessageId,
    reason: MessageAttributes['reason']?.StringValue ?? deliveredTooOften,
    body: Body,
    sentAt: Number(Attributes.SentTimestamp ?? 0),
    attributes: MessageAttributes,
    receipt: ReceiptHandle,
    ...(Attributes.MessageGroupId !== undefined && { group: Attributes.MessageGroupId }),
  };
}
