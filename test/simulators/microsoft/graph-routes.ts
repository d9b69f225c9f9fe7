// Which request goes where under /v1.0, and what stands before all of them: token, scope, mailbox, concurrency, envelope.
import { setTimeout as wait } from 'node:timers/promises';
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import { calendarOf, listCalendars, readCalendar, readMe } from './calendar-requests.ts';
import { deltaHandler } from './delta.ts';
import type { Entra } from './entra.ts';
import { calendarView, cancelOne, createOne, deleteOne, listEvents, listInstances, patchOne, readOne } from './event-requests.ts';
import { accessDenied, badRequest, failureResponse, GraphFailure, requestId } from './graph-failure.ts';
import { readPrefer } from './prefer.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { GraphRequest, World } from './world.ts';

/** Handles everything under /v1.0. */
export function graphHandler(parts: { world: World; entra: Entra; subscriptions: Subscriptions }): (request: SimRequest) => Promise<SimResponse> {
  const { world, entra, subscriptions } = parts;
  const delta = deltaHandler();
  const route = async (request: SimRequest): Promise<SimResponse> => {
    const access = entra.authorize(request.headers.authorization);
    const prefer = readPrefer(request.headers['prefer'] as string | undefined);
    const asked: GraphRequest = { ...request, world, prefer, mailbox: access.mailbox, clientId: access.clientId ?? 'any', scopes: access.scopes };
    checkRequest(asked);
    const [, , first = '', ...rest] = request.path.split('/').map(decodeURIComponent);
    if (first === 'subscriptions') return subscriptions.handle(asked, rest);
    return withinLimit(asked, () => mailboxRoute(asked, ownPath(asked, [first, ...rest]), delta));
  };
  return async (request) => {
    const id = requestId(world.random);
    const clientId = String(request.headers['client-request-id'] ?? id);
    const response = await route(request).catch((error: unknown) => {
      if (!(error instanceof GraphFailure)) throw error;
      return failureResponse(error, { id, clientId, at: world.clock(), random: world.random });
    });
    return { ...response, headers: { 'request-id': id, 'client-request-id': clientId, ...response.headers } };
  };
}

function checkRequest(request: GraphRequest): void {
  const writes = request.method !== 'GET';
  const scopes = writes && !request.path.includes('/subscriptions') ? ['Calendars.ReadWrite'] : ['Calendars.ReadWrite', 'Calendars.Read'];
  if (!scopes.some((scope) => request.scopes.includes(scope))) throw accessDenied();
  if (request.body !== '' && !(request.headers['content-type'] ?? '').startsWith('application/json')) {
    throw new GraphFailure(415, 'UnsupportedMediaType', 'The content type of the request is not supported. Expected application/json.');
  }
}

/** The path below the mailbox, which must be the caller's own. */
function ownPath(request: GraphRequest, segments: string[]): string[] {
  if (segments[0] === 'me') return segments.slice(1);
  if (segments[0] !== 'users') throw noSegment(segments[0]);
  if (segments[1] !== request.mailbox.oid && segments[1]?.toLowerCase() !== request.mailbox.email.toLowerCase()) throw accessDenied();
  return segments.slice(2);
}

const noSegment = (segment: string | undefined): GraphFailure => badRequest(`Resource not found for the segment '${segment ?? ''}'.`);

/** At most four requests of one app are in hand for a mailbox; the fifth is turned away. */
async function withinLimit(request: GraphRequest, work: () => SimResponse): Promise<SimResponse> {
  const { mailbox, world } = request;
  if (mailbox.open >= world.behaviour.maxConcurrent) {
    const headers = { 'retry-after': '1', 'ratelimit-exceeded': 'MailboxConcurrency', 'ratelimit-scope': 'Mailbox', 'ratelimit-reason': 'MailboxConcurrency' };
    throw new GraphFailure(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', { headers });
  }
  mailbox.open += 1;
  try {
    if (world.behaviour.latencyMs > 0) await wait(world.behaviour.latencyMs);
    return work();
  } finally {
    mailbox.open -= 1;
  }
}

function mailboxRoute(request: GraphRequest, path: string[], delta: ReturnType<typeof deltaHandler>): SimResponse {
  const [first, second, ...rest] = path;
  if (first === undefined && request.method === 'GET') return readMe(request);
  if (first === 'calendars' && second === undefined && request.method === 'GET') return listCalendars(request);
  if (first === 'calendars' && second !== undefined) return calendarRoute(request, { calendarId: calendarOf(request, second).id, path: rest }, delta);
  const calendarId = request.mailbox.defaultCalendar().id;
  if (first === 'calendar') return calendarRoute(request, { calendarId, path: path.slice(1) }, delta);
  if (first === 'calendarView') return calendarRoute(request, { calendarId, path }, delta);
  if (first === 'events') return eventRoute(request, { calendarId, path: path.slice(1) });
  throw noSegment(first);
}

function calendarRoute(request: GraphRequest, { calendarId, path }: { calendarId: string; path: string[] }, delta: ReturnType<typeof deltaHandler>): SimResponse {
  const route = `${request.method} ${path.join('/')}`;
  if (route === 'GET ') return readCalendar(request, calendarOf(request, calendarId));
  if (route === 'GET calendarView') return calendarView(request, calendarId);
  if (route === 'GET calendarView/delta') return delta(request, calendarId);
  if (path[0] === 'events') return eventRoute(request, { calendarId, path: path.slice(1), only: calendarId });
  throw noSegment(path[0]);
}

function eventRoute(request: GraphRequest, { calendarId, path, only }: { calendarId: string; path: string[]; only?: string }): SimResponse {
  const [id, verb] = path;
  if (id === undefined && request.method === 'GET') return listEvents(request, only);
  if (id === undefined && request.method === 'POST') return createOne(request, calendarId);
  if (id === 'delta') throw badRequest("Change tracking is not supported against 'microsoft.graph.event'.", 'ErrorInvalidUrlQuery');
  if (id !== undefined && verb === 'instances' && request.method === 'GET') return listInstances(request, id);
  if (id !== undefined && verb === 'cancel' && request.method === 'POST') return cancelOne(request, id);
  if (id === undefined || verb !== undefined) throw noSegment(verb);
  if (request.method === 'GET') return readOne(request, id, only);
  if (request.method === 'PATCH') return patchOne(request, id, only);
  if (request.method === 'DELETE') return deleteOne(request, id, only);
  throw new GraphFailure(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
}
