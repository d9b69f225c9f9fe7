// One small HTTP server under both calendar simulators: loopback only, with a log of every request and faults on demand.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lib/platform/clock.ts';
import { faultBook } from './faults.ts';
import type { Fault } from './faults.ts';

export type { Fault } from './faults.ts';

export interface SimRequest {
  readonly method: string;
  /** The raw path: each handler decodes its own segments. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An object as body is sent as JSON. */
export interface SimResponse {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
}

export interface LoggedRequest {
  readonly n: number;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** What the caller saw; 0 = the connection was reset. */
  readonly status: number;
}

export interface SimulatorServer {
  /** http://127.0.0.1:port, without a closing slash. */
  readonly url: string;
  readonly requests: LoggedRequest[];
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** As over HTTP, log and faults included, but within this process; undefined: the connection was reset. */
  within(request: SimRequest): Promise<SimResponse | undefined>;
  close(): Promise<void>;
}

type Handle = (request: SimRequest) => Promise<SimResponse> | SimResponse;

export interface ServerOptions {
  readonly port?: number;
  readonly clock: Clock;
  readonly handle: Handle;
  /** Serves what lies under /_sim/ besides faults and requests: neither logged nor faulted. */
  readonly control?: Handle;
}

const maxBody = 10 * 1024 * 1024;
const reset = Symbol('reset');

/** Serves until `close`. Also answers POST|DELETE /_sim/faults and GET|DELETE /_sim/requests?since=n. */
export async function startSimulatorServer(options: ServerOptions): Promise<SimulatorServer> {
  const requests: LoggedRequest[] = [];
  const faults = faultBook();
  const own = controlRoutes({ requests, faults, control: options.control });
  let n = 0;

  const respond = async (request: SimRequest): Promise<SimResponse | typeof reset> => {
    n += 1;
    const entry = { n, at: options.clock(), method: request.method, path: request.path, query: request.query.toString(), headers: plainHeaders(request.headers), body: request.body };
    const response = await suffer(faults.take(request), () => answer(options.handle, request));
    requests.push({ ...entry, status: response === reset ? 0 : response.status });
    return response;
  };
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    if (request === undefined) return send(outgoing, { status: 413, body: 'The simulators take bodies up to 10 MB.\n' });
    if (request.path.startsWith('/_sim/')) return send(outgoing, await answer(own, request));
    const response = await respond(request);
    if (response === reset) incoming.socket.resetAndDestroy();
    else await send(outgoing, response);
  };

  const server = createServer((incoming, outgoing) => {
    // A caller that hangs up half way is its own affair; what else fails here is a bug in the simulator and must be seen.
    serve(incoming, outgoing).catch((error: unknown) => {
      if (!incoming.destroyed || incoming.complete) console.error('simulator server:', error);
      outgoing.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    addFault: faults.add,
    clearFaults: faults.clear,
    within: async (request) => {
      const response = await respond(request);
      return response === reset ? undefined : response;
    },
    close: () => close(server),
  };
}

function controlRoutes(parts: { requests: LoggedRequest[]; faults: ReturnType<typeof faultBook>; control: Handle | undefined }): Handle {
  const { requests, faults, control } = parts;
  return (request) => {
    const route = `${request.method} ${request.path}`;
    if (route === 'POST /_sim/faults') {
      faults.add(JSON.parse(request.body) as Fault);
      return { status: 201 };
    }
    if (route === 'DELETE /_sim/faults') {
      faults.clear();
      return { status: 204 };
    }
    if (route === 'GET /_sim/requests') {
      const since = Number(request.query.get('since') ?? 0);
      return { status: 200, body: requests.filter((entry) => entry.n > since) };
    }
    if (route === 'DELETE /_sim/requests') {
      requests.length = 0;
      return { status: 204 };
    }
    return control === undefined ? { status: 404, body: { error: `no control route ${route}` } } : control(request);
  };
}

async function suffer(fault: Fault | undefined, effect: () => Promise<SimResponse>): Promise<SimResponse | typeof reset> {
  if (fault === undefined) return effect();
  const done = fault.when === 'after' || !replaces(fault) ? await effect() : undefined;
  if (fault.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  if (fault.reset === true) return reset;
  if (done !== undefined && !replaces(fault)) return done;
  return {
    status: fault.status ?? done?.status ?? 500,
    ...(fault.headers === undefined ? {} : { headers: fault.headers }),
    ...(fault.body === undefined ? {} : { body: fault.body }),
  };
}

/** A fault with nothing but a delay lets the true answer through. */
const replaces = (fault: Fault): boolean => fault.reset === true || fault.status !== undefined || fault.body !== undefined || fault.headers !== undefined;

async function answer(handle: Handle, request: SimRequest): Promise<SimResponse> {
  try {
    return await handle(request);
  } catch (error) {
    console.error(`simulator: ${request.method} ${request.path} failed:`, error);
    return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: error instanceof Error ? error.message : String(error) };
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SimRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBody) chunks.push(chunk);
  }
  if (size > maxBody) return undefined;
  const [path, ...search] = (incoming.url ?? '/').split('?');
  return {
    method: incoming.method ?? 'GET',
    path: path ?? '/',
    query: new URLSearchParams(search.join('?')),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

async function send(outgoing: ServerResponse, response: SimResponse): Promise<void> {
  const json = typeof response.body === 'object';
  const body = typeof response.body === 'object' ? JSON.stringify(response.body) : (response.body ?? '');
  outgoing.writeHead(response.status, { ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}), ...response.headers });
  await new Promise<void>((resolve) => {
    outgoing.once('close', resolve);
    outgoing.end(body, () => resolve());
  });
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
