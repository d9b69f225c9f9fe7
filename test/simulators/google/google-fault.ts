// Errors as Google words them: https://developers.google.com/workspace/calendar/api/guides/errors
import type { SimResponse } from '../simulator-server.ts';

export interface FaultDetail {
  readonly message?: string;
  readonly domain?: string;
  readonly locationType?: 'parameter' | 'header';
  readonly location?: string;
}

/** An answer other than 2xx, thrown from wherever it is found out. */
export class GoogleFault extends Error {
  readonly status: number;
  readonly reason: string;
  readonly detail: FaultDetail;

  constructor(status: number, reason: string, detail: FaultDetail = {}) {
    super(detail.message ?? reason);
    this.name = 'GoogleFault';
    this.status = status;
    this.reason = reason;
    this.detail = detail;
  }
}

/** The body of an error: `{error: {code, message, errors: [{domain, reason, message, …}]}}`. */
export function errorEnvelope(status: number, reason: string, detail: FaultDetail = {}): object {
  const message = detail.message ?? reason;
  const location = detail.location === undefined ? {} : { locationType: detail.locationType ?? 'parameter', location: detail.location };
  return { error: { code: status, message, errors: [{ domain: detail.domain ?? 'global', reason, message, ...location }] } };
}

/** A fault as it goes over the wire. */
export function faultResponse(fault: GoogleFault): SimResponse {
  const challenge = fault.status === 401 ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' } : {};
  return { status: fault.status, headers: challenge, body: errorEnvelope(fault.status, fault.reason, fault.detail) };
}

const limits = {
  rateLimitExceeded: 'Rate Limit Exceeded',
  userRateLimitExceeded: 'User Rate Limit Exceeded',
  quotaExceeded: 'Calendar usage limits exceeded.',
} as const;

/** What a fault on demand answers to play one of Google's limits: all are 403, and rateLimitExceeded comes as 429 too. */
export function limitAnswer(reason: keyof typeof limits, status: 403 | 429 = 403): { status: number; body: object } {
  return { status, body: errorEnvelope(status, reason, { domain: 'usageLimits', message: limits[reason] }) };
}

export const notFound = (): GoogleFault => new GoogleFault(404, 'notFound', { message: 'Not Found' });
export const deleted = (): GoogleFault => new GoogleFault(410, 'deleted', { message: 'Resource has been deleted' });
export const duplicate = (): GoogleFault => new GoogleFault(409, 'duplicate', { message: 'The requested identifier already exists.' });
export const invalid = (message: string, location?: string): GoogleFault => new GoogleFault(400, 'invalid', { message, ...(location === undefined ? {} : { location }) });
export const required = (message: string): GoogleFault => new GoogleFault(400, 'required', { message });
export const forbidden = (): GoogleFault => new GoogleFault(403, 'forbidden', { message: 'Forbidden' });
export const timeRangeEmpty = (): GoogleFault => new GoogleFault(400, 'timeRangeEmpty', { domain: 'calendar', message: 'The specified time range is empty.' });
export const conditionNotMet = (): GoogleFault =>
  new GoogleFault(412, 'conditionNotMet', { message: 'Precondition Failed', locationType: 'header', location: 'If-Match' });
export const fullSyncRequired = (): GoogleFault =>
  new GoogleFault(410, 'fullSyncRequired', { domain: 'calendar', message: 'Sync token is no longer valid, a full sync is required.', location: 'syncToken' });
