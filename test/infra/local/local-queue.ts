import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';

/** Sends to and looks into queues of a local run. */
export function localQueue(endpoint: string) {
  const client = new SQSClient({ region: 'us-east-1', endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  return {
    send: async (QueueUrl: string, ...bodies: string[]): Promise<void> => {
      await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: bodies.map((MessageBody, n) => ({ Id: String(n), MessageBody })) }));
    },
    /** Waits for one message, up to the longest wait that SQS has. */
    take: async (QueueUrl: string): Promise<Message | undefined> => {
      const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 20, AttributeNames: ['All'] }));
      return Messages?.[0];
    },
    /** How many messages it holds, in flight or not. */
    size: async (QueueUrl: string): Promise<number> => {
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }));
      return Number(Attributes?.ApproximateNumberOfMessages);
    },
    close: () => client.destroy(),
  };
}
