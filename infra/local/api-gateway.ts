// The template's HTTP API: its routes, limits and answers, in front of the functions.
import { createServer } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/platform/clock.ts';
import { apiAnswer, apiEvent, message, splitUrl } from './api-event.ts';
import type { ApiAnswer } from './api-event.ts';
import { matchRoute } from './api-routes.ts';
import type { ApiPlan, Route } from './api-routes.ts';
import type { Functions } from './functions.ts';
import { close, listen, readBody } from './loopback.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ApiGateway {
  /** With the stage's path, without a closing slash. */
  readonly url: string;
  /** Until this the gateway answers 503: functions are told its address before they can run. */
  serve(plan: ApiPlan, functions: Pick<Functions, 'invoke'>): void;
  close(): Promise<void>;
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html; the last is Lambda's for one request.
const limits = { bodyBytes: 10 * 1024 * 1024, headerBytes: 10_240, timeoutMs: 30_000, eventBytes: 6 * 1024 * 1024 };

interface Serving {
  readonly plan: ApiPlan;
  readonly functions: Pick<Functions, 'invoke'>;
  readonly clock: VirtualClock;
  readonly admit: (route: Route) => boolean;
}

/** `stage` is known before the plan is, as the URL depends on it. */
export async function startApiGateway(options: { clock: VirtualClock; stage: string; port?: number; onAnswer?: (answer: { status: number; ms: number }) => void }): Promise<ApiGateway> {
  let serving: Serving | undefined;
  const answer = async (request: IncomingMessage): Promise<ApiAnswer> => {
    if (serving === undefined) return message(503, 'Service Unavailable');
    return await answerTo(request, serving);
  };
  // Node's own header limit is left above the gateway's, whose answer it is.
  const server = createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: 60_000 }, (request, response) => {
    const began = performance.now();
    answer(request)
      .then((given) => {
        options.onAnswer?.({ status: given.status, ms: performance.now() - began });
        return send(response, given);
      })
      .catch((error: unknown) => {
        if (!request.destroyed || request.complete) console.error('api gateway:', error);
        response.destroy();
      });
  });
  const port = await listen(server, options.port);
  const prefix = options.stage === '$default' ? '' : `/${options.stage}`;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    serve: (plan, functions) => {
      serving = { plan, functions, clock: options.clock, admit: throttles(options.clock.now) };
    },
    close: () => close(server),
  };
}

async function answerTo(request: IncomingMessage, { plan, functions, clock, admit }: Serving): Promise<ApiAnswer> {
  const body = await readBody(request, limits.bodyBytes);
  if (headerSize(request) > limits.headerBytes) return message(431, 'Request Header Fields Too Large');
  const match = matchRoute(plan.routes, request.method ?? 'GET', pathBelow(plan.stage, request.url ?? '/'));
  if (match === undefined) return message(404, 'Not Found');
  if (!admit(match.route)) return message(429, 'Too Many Requests');
  if (body === undefined) return message(413, 'Request Too Long');
  const event = apiEvent({ request, body, match, apiId: 'local', stage: plan.stage, clock: clock.now });
  if (Buffer.byteLength(JSON.stringify(event)) > limits.eventBytes) return message(413, 'Request Too Long');
  return await withinTime(Math.min(match.route.timeoutMs, limits.timeoutMs), async () => {
    const result = await functions.invoke(match.route.functionName, event);
    if (result.ok) return apiAnswer(result.payload);
    return result.throttled ? message(503, 'Service Unavailable') : message(500, 'Internal Server Error');
  });
}

/** The path that routes are matched against: a named stage is its first segment. */
function pathBelow(stage: string, url: string): string {
  const { pathname } = splitUrl(url);
  if (stage === '$default') return pathname;
  return pathname.startsWith(`/${stage}/`) ? pathname.slice(stage.length + 1) : '';
}

const headerSize = ({ method = '', url = '', rawHeaders }: IncomingMessage): number =>
  method.length + url.length + rawHeaders.reduce((size, part) => size + Buffer.byteLength(part, 'latin1') + 2, 0);

async function withinTime(limitMs: number, work: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ApiAnswer>((resolve) => {
    timer = setTimeout(() => resolve(message(503, 'Service Unavailable')), limitMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A token bucket for each route, as the stage's settings say. */
function throttles(clock: Clock): (route: Route) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return ({ routeKey, throttle }) => {
    if (throttle === undefined) return true;
    const now = clock();
    const { tokens, at } = buckets.get(routeKey) ?? { tokens: throttle.burst, at: now };
    const filled = Math.min(throttle.burst, tokens + ((now - at) / 1000) * throttle.rate);
    buckets.set(routeKey, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    return filled >= 1;
  };
}

async function send(response: ServerResponse, { status, headers, body }: ApiAnswer): Promise<void> {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) } as OutgoingHttpHeaders);
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(body, () => resolve());
  });
}
