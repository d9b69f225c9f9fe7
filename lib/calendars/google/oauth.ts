import type { Clock } from '../../platform/clock.ts';
import { readFreshToken, type FreshToken } from '../fresh-token.ts';
import type { CalendarErrorKind } from '../port.ts';
import { CalendarError } from '../port.ts';
import { retryAfterMs } from '../retry-after.ts';
import { malformed, networkFault } from './fault.ts';
import { object, parseJson, text } from '../json.ts';

export interface RefreshRequest {
  /** Such as https://oauth2.googleapis.com/token. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const byCode: Readonly<Record<string, CalendarErrorKind>> = {
  invalid_grant: 'grant_dead',
  admin_policy_enforced: 'grant_dead',
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  deleted_client: 'misconfigured',
  disabled_client: 'misconfigured',
  rate_limit_exceeded: 'throttled',
};

/** What a refusal of the token endpoint means. Only a code that is known to be final ends a connection. */
export function oauthFault(status: number, body: unknown, headers: Headers): CalendarError {
  const code = text(object(body)['error']);
  const reason = code !== undefined && /^\w{1,60}$/.test(code) ? code : undefined;
  const told = status < 500 && reason !== undefined && Object.hasOwn(byCode, reason) ? byCode[reason] : undefined;
  const guessed = status === 429 ? 'throttled' : status >= 400 && status < 500 && status !== 408 ? 'rejected' : 'unavailable';
  return new CalendarError(told ?? guessed, { status, reason, retryAfterMs: retryAfterMs(headers) });
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One POST to the token endpoint. Throws CalendarError `unavailable`, which holds nothing of the request, where no answer came. */
export async function postForm({ tokenUrl, signal }: Pick<RefreshRequest, 'tokenUrl' | 'signal'>, form: URLSearchParams): Promise<Reply> {
  try {
    const response = await fetch(tokenUrl, { method: 'POST', body: form, signal, redirect: 'manual' });
    return { status: response.status, headers: response.headers, body: parseJson(await response.text()) };
  } catch (error) {
    throw networkFault(error);
  }
}

/** A new access token for a refresh token. Safe to repeat; never repeated here. Throws CalendarError. */
export async function refreshGoogle(request: RefreshRequest): Promise<FreshToken> {
  const { clientId, clientSecret, refreshToken, clock } = request;
  const asked = clock();
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken });
  const { status, headers, body } = await postForm(request, form);
  if (status !== 200) throw oauthFault(status, body, headers);
  const fresh = readFreshToken(body, asked);
  if (fresh === undefined) throw malformed('token');
  return fresh;
}
