// What AWS itself counts for the services that run here, in the shape in which it sends it to CloudWatch.
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LocalQueue } from '../queues.ts';
import { localAccess } from '../tables.ts';
import type { Sample } from './emf.ts';

type Add = (sample: Sample) => void;
type Figures = Readonly<Record<string, number>>;

const addAll = (add: Add, namespace: string, { sets, at, figures }: { sets: readonly Readonly<Record<string, string>>[]; at: number; figures: Figures }): void => {
  for (const dimensions of sets) for (const [name, value] of Object.entries(figures)) add({ namespace, name, dimensions, at, values: [[value, 1]] });
};

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export const lambdaFigures = (add: Add) => (functionName: string, at: number, figures: Figures): void => addAll(add, 'AWS/Lambda', { sets: [{ FunctionName: functionName }], at, figures });

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
export const apiFigures =
  (add: Add) =>
  ({ apiId, stage, status, ms, at }: { apiId: string; stage: string; status: number; ms: number; at: number }): void =>
    addAll(add, 'AWS/ApiGateway', { sets: [{ ApiId: apiId }, { ApiId: apiId, Stage: stage }], at, figures: { Count: 1, '4xx': Number(status >= 400 && status < 500), '5xx': Number(status >= 500), Latency: ms } });

const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'];

/**
 * What the engine was told to throttle since the last look: it throttles nothing of itself.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
export function tableThrottles(add: Add, engine: string): (at: number) => Promise<void> {
  let before: Figures = {};
  return async (at) => {
    const calls = (await (await fetch(`${engine}/_control/calls`)).json()) as Figures;
    for (const [name, count] of Object.entries(calls)) {
      const [, operation = '', table = ''] = /^throttled (\w+) (\S+)$/.exec(name) ?? [];
      const more = count - (before[name] ?? 0);
      if (table !== '' && more > 0) addAll(add, 'AWS/DynamoDB', { sets: [{ TableName: table }], at, figures: { [writes.includes(operation) ? 'WriteThrottleEvents' : 'ReadThrottleEvents']: more } });
    }
    before = calls;
  };
}

export interface QueueDepths {
  /** Asks the queues how much they hold. */
  readonly look: () => Promise<void>;
  /** Sends what they held when last looked at, as of a moment. */
  readonly tell: (at: number) => void;
  readonly close: () => void;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html */
export function queueDepths(add: Add, { queues, endpoint }: { queues: readonly LocalQueue[]; endpoint: string }): QueueDepths {
  const client = new SQSClient({ ...localAccess, endpoint, maxAttempts: 1 });
  let depths: readonly { readonly name: string; readonly figures: Figures }[] = [];
  return {
    look: async () => {
      depths = await Promise.all(
        queues.map(async ({ name, url }) => {
          const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] }));
          const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: inFlight, ApproximateNumberOfMessagesDelayed: delayed } = Attributes ?? {};
          return { name, figures: { ApproximateNumberOfMessagesVisible: Number(visible ?? 0), ApproximateNumberOfMessagesNotVisible: Number(inFlight ?? 0), ApproximateNumberOfMessagesDelayed: Number(delayed ?? 0) } };
        }),
      );
    },
    tell: (at) => {
      for (const { name, figures } of depths) addAll(add, 'AWS/SQS', { sets: [{ QueueName: name }], at, figures });
    },
    close: () => client.destroy(),
  };
}
