// GET /connect/callback: whether this answer belongs to a start of ours, to its last opening and to the browser in which it was opened.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ConsentEnd, ConsentParts } from './consent-handler.ts';
import { hashOf, sameHash, startKey, type ConsentStart } from './consent-starts.ts';
import { cookieName, startIdPattern } from './open-consent.ts';
import { whyNot } from './start-consent.ts';

/** An answer that was proved to belong to this start and this browser. */
export interface ProvedReturn {
  readonly start: ConsentStart;
  readonly startId: string;
  readonly state: string;
  readonly code: string;
}

/** What an administrator's consent comes back with. It changes nothing here, so that it needs no proof. */
export const adminState = 'admin';

export async function judgeReturn(parts: ConsentParts, event: APIGatewayProxyEventV2): Promise<ConsentEnd | ProvedReturn> {
  const query = new URLSearchParams(event.rawQueryString);
  const state = query.get('state') ?? '';
  if (state === adminState) return { end: 'admin', allowed: query.get('admin_consent')?.toLowerCase() === 'true' && query.get('error') === null };
  const [startId = '', nonce = ''] = state.split('.');
  const start = startIdPattern.test(startId) ? await parts.starts.get(startKey(startId)) : undefined;
  if (start === undefined) return { end: 'refused', refusal: nonce === '' ? 'tampered' : 'unknown_link' };
  // Both compares always run.
  const [ourState, ourBrowser] = [sameHash(hashOf(state), start.state_hash), sameHash(hashOf(cookieOf(event, cookieName(start.connection_id))), start.browser_hash)];
  if (!ourState) return { end: 'refused', refusal: 'tampered' };
  if (!ourBrowser) return { end: 'refused', refusal: 'other_browser' };
  if (start.used_at !== undefined) return { end: 'refused', refusal: 'replayed' };
  if (Math.min(start.ends_at, start.answer_by ?? start.ends_at) <= parts.clock()) return { end: 'refused', refusal: 'expired', start };
  const refusal = await whyNot(parts, await parts.settings.read(), start.starts_for);
  if (refusal !== undefined) return { end: 'refused', refusal, ...(refusal !== 'unknown' && { start }) };
  const error = query.get('error');
  if (error !== null) return judgeError(parts, { start, startId, state }, { error, description: query.get('error_description') ?? '' });
  const code = query.get('code') ?? '';
  return code === '' ? { end: 'refused', refusal: 'tampered' } : { start, startId, state, code };
}

// 65001: nobody consented; 90094 and 90095: an administrator must. https://learn.microsoft.com/entra/identity-platform/reference-error-codes
const adminMust = /AADSTS(65001|9009[45])\b/;

async function judgeError(parts: ConsentParts, { start, startId, state }: Omit<ProvedReturn, 'code'>, { error, description }: { error: string; description: string }): Promise<ConsentEnd> {
  const key = start.connection_id;
  if (!(await parts.starts.use(key, hashOf(state), parts.clock()))) return { end: 'refused', refusal: 'replayed' };
  if (start.calendar_provider === 'microsoft' && (error === 'consent_required' || adminMust.test(description))) return waitForAdmin(parts, { start, startId });
  if (error === 'access_denied' || error === 'consent_declined') return { end: 'refused', refusal: 'denied', start };
  if (error === 'temporarily_unavailable' || error === 'server_error') return { end: 'refused', refusal: 'provider_unavailable', start, ...(await again(parts, startId, start)) };
  return { end: 'refused', refusal: 'provider_refused', start };
}

/** The start stays open for a day, so that the person can come back to it once the administrator agreed. */
export async function waitForAdmin(parts: ConsentParts, { start, startId }: Pick<ProvedReturn, 'start' | 'startId'>): Promise<ConsentEnd> {
  const address = parts.dialog(start.calendar_provider, await parts.settings.read())?.adminUrl?.(adminState);
  const reopened = await parts.starts.reopen(start.connection_id, { insist: false, waiting: 'admin' }, parts.clock());
  return { end: 'refused', refusal: 'admin_consent_required', start, ...(reopened && { again: linkOf(parts, startId) }), ...(address !== undefined && { address }) };
}

const linkOf = ({ apiUrl }: ConsentParts, startId: string): string => `${apiUrl}/connect/${startId}`;

/** Opens the same link anew, a few times; its old answers are worth nothing any more. */
export async function again(parts: ConsentParts, startId: string, start: ConsentStart): Promise<{ again?: string }> {
  return (await parts.starts.reopen(start.connection_id, { insist: true }, parts.clock())) ? { again: linkOf(parts, startId) } : {};
}

/** Where a cookie of this name came twice, the first: browsers put the longer path first. */
function cookieOf({ cookies = [] }: APIGatewayProxyEventV2, name: string): string {
  const found = cookies.find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? '';
}
