// Polls queues for functions as the template's event source mappings say.
import { ChangeMessageVisibilityCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Disturb } from './disturbance.ts';
import { functionNameOf } from './function-plan.ts';
import type { Functions } from './functions.ts';
import type { LocalQueue } from './queues.ts';
import { queueRecord } from './queue-record.ts';
import { localAccess } from './tables.ts';
import { block, number, text } from './template.ts';
import type { LocalStack } from './template.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Mapping {
  readonly queue: LocalQueue;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowMs: number;
  /** Batches in flight at most. */
  readonly concurrency: number;
  /** Without it only a thrown error fails, and it fails the whole batch. */
  readonly reportsItems: boolean;
}

export interface PollerOptions {
  readonly endpoint: string;
  readonly functions: Pick<Functions, 'invoke'>;
  readonly clock: VirtualClock;
  readonly disturb: Disturb;
  /** The engine outlives this run: nothing may be left in flight there by a poll that was given up. */
  readonly shared: boolean;
  readonly onTrouble: (text: string) => void;
}

/** AWS starts a standard queue with five pollers, each with one batch in flight. */
const unboundedConcurrency = 5;
/** What one ReceiveMessage gives, and DeleteMessageBatch takes. */
const callSize = 10;
const waitSeconds = 20;
/** local-aws-sqs goes on with a poll whose caller has hung up, and hides what then arrives; a poll of a shared engine is short, and seen to its end. */
const sharedWaitSeconds = 1;

export function planMappings(stack: LocalStack, queues: readonly LocalQueue[]): Mapping[] {
  return stack
    .of('AWS::Lambda::EventSourceMapping')
    .filter((mapping) => text(mapping, 'Enabled') !== 'false')
    .map((mapping) => {
      const source = text(mapping, 'EventSourceArn');
      const queue = queues.find(({ arn }) => arn === source);
      if (queue === undefined) throw new Error(`${mapping.logicalId}: only queues of the same template can be an event source here, not ${source}.`);
      if (Object.keys(block(mapping, 'FilterCriteria')).length > 0) throw new Error(`${mapping.logicalId}: filters do not run here.`);
      const reports = mapping.property('FunctionResponseTypes');
      return {
        queue,
        functionName: functionNameOf(text(mapping, 'FunctionName') ?? ''),
        batchSize: number(mapping, 'BatchSize', callSize),
        windowMs: number(mapping, 'MaximumBatchingWindowInSeconds', 0) * 1000,
        concurrency: Number(block(mapping, 'ScalingConfig')['MaximumConcurrency'] ?? unboundedConcurrency),
        reportsItems: Array.isArray(reports) && reports.includes('ReportBatchItemFailures'),
      };
    });
}

/** Polls until `close`, which also waits for the batches in flight. */
export function startPoller(mapping: Mapping, options: PollerOptions): { close(): Promise<void> } {
  const client = new SQSClient({ ...localAccess, endpoint: options.endpoint });
  const closing = new AbortController();
  const inFlight = new Set<Promise<void>>();

  const deliverAll = (records: readonly SQSRecord[]): void => {
    for (const { records: batch, afterMs } of options.disturb(records)) {
      const delivery = deliver(batch, afterMs).catch((error: unknown) => {
        if (!closing.signal.aborted) options.onTrouble(`${mapping.queue.name}: ${describe(error)}`);
      });
      inFlight.add(delivery);
      void delivery.finally(() => inFlight.delete(delivery));
    }
  };
  const polling = options.shared ? { wait: sharedWaitSeconds } : { wait: waitSeconds, signal: closing.signal };
  const received = async (records: readonly SQSRecord[]): Promise<void> => {
    if (closing.signal.aborted) await giveBack(client, mapping.queue.url, records);
    else deliverAll(records);
  };
  const deliver = async (batch: readonly SQSRecord[], afterMs: number): Promise<void> => {
    if (afterMs > 0) await pause(options.clock.wall(afterMs), closing.signal);
    const result = await options.functions.invoke(mapping.functionName, { Records: batch });
    const done = result.ok ? succeeded(batch, result.payload, mapping.reportsItems) : [];
    await remove(client, mapping.queue.url, done);
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if (inFlight.size >= mapping.concurrency) await Promise.race(inFlight);
        else await received(await receiveBatch(client, mapping, { clock: options.clock, ...polling }));
      } catch (error) {
        if (closing.signal.aborted) return;
        options.onTrouble(`${mapping.queue.name}: ${describe(error)}`);
        await pause(1000, closing.signal);
      }
    }
  };
  const running = run();
  return {
    close: async () => {
      closing.abort();
      await running;
      await Promise.all(inFlight);
      client.destroy();
    },
  };
}

/** The records that were handled: what the answer does not name as failed. An answer that cannot be understood fails the whole batch. */
export function succeeded(batch: readonly SQSRecord[], payload: string, reportsItems: boolean): readonly SQSRecord[] {
  if (!reportsItems) return batch;
  const answer = JSON.parse(payload) as SQSBatchResponse | null;
  if (answer === null || typeof answer !== 'object' || answer.batchItemFailures === undefined || answer.batchItemFailures === null) return batch;
  if (!Array.isArray(answer.batchItemFailures)) return [];
  const failed = answer.batchItemFailures.map((item: { itemIdentifier?: unknown } | null) => item?.itemIdentifier);
  const known = failed.every((id) => batch.some(({ messageId }) => messageId === id));
  return known ? batch.filter(({ messageId }) => !failed.includes(messageId)) : [];
}

interface Polling {
  readonly clock: VirtualClock;
  readonly wait: number;
  readonly signal?: AbortSignal;
}

/**
 * One message as soon as there is one, then what else is there, up to the batch size or the end of the window.
 * Asked for more than one, local-aws-sqs holds what it has until the whole wait is over, so the first is asked for alone.
 */
async function receiveBatch(client: SQSClient, { queue, batchSize, windowMs }: Mapping, { clock, wait, signal }: Polling): Promise<SQSRecord[]> {
  const receive = async (most: number, seconds: number): Promise<Message[]> => {
    // The engine ignores MessageSystemAttributeNames, the newer name of AttributeNames.
    const command = new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: most, WaitTimeSeconds: seconds, AttributeNames: ['All'], MessageAttributeNames: ['All'] });
    return (await client.send(command, signal === undefined ? {} : { abortSignal: signal })).Messages ?? [];
  };
  const batch = await receive(1, wait);
  if (batch.length === 0) return [];
  const windowEnds = performance.now() + clock.wall(windowMs);
  do {
    if (batch.length >= batchSize) break;
    const more = await receive(Math.min(callSize, batchSize - batch.length), 0);
    batch.push(...more);
    if (more.length === 0 && performance.now() >= windowEnds) break;
  } while (batch.length < batchSize);
  return batch.map((message) => queueRecord(message, queue.arn));
}

async function remove(client: SQSClient, QueueUrl: string, records: readonly SQSRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += callSize) {
    const Entries = records.slice(from, from + callSize).map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

async function giveBack(client: SQSClient, QueueUrl: string, records: readonly SQSRecord[]): Promise<void> {
  await Promise.all(records.map(({ receiptHandle }) => client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 }))));
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
