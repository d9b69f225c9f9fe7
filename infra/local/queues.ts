// Queues of the template, on local-aws-sqs in its own process or on whatever AWS_ENDPOINT_URL_SQS names.
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startServer } from './child-process.ts';
import { localAccess } from './tables.ts';
import type { Engine } from './tables.ts';
import { arn, block, place, text } from './template.ts';
import type { LocalStack, Resource } from './template.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface LocalQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** ARN of its dead-letter queue. */
  readonly deadLetterArn?: string;
  readonly fifo: boolean;
}

/** Its timers run on the virtual clock: visibility, delay, retention and long polls are divided with everything else. */
export async function startQueueEngine(clock: VirtualClock, given = process.env['AWS_ENDPOINT_URL_SQS']): Promise<Engine> {
  if (given) return { url: given };
  const child = await startServer<string>('engine-process.ts', { args: ['sqs', place.account, place.region], nodeOptions: clock.preload('dates and timers') });
  return { url: child.address, child };
}

const attributeNames = ['VisibilityTimeout', 'MessageRetentionPeriod', 'DelaySeconds', 'ReceiveMessageWaitTimeSeconds', 'MaximumMessageSize', 'FifoQueue', 'ContentBasedDeduplication'];

/** Creates the queues, dead-letter queues first as redrive policies name them, and registers them. */
export async function createQueues(stack: LocalStack, url: string): Promise<LocalQueue[]> {
  const client = new SQSClient({ ...localAccess, endpoint: url });
  const create = async (resource: Resource): Promise<LocalQueue> => {
    const name = queueName(stack, resource);
    const redrive = block(resource, 'RedrivePolicy');
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes(resource, redrive) }));
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const queueArn = Attributes?.QueueArn ?? arn('sqs', name);
    stack.register(resource.logicalId, { ref: QueueUrl, attributes: { Arn: queueArn, QueueName: name, QueueUrl } });
    const dead = redrive['deadLetterTargetArn'];
    return { name, url: QueueUrl, arn: queueArn, fifo: name.endsWith('.fifo'), ...(typeof dead === 'string' ? { deadLetterArn: dead } : {}) };
  };
  try {
    const [plain, redriven] = deadLettersFirst(stack);
    return [...(await Promise.all(plain.map(create))), ...(await Promise.all(redriven.map(create)))];
  } finally {
    client.destroy();
  }
}

/** A queue is made after the one that its redrive policy names. */
function deadLettersFirst(stack: LocalStack): [Resource[], Resource[]] {
  const queues = stack.of('AWS::SQS::Queue');
  const redriven = queues.filter((queue) => queues.some((other) => other !== queue && queue.names(other)));
  return [queues.filter((queue) => !redriven.includes(queue)), redriven];
}

function queueName(stack: LocalStack, resource: Resource): string {
  const given = text(resource, 'QueueName');
  if (given !== undefined) return given;
  const fifo = text(resource, 'FifoQueue') === 'true';
  return `${stack.name}-${resource.logicalId}`.slice(0, fifo ? 75 : 80) + (fifo ? '.fifo' : '');
}

function attributes(resource: Resource, redrive: Record<string, unknown>): Record<string, string> {
  const plain = attributeNames.flatMap((name) => {
    const value = text(resource, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(plain), ...(Object.keys(redrive).length === 0 ? {} : { RedrivePolicy: JSON.stringify(redrive) }) };
}
