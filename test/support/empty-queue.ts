import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Platform } from './platform.ts';

/** Whether nothing lies on a queue, is in a worker's hands or on its way. */
export async function isEmpty({ sqs, outputs }: Pick<Platform, 'sqs' | 'outputs'>, queue: keyof Platform['outputs']['queues']): Promise<boolean> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: outputs.queues[queue], AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] }));
  return Object.values(Attributes).every((count) => Number(count) === 0);
}
