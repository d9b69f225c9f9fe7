// What we hand to a provider when we watch a calendar and get back with every notice: Google's channel token (≤ 256 characters),
// Graph's clientState (≤ 128). It proves by itself whose notice it is, so that a forged one costs no table read.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { CalendarProvider } from '../calendars/port.ts';
import { keyById, signingKey, type Key, type KeyRing } from './key-ring.ts';

export const connectionIdPattern = /^[A-Za-z0-9_-]{1,36}$/;
const noncePattern = /^[A-Za-z0-9_-]{1,64}$/;
const version = 'v1';
/** Characters that a channel token (Google) and a clientState (Graph) may have; beyond that the watch would be refused. */
const longest: Record<CalendarProvider, number> = { google: 256, microsoft: 128 };
const dummyKey: Key = { id: 'none', secret: createSecretKey(Buffer.alloc(32)), signsFrom: 0 };

interface Claim {
  readonly provider: CalendarProvider;
  readonly connectionId: string;
  /** Google: the channel id, told by a header of the notice. Graph: part of the token. */
  readonly nonce: string;
}

/** A watch that was proved to be ours. Only `verifyWatchToken` makes one. */
export interface AuthenticWatch {
  readonly connectionId: string;
  readonly keyId: string;
}

const mac = (key: Key, { provider, connectionId, nonce }: Claim): string =>
  createHmac('sha256', key.secret).update([version, provider, key.id, connectionId, nonce].join('.')).digest('base64url');

export function signWatchToken(ring: KeyRing, claim: Claim, now: number): string {
  if (!connectionIdPattern.test(claim.connectionId)) throw new Error('A connection id is 1 to 36 of A–Z, a–z, 0–9, _ and -.');
  if (!noncePattern.test(claim.nonce)) throw new Error('A nonce is 1 to 64 of A–Z, a–z, 0–9, _ and -.');
  const key = signingKey(ring, now);
  const carried = claim.provider === 'microsoft' ? [claim.nonce] : [];
  const token = [version, key.id, claim.connectionId, ...carried, mac(key, claim)].join('.');
  if (token.length > longest[claim.provider]) throw new Error(`A token for ${claim.provider} has at most ${longest[claim.provider]} characters: take a shorter nonce.`);
  return token;
}

/** `channelId` is Google's header; Graph's nonce is in the token. The compare always runs, on a dummy key if need be. */
export function verifyWatchToken(ring: KeyRing, provider: CalendarProvider, token: string, channelId?: string): AuthenticWatch | undefined {
  const parts = token.length <= 256 ? token.split('.') : [];
  const [claimedVersion = '', keyId = '', connectionId = ''] = parts;
  const nonce = (provider === 'google' ? channelId : parts[3]) ?? '';
  const wellFormed =
    claimedVersion === version && parts.length === (provider === 'google' ? 4 : 5) && connectionIdPattern.test(connectionId) && noncePattern.test(nonce);
  const key = keyById(ring, keyId);
  const expected = mac(key ?? dummyKey, { provider, connectionId, nonce });
  // As text: decoding would take the same MAC padded, or with junk in it.
  const [spelled, given] = [Buffer.from(expected), Buffer.from(parts.at(-1) ?? '')];
  const padded = Buffer.alloc(spelled.length);
  given.copy(padded);
  const equal = timingSafeEqual(spelled, padded) && given.length === spelled.length;
  return equal && wellFormed && key !== undefined ? { connectionId, keyId } : undefined;
}
