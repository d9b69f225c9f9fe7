// From a request to a method: token, scope, body, partial response, etags.
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import type { SpendCall } from './call-quota.ts';
import type { Credentials } from './credentials.ts';
import type { Json } from './event-record.ts';
import { object } from './event-record.ts';
import { faultResponse, GoogleFault } from './google-fault.ts';
import type { Call, Method } from './method.ts';
import { readSelector, select } from './partial-response.ts';
import { requireScope } from './scopes.ts';

interface Api {
  readonly methods: readonly Method[];
  readonly credentials: Credentials;
  readonly spend: SpendCall;
}

/** Answers what lies under /calendar/v3; undefined for any path that no method has. */
export async function apiRoute(request: SimRequest, { methods, ...api }: Api): Promise<SimResponse | undefined> {
  for (const method of methods) {
    const match = method.verb === request.method ? method.path.exec(request.path) : null;
    if (match === null) continue;
    try {
      return await run({ method, names: match.slice(1), request, ...api });
    } catch (error) {
      if (error instanceof GoogleFault) return faultResponse(error);
      throw error;
    }
  }
  return undefined;
}

interface Run extends Omit<Api, 'methods'> {
  readonly method: Method;
  readonly names: readonly string[];
  readonly request: SimRequest;
}

async function run({ method, names, request, credentials, spend }: Run): Promise<SimResponse> {
  const access = credentials.check(bearerOf(request));
  if (access === undefined) throw new GoogleFault(401, 'authError', { message: 'Invalid Credentials', locationType: 'header', location: 'Authorization' });
  spend(access.account);
  requireScope(access.scopes, method.needs);
  const fields = request.query.get('fields');
  const selector = fields === null || method.shape === undefined ? 'all' : readSelector(fields, method.shape);
  const ifMatch = request.headers['if-match'];
  const call: Call = { access, names: names.map(decode), query: request.query, body: readBody(request), ...(ifMatch === undefined ? {} : { ifMatch }) };
  const answer = await method.run(call);
  if (answer === undefined) return { status: 204 };
  return conditional(request, answer, select(answer, selector));
}

/** The etag also stands in the header; a reader who has this version gets 304 and no body. */
function conditional(request: SimRequest, answer: Json, body: unknown): SimResponse {
  const etag = typeof answer['etag'] === 'string' ? answer['etag'] : undefined;
  const headers = { 'cache-control': 'private, max-age=0, must-revalidate, no-transform', ...(etag === undefined ? {} : { etag }) };
  if (request.method === 'GET' && etag !== undefined && request.headers['if-none-match'] === etag) return { status: 304, headers };
  return { status: 200, headers, body: object(body) };
}

function bearerOf({ headers, query }: SimRequest): string {
  const header = headers.authorization;
  if (header === undefined && !query.has('access_token')) throw new GoogleFault(401, 'required', { message: 'Login Required', locationType: 'header', location: 'Authorization' });
  return /^Bearer ([^ ]+)$/i.exec(header ?? '')?.[1] ?? query.get('access_token') ?? '';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) throw new GoogleFault(400, 'badRequest', { message: 'Bad Request' });
    throw error;
  }
}

function readBody({ method, headers, body }: SimRequest): Json {
  if (method === 'GET' || method === 'DELETE') return {};
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) throw new GoogleFault(400, 'badContent', { message: 'This API does not support parsing form-encoded input.' });
  try {
    const read: unknown = JSON.parse(body);
    if (read !== null && typeof read === 'object' && !Array.isArray(read)) return read as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new GoogleFault(400, 'parseError', { message: 'Parse Error' });
}
