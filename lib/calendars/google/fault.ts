import { hours } from '../../platform/clock.ts';
import type { CalendarErrorKind } from '../port.ts';
import { CalendarError } from '../port.ts';
import { retryAfterMs } from '../retry-after.ts';
import { list, object, text } from '../json.ts';

// By the reason and not the status alone: 403 and 410 each mean several things.
// https://developers.google.com/workspace/calendar/api/guides/errors
const byReason: Readonly<Record<string, CalendarErrorKind>> = {
  userRateLimitExceeded: 'throttled',
  rateLimitExceeded: 'throttled',
  quotaExceeded: 'throttled',
  dailyLimitExceeded: 'throttled',
  fullSyncRequired: 'cursor_gone',
  updatedMinTooLongAgo: 'cursor_gone',
  pushNotSupportedForRequestedResource: 'unwatchable',
  accessNotConfigured: 'misconfigured',
  forbiddenForNonOrganizer: 'rejected',
};

function byStatus(status: number): CalendarErrorKind {
  if (status === 401) return 'grant_dead';
  if (status === 403 || status === 404) return 'unreadable';
  if (status === 408) return 'unavailable';
  if (status === 429) return 'throttled';
  return status >= 400 && status < 500 ? 'rejected' : 'unavailable';
}

/** Whether the text can be shown: a word of Google's, never a sentence, URL or token. */
const word = (value: unknown): string | undefined => (/^[\w.-]{1,60}$/.test(text(value) ?? '') ? text(value) : undefined);

function kindOf(status: number, reason: string | undefined, location: unknown): CalendarErrorKind {
  if (status === 400 && location === 'syncToken') return 'cursor_gone';
  // "Unauthorized WebHook callback channel" is a 401 over our domain: renewing the token would cost a healthy connection.
  if (status === 401 && reason?.startsWith('push.') === true) return 'misconfigured';
  return (status < 500 && reason !== undefined && Object.hasOwn(byReason, reason) ? byReason[reason] : undefined) ?? byStatus(status);
}

/** What an answer other than 2xx means. Holds Google's reason and nothing of the request. */
export function googleFault(status: number, body: unknown, headers: Headers): CalendarError {
  const first = object(list(object(object(body)['error'])['errors'])[0]);
  const reason = word(first['reason']) ?? word(object(object(body)['error'])['status']);
  const kind = kindOf(status, reason, first['location']);
  // quotaExceeded is the limit against abuse and lasts for hours: hammering prolongs it.
  const unasked = reason === 'quotaExceeded' ? hours(1) : undefined;
  return new CalendarError(kind, { status, reason, retryAfterMs: retryAfterMs(headers) ?? unasked });
}

/** Why no answer came, in a word such as `ECONNRESET`; the error itself holds the token and must go no further. */
export function networkFault(error: unknown): CalendarError {
  let cause: unknown = error;
  for (let depth = 0; depth < 4; depth += 1) {
    const { code, name, cause: deeper } = object(cause);
    if (typeof code === 'string') return new CalendarError('unavailable', { reason: word(code) });
    if (name === 'TimeoutError' || name === 'AbortError') return new CalendarError('unavailable', { reason: name });
    cause = deeper;
  }
  return new CalendarError('unavailable', { reason: 'no_answer' });
}

/** An answer of 2xx that makes no sense: acting on half of it could free time that is taken. */
export const malformed = (what: string): CalendarError => new CalendarError('unavailable', { reason: `malformed_${what}` });
