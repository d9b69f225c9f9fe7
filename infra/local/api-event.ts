// HTTP API payload format 2.0, both ways: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Clock } from '../../lib/platform/clock.ts';
import { place } from './template.ts';
import type { RouteMatch } from './api-routes.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | string;
}

export interface ApiCall {
  readonly request: Pick<IncomingMessage, 'method' | 'rawHeaders' | 'httpVersion'> & { readonly url?: string | undefined };
  readonly body: Buffer;
  readonly match: RouteMatch;
  readonly apiId: string;
  readonly stage: string;
  readonly clock: Clock;
}

// Hop-by-hop, or moved elsewhere in the event.
const dropped = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'te', 'cookie', 'authorization-iam']);

/** The event as Lambda receives it. */
export function apiEvent(call: ApiCall): APIGatewayProxyEventV2 {
  const { request, body, match } = call;
  const { pathname: rawPath, search } = splitUrl(request.url ?? '/');
  const all = headerLists(request.rawHeaders);
  const headers = Object.fromEntries([...all].filter(([name]) => !dropped.has(name)).map(([name, values]) => [name, values.join(',')]));
  const cookies = all.get('cookie')?.flatMap((line) => line.split(/;\s*/));
  const query = queryOf(search);
  const encoded = body.length > 0 && !isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: match.route.routeKey,
    rawPath,
    rawQueryString: search,
    ...(cookies === undefined ? {} : { cookies }),
    headers: { ...headers, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': '443', 'x-forwarded-proto': 'https', 'x-amzn-trace-id': `Root=1-${randomUUID()}` },
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: requestContext(call, { rawPath, userAgent: headers['user-agent'] ?? '' }),
    ...(body.length === 0 ? {} : { body: body.toString(encoded ? 'base64' : 'utf8') }),
    ...(Object.keys(match.pathParameters).length === 0 ? {} : { pathParameters: match.pathParameters }),
    isBase64Encoded: encoded,
  };
}

type RequestContext = APIGatewayProxyEventV2['requestContext'];

function requestContext({ request, match, apiId, stage, clock }: ApiCall, { rawPath, userAgent }: { rawPath: string; userAgent: string }): RequestContext {
  const now = clock();
  const context: RequestContext = {
    accountId: place.account,
    apiId,
    domainName: `${apiId}.execute-api.${place.region}.${place.suffix}`,
    domainPrefix: apiId,
    http: { method: request.method ?? 'GET', path: rawPath, protocol: `HTTP/${request.httpVersion}`, sourceIp: '127.0.0.1', userAgent },
    requestId: randomUUID(),
    routeKey: match.route.routeKey,
    stage,
    time: commonLogTime(now),
    timeEpoch: now,
  };
  return match.route.authorization === 'AWS_IAM' ? ({ ...context, authorizer: { iam: localCaller } } as RequestContext) : context;
}

/** Whoever calls an IAM route on this machine is let in, as this caller. */
const localCaller = {
  accessKey: 'local',
  accountId: place.account,
  callerId: 'local',
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: `arn:aws:iam::${place.account}:user/local`,
  userId: 'local',
};

/**
 * Whether a body travels as text. Only text types, JSON, XML and JavaScript do; forms, unknown types and bodies without a type arrive in
 * base64, so a verifier has to decode before it takes the raw bytes: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
function isText(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || /^application\/([\w.-]+\+)?(json|xml)$/.test(type) || type === 'application/javascript';
}

/** Values of one name in the order they came; HTTP/1.1 allows a name to come twice. */
function headerLists(rawHeaders: readonly string[]): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    lists.set(name, [...(lists.get(name) ?? []), rawHeaders[index + 1] ?? '']);
  }
  return lists;
}

/** Repeated names are joined by commas, as format 2.0 has no lists. */
function queryOf(search: string): Record<string, string> | undefined {
  if (search === '') return undefined;
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) query.set(name, [...(query.get(name) ?? []), value]);
  return Object.fromEntries([...query].map(([name, values]) => [name, values.join(',')]));
}

export function splitUrl(url: string): { pathname: string; search: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { pathname: url, search: '' } : { pathname: url.slice(0, mark), search: url.slice(mark + 1) };
}

/** 12/Mar/2020:19:03:58 +0000 */
function commonLogTime(now: number): string {
  const [, weekdayless = ''] = new Date(now).toUTCString().split(', ');
  const [day, month, year, time] = weekdayless.split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

export const message = (status: number, text: string): ApiAnswer => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) });

/** What the caller gets for what the function returned; a result that is no response is its body, with 200. */
export function apiAnswer(payload: string): ApiAnswer {
  const result = JSON.parse(payload) as unknown;
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: typeof result === 'string' ? result : payload };
  }
  const { statusCode, headers = {}, cookies, body = '', isBase64Encoded = false } = result as { statusCode: unknown; headers?: Record<string, unknown>; cookies?: string[]; body?: unknown; isBase64Encoded?: boolean };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || typeof body !== 'string') return message(500, 'Internal Server Error');
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return {
    status,
    headers: { ...(body === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' }), ...named, ...(cookies === undefined ? {} : { 'set-cookie': cookies }) },
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}
