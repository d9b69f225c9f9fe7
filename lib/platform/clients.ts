import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';

interface CallLimits {
  /** To a connection, and to the whole answer, in milliseconds. Without throwOnRequestTimeout the SDK would only warn. */
  readonly connectMs: number;
  readonly requestMs: number;
  /** Attempts in all, the first included. */
  readonly attempts: number;
}

/** For the webhooks: Graph gives 3 s for the whole answer. */
export const swift: CallLimits = { connectMs: 500, requestMs: 500, attempts: 2 };
/** For workers, which hold a lease far longer than this. */
export const steady: CallLimits = { connectMs: 1000, requestMs: 3000, attempts: 3 };

const options = ({ connectMs, requestMs, attempts }: CallLimits) => ({
  maxAttempts: attempts,
  requestHandler: { connectionTimeout: connectMs, requestTimeout: requestMs, throwOnRequestTimeout: true },
});

/** The SDK copies all that it has read for a logger that is not there: twice the work of reading it. */
function unlogged<Client extends { readonly middlewareStack: { remove(name: string): boolean } }>(client: Client): Client {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

export const cloudWatchClient = (limits: CallLimits): CloudWatchClient => unlogged(new CloudWatchClient(options(limits)));
export const dynamoClient = (limits: CallLimits): DynamoDBClient => unlogged(new DynamoDBClient(options(limits)));
export const sqsClient = (limits: CallLimits): SQSClient => unlogged(new SQSClient(options(limits)));
export const ssmClient = (limits: CallLimits): SSMClient => unlogged(new SSMClient(options(limits)));

/** Milliseconds between the end of a lease and the moment at which Lambda would kill its holder. */
const marginMs = 5000;

/** When work of this invocation must be over. */
export const leaseEnd = (clock: () => number, { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number }): number => clock() + getRemainingTimeInMillis() - marginMs;
