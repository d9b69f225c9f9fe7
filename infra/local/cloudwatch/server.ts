import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { close, listen, readBody } from '../loopback.ts';
import { Refused, type Operations } from './operations.ts';
import type { Sample } from './emf.ts';

export interface CloudWatchServer {
  readonly url: string;
  close(): Promise<void>;
}

/** CloudWatch's calls in AWS JSON 1.0, which the SDK speaks; looked up at each call, as the alarms come after the server. POST /_control/sample adds a figure that an engine here cannot count itself. */
export async function startCloudWatchServer(operations: () => Operations, add: (sample: Sample) => void): Promise<CloudWatchServer> {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const raw = (await readBody(request, 10_000_000)) ?? Buffer.alloc(0);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    if (request.url === '/_control/sample') {
      add(JSON.parse(body) as Sample);
      response.writeHead(204).end();
      return;
    }
    const { status, answer } = answerTo(operations(), String(request.headers['x-amz-target'] ?? ''), body);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  server.keepAliveTimeout = 120_000;
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

function answerTo(operations: Operations, target: string, body: string): { status: number; answer: object } {
  const name = target.split('.').at(-1) ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) return { status: 400, answer: { __type: 'UnknownOperationException', message: `${name} is not answered here.` } };
  try {
    return { status: 200, answer: operation(JSON.parse(body === '' ? '{}' : body) as Record<string, unknown>) };
  } catch (error) {
    if (error instanceof Refused) return { status: 400, answer: { __type: error.code, message: error.message } };
    if (error instanceof SyntaxError) return { status: 400, answer: { __type: 'SerializationException', message: error.message } };
    throw error;
  }
}
