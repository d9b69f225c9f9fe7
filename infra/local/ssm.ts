// A small SSM Parameter Store: the calls that the service and its operators make, with the service's own limits and errors.
// GET /_control/calls counts calls by name, DELETE forgets them; PUT /_control/fail?times=n refuses the next n calls (0: none again).
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SSMClient, PutParameterCommand, ParameterAlreadyExists } from '@aws-sdk/client-ssm';
import type { Clock } from '../../lib/platform/clock.ts';
import { close, listen, readBody } from './loopback.ts';
import { parameterStore, RequestRefused } from './parameter-store.ts';
import { localAccess } from './tables.ts';
import { arn, physicalName, text } from './template.ts';
import type { LocalStack } from './template.ts';

export interface ParameterServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startParameterServer(clock: Clock, given = process.env['AWS_ENDPOINT_URL_SSM']): Promise<ParameterServer> {
  if (given) return { url: given, close: async () => {} };
  const operations = parameterStore(clock);
  const calls: Record<string, number> = {};
  let failures = 0;

  const control = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/_control/fail') failures = Number(searchParams.get('times') ?? Number.POSITIVE_INFINITY);
    else if (request.method === 'DELETE') for (const name of Object.keys(calls)) delete calls[name];
    response.setHeader('content-type', 'application/json').end(JSON.stringify(calls));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.startsWith('/_control/') === true) return control(request, response);
    const operation = String(request.headers['x-amz-target'] ?? '').replace('AmazonSSM.', '');
    calls[operation] = (calls[operation] ?? 0) + 1;
    const body = (await readBody(request, 1_000_000))?.toString('utf8');
    const failing = failures > 0;
    if (failing) failures -= 1;
    const { status, answer } = failing ? internalError : answerTo(operations[operation], body);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  server.keepAliveTimeout = 120_000;
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

interface Answer {
  readonly status: number;
  readonly answer: object;
}
const internalError: Answer = { status: 500, answer: { __type: 'InternalServerError', message: 'Told to fail.' } };

function answerTo(operation: ((input: never) => object) | undefined, body: string | undefined): Answer {
  if (operation === undefined) return { status: 400, answer: { __type: 'UnknownOperationException' } };
  try {
    return { status: 200, answer: operation(JSON.parse(body === undefined || body === '' ? '{}' : body) as never) };
  } catch (error) {
    if (error instanceof RequestRefused) return { status: 400, answer: { __type: error.code, message: error.message } };
    if (error instanceof SyntaxError) return { status: 400, answer: { __type: 'SerializationException', message: error.message } };
    throw error;
  }
}

/** Plants the template's parameters and registers them. One that exists already, in a store that outlives us, keeps the operator's value. */
export async function plantParameters(stack: LocalStack, url: string): Promise<string[]> {
  const client = new SSMClient({ ...localAccess, endpoint: url });
  try {
    return await Promise.all(
      stack.of('AWS::SSM::Parameter').map(async (resource) => {
        const name = physicalName(stack, resource, 'Name');
        const value = text(resource, 'Value') ?? '';
        const type = text(resource, 'Type') === 'StringList' ? 'StringList' : 'String';
        try {
          await client.send(new PutParameterCommand({ Name: name, Value: value, Type: type }));
        } catch (error) {
          if (!(error instanceof ParameterAlreadyExists)) throw error;
        }
        stack.register(resource.logicalId, { ref: name, attributes: { Type: type, Value: value, Arn: arn('ssm', `parameter${name}`) } });
        return name;
      }),
    );
  } finally {
    client.destroy();
  }
}
