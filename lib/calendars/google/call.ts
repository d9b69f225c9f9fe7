import type { MethodOptions } from 'googleapis/build/src/apis/calendar/index.js';
import type { Clock } from '../../platform/clock.ts';
import { callSignal } from '../call-limits.ts';
import type { CalendarError, Session } from '../port.ts';
import { toldCall } from '../told-call.ts';
import { googleFault, networkFault } from './fault.ts';

/** What Google answered, whatever its status. */
export interface Answer {
  readonly method: string | undefined;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** One request of the client library, to be sent with the options given. */
export type Send = (options: MethodOptions) => Promise<{ readonly status: number; readonly data: unknown; readonly headers: unknown; readonly config?: { readonly method?: string | undefined } }>;

/** Sends one request within the session's limits, renewing the token once on 401. Any other status is returned. */
export type GoogleCall = (send: Send) => Promise<Answer>;

/** A page of 2,500 events is about 1 MB. */
const maxAnswerBytes = 32 * 1024 * 1024;

function requestOptions(token: string, signal: AbortSignal): MethodOptions {
  return {
    headers: { Authorization: `Bearer ${token}` },
    signal,
    // Retries are the caller's: the library's would ignore Retry-After, the lease and the gates.
    retry: false,
    // An error of the library carries the request with its token: let it throw only where no answer came.
    validateStatus: () => true,
    responseType: 'json',
    redirect: 'manual',
    maxContentLength: maxAnswerBytes,
    fetchImplementation: fetch,
  };
}

async function sendOnce(send: Send, options: MethodOptions): Promise<Answer> {
  try {
    const { status, data, headers, config } = await send(options);
    return { method: config?.method, status, body: data, headers: new Headers(headers as Record<string, string>) };
  } catch (error) {
    throw networkFault(error);
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** How the calls of one session are made. A token that is refused although just renewed throws `grant_dead`. */
export function googleCall({ session, clock, callMs }: { session: Session; clock: Clock; callMs: number }): GoogleCall {
  const attempt = async (send: Send, renew: boolean): Promise<Answer> => {
    await session.permit();
    const token = renew ? await session.token(true) : await session.token();
    const options = requestOptions(token, callSignal(session, clock, callMs));
    return await toldCall({ session, clock, provider: 'google' }, () => sendOnce(send, options), (answer) => answer);
  };
  const refusesToken = (answer: Answer): boolean => answer.status === 401 && faultOf(answer).kind === 'grant_dead';
  return async (send) => {
    const first = await attempt(send, false);
    if (!refusesToken(first)) return first;
    const second = await attempt(send, true);
    if (refusesToken(second)) throw faultOf(second);
    return second;
  };
}

/** The fault of an answer that is no success. */
export const faultOf = (answer: Answer): CalendarError => googleFault(answer.status, answer.body, answer.headers);

/** The body of a success; anything else is thrown as what it means. */
export function bodyOf(answer: Answer): unknown {
  if (!isSuccess(answer.status)) throw faultOf(answer);
  return answer.body;
}
