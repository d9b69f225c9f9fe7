// The Graph client with a chain of our own. Its default chain drops the token off https, sleeps up to 180 s between retries of
// POSTs too, and trips over error bodies that are not Graph's: https://github.com/microsoftgraph/msgraph-sdk-javascript
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { Client, GraphClientError, HTTPMessageHandler, ResponseType } from '@microsoft/microsoft-graph-client';
import type { Clock } from '../../platform/clock.ts';
import { callSignal } from '../call-limits.ts';
import { parseJson } from '../json.ts';
import type { CalendarError, Session } from '../port.ts';
import { toldCall } from '../told-call.ts';
import { foreignLink, graphFault, leadsTo, malformed, networkFault } from './fault.ts';

/** What Graph answered, whatever its status; a body that is no JSON is undefined. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export interface GraphRequest {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** A path below the API's version with its encoded query, or a whole link that Graph gave. */
  readonly url: string;
  /** Besides the preferences, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Sends one request within the session's limits, after those before it, renewing the token once on 401. */
export type GraphCall = (request: GraphRequest) => Promise<Answer>;

export interface CallOptions {
  /** Such as https://graph.microsoft.com. */
  readonly graphUrl: string;
  readonly session: Session;
  readonly clock: Clock;
  readonly callMs: number;
  /** How many rows a page may hold. */
  readonly pageSize: number;
}

/** They hold for the one request that carries them, so that every page of every round asks again. */
const preferences = (pageSize: number): string => `odata.maxpagesize=${String(pageSize)}, outlook.timezone="UTC", IdType="ImmutableId"`;

/** 200 events with their texts, which a delta cannot be asked to leave out, stay far below. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** The address exactly as it is to go out: the client re-orders queries, and takes http:// links for paths. */
class Address {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}

const addressOf = (context: Context): string => (context.middlewareControl?.getMiddlewareOptions(Address) as Address).url;

function step(work: (context: Context, next: () => Promise<void>) => Promise<void>): Middleware {
  let following: Middleware | undefined;
  return {
    setNext: (middleware) => {
      following = middleware;
    },
    execute: (context) => work(context, async () => following?.execute(context)),
  };
}

/** The client replaces what is thrown below it, except its own kind of error: carry ours in that. */
const carryErrors = (): Middleware =>
  step(async (_context, next) => {
    try {
      await next();
    } catch (error) {
      throw Object.assign(new GraphClientError(), { customError: error });
    }
  });

const exactAddress = (graphUrl: string): Middleware =>
  step(async (context, next) => {
    const url = addressOf(context);
    // The token goes to Graph alone, whatever a link in an answer says.
    if (!leadsTo(graphUrl, url)) throw foreignLink();
    context.request = url;
    await next();
  });

/** Frees the connection of an answer that nobody reads. */
async function discard(response: Response): Promise<void> {
  try {
    await response.body?.cancel();
  } catch (error) {
    throw networkFault(error);
  }
}

const bearer = ({ session, clock, callMs }: CallOptions): Middleware =>
  step(async (context, next) => {
    const attempt = async (renew: boolean): Promise<void> => {
      await session.permit();
      callSignal(session, clock, callMs);
      const token = renew ? await session.token(true) : await session.token();
      context.options = { ...context.options, headers: { ...context.options?.headers, ...storyOf(session), Authorization: `Bearer ${token}` } };
      await next();
    };
    await attempt(false);
    if (context.response?.status !== 401) return;
    await discard(context.response);
    await attempt(true);
  });

/** Graph writes it into its own logs: support finds a call by it. https://learn.microsoft.com/graph/best-practices-concept */
const storyOf = ({ trace }: Session): Record<string, string> => (trace === undefined ? {} : { 'client-request-id': trace.correlation });

const deadline = ({ session, clock, callMs }: CallOptions): Middleware =>
  step(async (context, next) => {
    context.options = { ...context.options, redirect: 'manual', signal: callSignal(session, clock, callMs) };
    const send = async (): Promise<Response | undefined> => {
      try {
        await next();
        return context.response;
      } catch (error) {
        throw networkFault(error);
      }
    };
    await toldCall({ session, clock, provider: 'microsoft' }, send, (response) => ({ method: context.options?.method, status: response?.status, providerRequestId: response?.headers.get('request-id') }));
  });

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw malformed('size');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function sendRaw(client: Client, { method, headers, body }: GraphRequest & { headers: Record<string, string> }, url: string): Promise<Response> {
  // A path for the client's own bookkeeping; `exactAddress` has the last word.
  const request = client.api('/').headers(headers).middlewareOptions([new Address(url)]).responseType(ResponseType.RAW);
  try {
    return (await (method === 'get' || method === 'delete' ? request[method]() : request[method](body ?? {}))) as Response;
  } catch (error) {
    throw error instanceof GraphClientError ? error.customError : networkFault(error);
  }
}

/** How the calls of one session are made: one at a time, since Graph bears four of an app for one mailbox, all workers together. */
export function graphCall(options: CallOptions): GraphCall {
  const { graphUrl, pageSize } = options;
  const Prefer = preferences(pageSize);
  const middleware = [carryErrors(), exactAddress(graphUrl), bearer(options), deadline(options), new HTTPMessageHandler()];
  const client = Client.initWithMiddleware({ baseUrl: graphUrl, middleware });
  const send = async (request: GraphRequest): Promise<Answer> => {
    const url = request.url.startsWith('/') ? `${graphUrl}/v1.0${request.url}` : request.url;
    const response = await sendRaw(client, { ...request, headers: { Prefer, ...request.headers } }, url);
    const text = await readText(response).catch((error: unknown) => {
      throw networkFault(error);
    });
    const answer = { status: response.status, body: parseJson(text), headers: response.headers };
    if (answer.status === 401) throw faultOf(answer);
    return answer;
  };
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const mine = last.then(() => send(request));
    // Who asked hears of a failure; the next need not.
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** The fault of an answer that is no success. */
export const faultOf = (answer: Answer): CalendarError => graphFault(answer.status, answer.body, answer.headers);

/** The body of a success; anything else is thrown as what it means. */
export function bodyOf(answer: Answer): unknown {
  if (answer.status < 200 || answer.status >= 300) throw faultOf(answer);
  return answer.body;
}
