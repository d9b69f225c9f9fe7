// Key rings, as the secrets WEBHOOK_KEYS and TOKEN_KEYS hold them: {"keys":[{"id":"k1","secret":"<base64, 32 bytes>","signsFrom":"2026-11-21T00:00:00Z"}]}
import { createSecretKey, type KeyObject } from 'node:crypto';

export interface Key {
  readonly id: string;
  /** 32 bytes. Given plain bytes, Node 24 throws and catches two errors within each HMAC: a forged notice took 39 µs instead of 23. */
  readonly secret: KeyObject;
  /** Milliseconds since the epoch. A key signs or seals from then on; it verifies and opens at once, since caches lag. */
  readonly signsFrom: number;
}
export type KeyRing = readonly Key[];

/** Ten minutes: longer than any function goes on with a settings snapshot that lacks the new key. */
export const keyAgeBeforeSigning = 10 * 60_000;

/** Throws on anything but a ring with at least one usable key; the message names no secret. */
export function parseKeyRing(document: unknown): KeyRing {
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('A key ring needs {"keys":[{"id","secret","signsFrom"}]}.');
  const ring = keys.map((entry: { id?: unknown; secret?: unknown; signsFrom?: unknown }) => {
    if (typeof entry?.id !== 'string' || !/^[A-Za-z0-9_-]{1,16}$/.test(entry.id)) throw new Error('A key id is 1 to 16 of A–Z, a–z, 0–9, _ and -.');
    const secret = typeof entry.secret === 'string' ? Buffer.from(entry.secret, 'base64') : Buffer.alloc(0);
    if (secret.length !== 32) throw new Error(`Key ${entry.id} must be 32 bytes in base64.`);
    const signsFrom = typeof entry.signsFrom === 'string' ? Date.parse(entry.signsFrom) : 0;
    if (Number.isNaN(signsFrom)) throw new Error(`Key ${entry.id} has a signsFrom that is no RFC 3339 instant.`);
    return { id: entry.id, secret: createSecretKey(secret), signsFrom };
  });
  if (new Set(ring.map(({ id }) => id)).size < ring.length) throw new Error('Two keys of the ring have the same id.');
  return ring;
}

/** The key to sign or seal with: the newest that is old enough; the oldest of the ring where none is yet. */
export function signingKey(ring: KeyRing, now: number): Key {
  const byAge = [...ring].sort((a, b) => b.signsFrom - a.signsFrom);
  const key = byAge.find(({ signsFrom }) => signsFrom <= now) ?? byAge.at(-1);
  if (!key) throw new Error('The key ring is empty.');
  return key;
}

export const keyById = (ring: KeyRing, id: string): Key | undefined => ring.find((key) => key.id === id);
