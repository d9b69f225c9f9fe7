// Child process of the local run: one embedded engine (dynamodb or sqs) behind a listener that counts its calls.
// GET /_control/calls tells how often each operation was called on each table or queue; DELETE forgets it.
// PUT /_control/fail?operation=UpdateItem&how=throttled|broken|hanging&times=n makes the next n such calls (default: all, of any operation,
// broken) fail before they reach the engine; `operation` may be there several times; DELETE ends it. Those throttled are counted as
// `throttled UpdateItem sync-state` beside the calls.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;
interface Dynalite {
  emit(event: 'request', request: IncomingMessage, response: ServerResponse): boolean;
}

const require = createRequire(import.meta.url);
const [engine, account, region] = process.argv.slice(2);
const calls: Record<string, number> = {};
let handle: Handler | undefined;

/** Names the call from its header and, for the table or queue, its body: `UpdateItem sync-state`. */
function count(request: IncomingMessage, as = ''): void {
  const operation = as + (String(request.headers['x-amz-target'] ?? 'unknown').split('.').at(-1) ?? 'unknown');
  let seen = '';
  request.on('data', (chunk: Buffer) => {
    if (seen.length < 10_000_000) seen += chunk.toString('latin1');
  });
  request.on('end', () => {
    const target = /"(?:TableName|QueueUrl)":"(?:[^"]*\/)?([^"/]+)"/.exec(seen)?.[1];
    const name = target === undefined ? operation : `${operation} ${target}`;
    calls[name] = (calls[name] ?? 0) + 1;
  });
}

function control(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'DELETE') for (const name of Object.keys(calls)) delete calls[name];
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(calls));
}

/** How calls are made to fail, while they are. */
let failing: { readonly operations: readonly string[]; readonly how: string; times: number } | undefined;

function turnFailing(request: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const how = searchParams.get('how') ?? 'broken';
  const times = Number(searchParams.get('times') ?? Number.POSITIVE_INFINITY);
  if (!['throttled', 'broken', 'hanging'].includes(how) || Number.isNaN(times)) return void response.writeHead(400).end('how is throttled, broken or hanging; times a number.');
  failing = request.method === 'DELETE' ? undefined : { operations: searchParams.getAll('operation'), how, times };
  response.writeHead(204).end();
}

/** Fails a call as the service would, if it is to fail: nothing of it reaches the engine. */
function fails(request: IncomingMessage, response: ServerResponse): boolean {
  const operation = String(request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
  if (failing === undefined || failing.times < 1 || (failing.operations.length > 0 && !failing.operations.includes(operation))) return false;
  failing.times -= 1;
  if (failing.how === 'throttled') count(request, 'throttled ');
  request.resume();
  // The caller's own deadline ends it.
  if (failing.how === 'hanging') return true;
  const throttled = engine === 'sqs' ? 'com.amazonaws.sqs#RequestThrottled' : 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
  const [status, type] = failing.how === 'throttled' ? [400, throttled] : [500, 'InternalServerError'];
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ __type: type, message: 'Told to fail.' }));
  return true;
}

const server = createServer((request, response) => {
  if (request.url?.startsWith('/_control/calls') === true) return control(request, response);
  if (request.url?.startsWith('/_control/fail') === true) return turnFailing(request, response);
  count(request);
  return fails(request, response) ? undefined : handle?.(request, response);
});
// The SDK keeps connections: closed by the server after the usual 5 s, a request in flight would be reset.
server.keepAliveTimeout = 120_000;

function engineHandler(port: number): Handler {
  if (engine === 'sqs') {
    const { createRequestHandler } = require('local-aws-sqs') as typeof import('local-aws-sqs');
    return createRequestHandler({ port, hostname: '127.0.0.1', accountId: account ?? '', region: region ?? '' }).requestHandler;
  }
  const dynalite = require('dynalite') as (options: object) => Dynalite;
  const tables = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  return (request, response) => tables.emit('request', request, response);
}

process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  handle = engineHandler(port);
  process.send?.(`http://127.0.0.1:${port}`);
});
