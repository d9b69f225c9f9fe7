import type { Clock } from '../../platform/clock.ts';
import { readFreshToken, type FreshToken } from '../fresh-token.ts';
import { list, object, parseJson, text } from '../json.ts';
import type { CalendarErrorKind } from '../port.ts';
import { CalendarError } from '../port.ts';
import { retryAfterMs } from '../retry-after.ts';
import { malformed, networkFault } from './fault.ts';

export interface RefreshRequest {
  /** Such as https://login.microsoftonline.com, without a closing slash. */
  readonly loginUrl: string;
  /** `common`, `organizations`, `consumers` or a tenant's id. */
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  /** Space-delimited; with `offline_access`, or no new refresh token comes. */
  readonly scope: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const byCode: Readonly<Record<string, CalendarErrorKind>> = {
  invalid_grant: 'grant_dead',
  interaction_required: 'grant_dead',
  consent_required: 'grant_dead',
  login_required: 'grant_dead',
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  temporarily_unavailable: 'unavailable',
};

// Stronger than the code beside them: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
const byNumber: Readonly<Record<number, CalendarErrorKind>> = {
  // The client's secret is wrong, or has ended.
  7000215: 'misconfigured',
  7000222: 'misconfigured',
  // Too many identical requests, answered as invalid_grant: the grant itself is well.
  50196: 'throttled',
};

/** What a refusal of the token endpoint means. Only a code that is known to be final ends a connection. */
export function oauthFault(status: number, body: unknown, headers: Headers): CalendarError {
  const answer = object(body);
  const code = text(answer['error']);
  const reason = code !== undefined && /^\w{1,60}$/.test(code) ? code : undefined;
  const numbered = list(answer['error_codes']).find((number): number is number => typeof number === 'number' && Object.hasOwn(byNumber, number));
  const coded = reason !== undefined && Object.hasOwn(byCode, reason) ? byCode[reason] : undefined;
  const told = status >= 500 ? undefined : ((numbered === undefined ? undefined : byNumber[numbered]) ?? coded);
  const guessed = status === 429 ? 'throttled' : status >= 400 && status < 500 && status !== 408 ? 'rejected' : 'unavailable';
  return new CalendarError(told ?? guessed, { status, reason, retryAfterMs: retryAfterMs(headers) });
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One POST to the token endpoint. Throws CalendarError `unavailable`, which holds nothing of the request, where no answer came. */
export async function postForm({ loginUrl, tenant, signal }: Pick<RefreshRequest, 'loginUrl' | 'tenant' | 'signal'>, form: URLSearchParams): Promise<Reply> {
  try {
    const url = `${loginUrl}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
    const response = await fetch(url, { method: 'POST', body: form, signal, redirect: 'manual' });
    return { status: response.status, headers: response.headers, body: parseJson(await response.text()) };
  } catch (error) {
    throw networkFault(error);
  }
}

/** Some answers name Graph's scopes in full, some for short: https://graph.microsoft.com/Calendars.Read is Calendars.Read. */
export const shortScopes = (scope: string): string =>
  scope
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => name.replace(/^https:\/\/graph\.microsoft\.com\//i, ''))
    .join(' ');

/** A new access token for a refresh token. Safe to repeat; never repeated here. Throws CalendarError. */
export async function refreshMicrosoft(request: RefreshRequest): Promise<FreshToken> {
  const { clientId, clientSecret, refreshToken, scope, clock } = request;
  const asked = clock();
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken, scope });
  const { status, headers, body } = await postForm(request, form);
  if (status !== 200) throw oauthFault(status, body, headers);
  const fresh = readFreshToken(body, asked);
  if (fresh === undefined) throw malformed('token');
  return fresh.scope === undefined ? fresh : { ...fresh, scope: shortScopes(fresh.scope) };
}
