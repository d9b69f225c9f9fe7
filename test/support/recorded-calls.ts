// What a client of AWS was asked, in order; otherwise the client is the one it was.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { localAccess } from '../../infra/local/tables.ts';

export interface Call {
  /** Such as `UpdateItem`. */
  readonly command: string;
  /** Table, queue URL, or nothing. */
  readonly target: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
}

const callOf = (commandName: string | undefined, input: object): Call => {
  const told = input as Record<string, unknown>;
  return { command: (commandName ?? '').replace(/Command$/, ''), target: String(told['TableName'] ?? told['QueueUrl'] ?? ''), key: (told['Key'] ?? {}) as Record<string, unknown>, input: told };
};

/** Remembers every command of a client, each once, however often it is retried. */
export function recordCalls(client: DynamoDBClient): Call[] {
  const calls: Call[] = [];
  const send = client.send.bind(client) as (...asked: unknown[]) => unknown;
  const recording = (command: { readonly constructor: { readonly name: string }; readonly input: object }, ...more: readonly unknown[]): unknown => {
    calls.push(callOf(command.constructor.name, command.input));
    return send(command, ...more);
  };
  Object.assign(client, { send: recording });
  return calls;
}

/** Says what a call is answered; throws for a failure. */
type Answering = (call: Call) => object | Promise<object>;

/** A client of SQS whose calls never leave the process. */
export function scriptedSqs(answer: Answering = () => ({ MessageId: 'm' })): { sqs: SQSClient; calls: Call[] } {
  const sqs = new SQSClient({ ...localAccess, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
  const calls: Call[] = [];
  sqs.middlewareStack.add(
    (_next, context) => async (args) => {
      const call = callOf(context.commandName, args.input);
      calls.push(call);
      return { response: {}, output: { $metadata: {}, ...(await answer(call)) } as never };
    },
    { step: 'initialize', priority: 'high', name: 'scripted' },
  );
  return { sqs, calls };
}

/** A client of SSM whose calls never leave the process. */
export function scriptedSsm(answer: Answering): { ssm: SSMClient; calls: Call[] } {
  const ssm = new SSMClient({ ...localAccess, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
  const calls: Call[] = [];
  ssm.middlewareStack.add(
    (_next, context) => async (args) => {
      const call = callOf(context.commandName, args.input);
      calls.push(call);
      return { response: {}, output: { $metadata: {}, ...(await answer(call)) } as never };
    },
    { step: 'initialize', priority: 'high', name: 'scripted' },
  );
  return { ssm, calls };
}
