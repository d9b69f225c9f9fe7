// DynamoDB, SQS and SSM over HTTP, in this process's memory, so that the functions run against them as they are, with their own clients.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MemoryTables } from './memory-tables.ts';

export interface SentMessage {
  /** The last part of the queue's URL. */
  readonly queue: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface AwsEndpoint {
  readonly url: string;
  /** By full name. */
  readonly parameters: Map<string, string>;
  /** Every message sent, oldest first. */
  readonly sent: SentMessage[];
  close(): Promise<void>;
}

type Input = Readonly<Record<string, unknown>>;
interface Entry {
  readonly Id?: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

export async function startAwsEndpoint(tables: MemoryTables): Promise<AwsEndpoint> {
  const parameters = new Map<string, string>();
  const sent: SentMessage[] = [];
  const take = (queueUrl: unknown, { MessageBody, MessageAttributes = {} }: Entry): object => {
    sent.push({ queue: String(queueUrl).split('/').at(-1) ?? '', body: wellKept(MessageBody), attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue])) });
    return { MessageId: `m${sent.length}`, MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') };
  };
  const actions: Readonly<Record<string, (input: Input) => object>> = {
    SendMessage: (input) => take(input['QueueUrl'], input as unknown as Entry),
    SendMessageBatch: (input) => ({ Successful: (input['Entries'] as Entry[]).map((entry) => ({ Id: entry.Id, ...take(input['QueueUrl'], entry) })), Failed: [] }),
    GetParameters: (input) => ({ Parameters: (input['Names'] as string[]).flatMap((Name) => (parameters.has(Name) ? [{ Name, Value: parameters.get(Name) }] : [])) }),
  };
  const answer = async (target: string, input: Input): Promise<object> => {
    const [service = '', name = ''] = target.split('.');
    if (service.startsWith('DynamoDB')) return tables.dynamo.send({ constructor: { name: `${name}Command` }, input } as never);
    const action = actions[name];
    if (!action) throw new Error(`Nobody here knows ${target}.`);
    return action(input);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const say = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
      answer(String(request.headers['x-amz-target']), JSON.parse(Buffer.concat(chunks).toString('utf8')) as Input).then(
        (body) => say(200, { ...body, $metadata: undefined }),
        (error: Error) => say(400, { __type: error.name, message: error.message }),
      );
    });
  });
  const url = await listening(server);
  return {
    url, parameters, sent,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What SQS allows in a body: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
function wellKept(body: string): string {
  if (body === '' || Buffer.byteLength(body) > 1_048_576 || !/^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(body)) throw Object.assign(new Error('The message contains characters outside the allowed set.'), { name: 'InvalidMessageContents' });
  return body;
}

async function listening(server: Server): Promise<string> {
  // The SDK keeps connections: closed by the server after the usual 5 s, a request in flight would be reset.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
