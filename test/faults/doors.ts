// What the processes hold in their hands: clients of AWS whose calls are answered in memory, and fetch, which leads to the simulators.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { MessageAttributeValue, SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { SimulatorServer } from '../simulators/simulator-server.ts';
import type { MemoryTables } from '../support/memory-tables.ts';
import { awsLost, fetchLost, type Outside } from './outside.ts';

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}
const nameOf = (command: Command): string => command.constructor.name.replace(/Command$/, '');
const reads = new Set(['GetItem', 'Query', 'BatchGetItem', 'GetParameters']);

export function dynamoDoor(outside: Outside, { dynamo }: MemoryTables): DynamoDBClient {
  const send = (command: Command): Promise<unknown> => {
    const table = String(command.input['TableName'] ?? Object.keys((command.input['RequestItems'] ?? {}) as object)[0]).replace(/^.*?-staging-/, '');
    const name = nameOf(command);
    return outside.call({ what: `${name} ${table}`, effect: () => dynamo.send(command as never), lost: awsLost, retries: !reads.has(name), mayBeLate: false, reads: reads.has(name) });
  };
  return { send } as unknown as DynamoDBClient;
}

export interface Message {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  visibleAt: number;
  receives: number;
}

/** What a standard queue may do to whoever uses it. */
export interface QueueWeather {
  /** What was deleted comes once more, as after a receipt that had become stale. */
  doubled: () => boolean;
  /** Which of so many things that might come now does; `usual` is the one that would by time. */
  first: (lying: number, usual: number) => number;
  /** How many of one queue come in one batch, at most. */
  together: () => number;
  /** An entry of a batch is not taken. */
  refused: () => boolean;
}

/** Standard queues: what is sent is visible after its delay. `url` is the queue's name. */
export class Queues {
  messages: Message[] = [];
  readonly dead: Message[] = [];
  weather: QueueWeather = fair();
  #count = 0;
  readonly clock: () => number;
  constructor(clock: () => number) {
    this.clock = clock;
  }
  push(queue: string, body: string, delaySeconds = 0, attributes: Message['attributes'] = {}): void {
    this.messages.push({ id: `m${(this.#count += 1)}`, queue, body, attributes, visibleAt: this.clock() + delaySeconds * 1000, receives: 0 });
  }
  /** Takes up to ten in hand, as who redrives does. */
  take(queue: string, hiddenSeconds: number): Message[] {
    const taken = this.messages.filter((message) => message.queue === queue && message.visibleAt <= this.clock()).slice(0, 10);
    for (const message of taken) {
      message.visibleAt = this.clock() + hiddenSeconds * 1000;
      message.receives += 1;
    }
    return taken;
  }
  /** A receipt is good until the next one is given. */
  ofReceipt(receipt: unknown): Message | undefined {
    return this.messages.find((message) => receiptOf(message) === receipt);
  }
  remove(message: Message | undefined): void {
    this.messages = this.messages.filter((other) => other !== message);
  }
}

const receiptOf = ({ id, receives }: Message): string => `${id} ${receives}`;
export const fair = (): QueueWeather => ({ doubled: () => false, first: (_, usual) => usual, together: () => 1, refused: () => false });

export function sqsDoor(outside: Outside, queues: Queues): SQSClient {
  const effects: Record<string, (input: Record<string, unknown>) => object> = {
    SendMessage: ({ QueueUrl, MessageBody, DelaySeconds, MessageAttributes }) => {
      queues.push(String(QueueUrl), String(MessageBody), Number(DelaySeconds ?? 0), MessageAttributes as Message['attributes'] | undefined);
      return { MessageId: 'm' };
    },
    ReceiveMessage: ({ QueueUrl, VisibilityTimeout }) => ({
      Messages: queues.take(String(QueueUrl), Number(VisibilityTimeout)).map((message) => ({ MessageId: message.id, Body: message.body, ReceiptHandle: receiptOf(message), MessageAttributes: message.attributes })),
    }),
    DeleteMessage: ({ ReceiptHandle }) => {
      queues.remove(queues.ofReceipt(ReceiptHandle));
      return {};
    },
    ChangeMessageVisibility: ({ ReceiptHandle }) => {
      const message = queues.ofReceipt(ReceiptHandle);
      if (message) message.visibleAt = queues.clock();
      return {};
    },
    SendMessageBatch: ({ QueueUrl, Entries }) => {
      const entries = (Entries as { Id: string; MessageBody: string; DelaySeconds?: number }[]).map((entry) => ({ ...entry, refused: queues.weather.refused() }));
      for (const { MessageBody, DelaySeconds, refused } of entries) if (!refused) queues.push(String(QueueUrl), MessageBody, DelaySeconds);
      return { Successful: [], Failed: entries.filter(({ refused }) => refused).map(({ Id }) => ({ Id, Code: 'ThrottlingException', SenderFault: false })) };
    },
  };
  const send = (command: Command): Promise<unknown> => {
    const effect = effects[nameOf(command)];
    if (!effect) throw new Error(`The queues know no ${nameOf(command)}.`);
    const what = `${nameOf(command)} ${String(command.input['QueueUrl'])}`;
    return outside.call({ what, effect: async () => ({ ...effect(command.input), $metadata: { attempts: 1 } }), lost: awsLost, retries: true, mayBeLate: false, reads: false });
  };
  return { send } as unknown as SQSClient;
}

export function ssmDoor(outside: Outside, values: ReadonlyMap<string, string>, { path, answers }: { path: string; answers: () => boolean }): SSMClient {
  const send = (command: Command): Promise<unknown> =>
    outside.call({
      what: 'GetParameters',
      effect: async () => {
        if (!answers()) throw awsLost();
        return { Parameters: (command.input['Names'] as string[]).flatMap((Name) => (values.has(Name.slice(path.length)) ? [{ Name, Value: values.get(Name.slice(path.length)) }] : [])) };
      },
      lost: awsLost, retries: false, mayBeLate: false, reads: true,
    });
  return { send } as unknown as SSMClient;
}

/** Who answers below an address. */
export interface Route {
  readonly name: string;
  readonly root: string;
  readonly within: SimulatorServer['within'];
}

/** `webhook` takes what is posted to our own address. */
export function fetchDoor(outside: Outside, routes: readonly Route[], webhook: { root: string; answer: (url: URL, init: RequestInit) => Promise<Response> }): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin === webhook.root) return webhook.answer(url, init);
    const route = routes.find(({ root }) => root === url.origin);
    if (!route) throw new Error(`Nobody answers at ${url.origin}.`);
    const request = new Request(url, init);
    const { method } = request;
    const headers = Object.fromEntries(request.headers.entries());
    const body = await request.text();
    const effect = async (): Promise<Response> => {
      const answer = await route.within({ method, path: url.pathname, query: url.searchParams, headers, body });
      if (!answer) throw fetchLost();
      const json = typeof answer.body === 'object';
      const text = answer.status === 204 || answer.status === 304 ? null : json ? JSON.stringify(answer.body) : (answer.body ?? '').toString();
      return new Response(text, { status: answer.status, headers: { ...(json && { 'content-type': 'application/json; charset=utf-8' }), ...answer.headers } });
    };
    return outside.call({ what: `${route.name} ${method} ${shapeOf(url.pathname)}`, effect, lost: fetchLost, retries: false, mayBeLate: method !== 'GET' && !url.pathname.endsWith('/token'), reads: method === 'GET' });
  };
}

/** A path without its ids. */
const shapeOf = (path: string): string => path.split('/').map((part) => (part.length > 24 || part.includes('%') || part.includes('@') ? '…' : part)).join('/');
