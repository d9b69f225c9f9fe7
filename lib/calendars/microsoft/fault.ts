import type { CalendarErrorKind } from '../port.ts';
import { CalendarError } from '../port.ts';
import { object, text } from '../json.ts';
import { retryAfterMs } from '../retry-after.ts';

// By the code before the status, whose meanings overlap; codes compare without case, messages are never looked at.
// https://learn.microsoft.com/graph/errors
const byCode: Readonly<Record<string, CalendarErrorKind>> = {
  syncstatenotfound: 'cursor_gone',
  syncstateinvalid: 'cursor_gone',
  resyncrequired: 'cursor_gone',
  applicationthrottled: 'throttled',
  toomanyrequests: 'throttled',
  activitylimitreached: 'throttled',
  // The token lacks a claim or a scope: only the person can give it.
  insufficient_claims: 'grant_dead',
  authorization_requestdenied: 'grant_dead',
  // Concurrent changes, met on plain reads too: the same call succeeds in a moment.
  errorirresolvableconflict: 'unavailable',
  concurrentitemsave: 'unavailable',
  resourcemodified: 'unavailable',
  mailboxnotenabledforrestapi: 'unreadable',
  mailboxnotsupportedforrestapi: 'unreadable',
  errornonexistentmailbox: 'unreadable',
  extensionerror: 'unreadable',
};

/** The whole mailbox cannot be read: says nothing of the item that was asked for. */
const noMailbox: ReadonlySet<string> = new Set(['mailboxnotenabledforrestapi', 'mailboxnotsupportedforrestapi', 'errornonexistentmailbox', 'extensionerror']);

function byStatus(status: number): CalendarErrorKind {
  if (status === 401) return 'grant_dead';
  if (status === 403 || status === 404) return 'unreadable';
  if (status === 410) return 'cursor_gone';
  if (status === 429 || status === 509) return 'throttled';
  if ([408, 409, 412, 423].includes(status)) return 'unavailable';
  return status >= 400 && status < 500 ? 'rejected' : 'unavailable';
}

/** Whether the text can be shown: a word of Graph's, never a sentence, URL or token. */
const word = (value: unknown): string | undefined => (/^[\w.-]{1,60}$/.test(text(value) ?? '') ? text(value) : undefined);

/** Graph's code of an error in lower case; empty where the body is none of Graph's. */
export const faultCode = (body: unknown): string => (text(object(object(body)['error'])['code']) ?? '').toLowerCase();

const saysMissing = (status: number | undefined, code: string): boolean => (status === 404 || status === 410) && !noMailbox.has(code);

/** Whether the answer says that the item is not there, rather than its mailbox. */
export const isMissing = ({ status, body }: { status: number; body: unknown }): boolean => saysMissing(status, faultCode(body));

/** The same of an answer that was thrown already. */
export const isMissingError = (error: unknown): boolean =>
  error instanceof CalendarError && saysMissing(error.status, (error.reason ?? '').toLowerCase());

/** What an answer other than 2xx means. Holds Graph's code and nothing of the request. */
export function graphFault(status: number, body: unknown, headers: Headers): CalendarError {
  const code = faultCode(body);
  const told = status >= 400 && Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  // Some front ends answer the mailbox's limit of four calls at once with 503.
  const limited = status === 503 && headers.has('ratelimit-exceeded') ? 'throttled' : undefined;
  const reason = word(object(object(body)['error'])['code']);
  return new CalendarError(limited ?? told ?? byStatus(status), { status, reason, retryAfterMs: retryAfterMs(headers) });
}

/** Why no answer came, in a word such as `ECONNRESET`; the error itself may hold the token and must go no further. */
export function networkFault(error: unknown): CalendarError {
  if (error instanceof CalendarError) return error;
  let cause: unknown = error;
  for (let depth = 0; depth < 4; depth += 1) {
    const { code, name, cause: deeper } = object(cause);
    if (name === 'TimeoutError' || name === 'AbortError') return new CalendarError('unavailable', { reason: name });
    if (typeof code === 'string') return new CalendarError('unavailable', { reason: word(code) });
    cause = deeper;
  }
  return new CalendarError('unavailable', { reason: 'no_answer' });
}

/** An answer of 2xx that makes no sense: acting on half of it could free time that is taken. */
export const malformed = (what: string): CalendarError => new CalendarError('unavailable', { reason: `malformed_${what}` });

/** A link that does not lead back to Graph: followed by nobody, whatever answer it stands in. */
export const foreignLink = (): CalendarError => new CalendarError('unavailable', { reason: 'foreign_link' });

/** Whether a link leads to the host, scheme and port of `graphUrl`: the only place for a token. */
export const leadsTo = (graphUrl: string, link: string): boolean => URL.canParse(link) && new URL(link).origin === new URL(graphUrl).origin;
