// GET /connect/{start_id}: on to the calendar provider's consent page. What proves the way back is made here and kept as hashes.
import { createHash } from 'node:crypto';
import { CalendarError } from '../calendars/port.ts';
import { seal } from '../platform/seal.ts';
import { safeError } from '../platform/telemetry.ts';
import type { ConsentEnd, ConsentParts } from './consent-handler.ts';
import { hashOf, mostOpenings, startKey, startLife, type ConsentStart } from './consent-starts.ts';
import { tellClientUnknown } from './oauth-clients.ts';
import { whyNot } from './start-consent.ts';
import { tokenRing } from './token-vault.ts';

export const startIdPattern = /^[A-Za-z0-9_-]{43}$/;

/** One cookie a start, so that two links opened in one browser do not get in each other's way. */
export const cookieName = (key: string): string => `connect_${hashOf(key).slice(0, 12)}`;
/** Not stored anywhere: whoever has the state can say it again. */
export const nonceOf = (state: string): string => hashOf(`nonce.${state}`);

export async function openConsent(parts: ConsentParts, startId: string): Promise<ConsentEnd> {
  const start = startIdPattern.test(startId) ? await parts.starts.get(startKey(startId)) : undefined;
  if (start === undefined) return { end: 'refused', refusal: 'unknown_link' };
  if (start.used_at !== undefined) return { end: 'refused', refusal: 'replayed' };
  if (start.ends_at <= parts.clock()) return { end: 'refused', refusal: 'expired', start };
  if (start.openings >= mostOpenings) return { end: 'refused', refusal: 'worn_out' };
  return sendToConsent(parts, startId, start);
}

/** Makes what this one opening needs, saves it, and says where the browser goes. The opening before it is worth nothing from now on. */
export async function sendToConsent(parts: ConsentParts, startId: string, start: ConsentStart): Promise<ConsentEnd> {
  const { clock, randomBytes, starts, apiUrl } = parts;
  const snapshot = await parts.settings.read();
  const refusal = await whyNot(parts, snapshot, start.starts_for);
  if (refusal !== undefined) return { end: 'refused', refusal, ...(refusal !== 'unknown' && { start }) };
  const dialog = parts.dialog(start.calendar_provider, snapshot);
  if (dialog === undefined) {
    tellClientUnknown(parts.telemetry, start.calendar_provider);
    return { end: 'refused', refusal: 'unknown' };
  }

  const random = (): string => randomBytes(32).toString('base64url');
  const [state, browser, verifier] = [`${startId}.${random()}`, random(), random()];
  const key = start.connection_id;
  let sealed: string;
  try {
    sealed = seal(tokenRing(snapshot), verifier, { connectionId: key, now: clock() });
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    parts.telemetry.log.error('no consent is possible', { error: safeError(error) });
    return { end: 'refused', refusal: 'unknown' };
  }
  if (!(await starts.open(key, { stateHash: hashOf(state), browserHash: hashOf(browser), verifier: sealed }, clock()))) return { end: 'refused', refusal: 'replayed' };
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const location = dialog.url({ state, nonce: nonceOf(state), challenge, insist: start.insist === true, ...(start.login_hint !== undefined && { loginHint: start.login_hint }) });
  return { end: 'ask', location, cookie: cookie(cookieName(key), browser, apiUrl) };
}

/** Lax, since the way back from the consent page is a top-level navigation from another site. */
const cookie = (name: string, value: string, apiUrl: string): string =>
  [`${name}=${value}`, 'Path=/connect', `Max-Age=${startLife / 1000}`, 'HttpOnly', 'SameSite=Lax', ...(apiUrl.startsWith('https:') ? ['Secure'] : [])].join('; ');
