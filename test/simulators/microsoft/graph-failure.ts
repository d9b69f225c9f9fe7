// How Graph says no.
import type { Random } from '../../../lib/platform/clock.ts';
import type { SimResponse } from '../simulator-server.ts';
import { guid } from './guid.ts';

/** An answer other than success, thrown from anywhere in a request. */
export class GraphFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of `error`. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, more: { headers?: Record<string, string>; extra?: Record<string, unknown> } = {}) {
    super(message);
    this.name = 'GraphFailure';
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }
}

export const badRequest = (message: string, code = 'BadRequest'): GraphFailure => new GraphFailure(400, code, message);
export const itemNotFound = (): GraphFailure => new GraphFailure(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
export const accessDenied = (): GraphFailure => new GraphFailure(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');
export const zoneUnknown = (name: string): GraphFailure => badRequest(`A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`, 'TimeZoneNotSupportedException');

/** The envelope; both spellings of the inner error are in use. */
export function failureResponse(failure: GraphFailure, request: { id: string; clientId: string; at: number; random: Random }): SimResponse {
  const inner = { date: new Date(request.at).toISOString().slice(0, 19), 'request-id': request.id, 'client-request-id': request.clientId };
  const spelling = request.random() < 0.5 ? 'innerError' : 'innererror';
  return {
    status: failure.status,
    headers: { ...failure.headers },
    body: { error: { code: failure.code, message: failure.message, ...failure.extra, [spelling]: inner } },
  };
}

/** A request id as both sides log it. */
export const requestId = (random: Random): string => guid(random);
