// Tokens at rest: AES-256-GCM under a key ring, with the connection id as associated data, so that a sealed record is worth nothing
// without the ring and nothing in another connection's row.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { keyById, signingKey, type KeyRing } from './key-ring.ts';

const version = 's1';
type RandomBytes = (size: number) => Buffer;

/** The record was sealed under a key that this ring lacks: unknown, to be retried; never a dead grant. */
export class UnknownSealKey extends Error {
  constructor(keyId: string) {
    super(`Sealed under key ${keyId}, which the ring lacks. Bring the key back with ops secrets, or wait for the new ring to be read.`);
    this.name = 'UnknownSealKey';
  }
}

export function seal(ring: KeyRing, plain: string, { connectionId, now, random = randomBytes }: { connectionId: string; now: number; random?: RandomBytes }): string {
  const key = signingKey(ring, now);
  const iv = random(12);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(Buffer.from(connectionId));
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return [version, key.id, iv.toString('base64url'), cipher.getAuthTag().toString('base64url'), sealed.toString('base64url')].join('.');
}

/** Throws UnknownSealKey, or Error where the record is damaged or belongs to another connection. */
export function unseal(ring: KeyRing, record: string, connectionId: string): string {
  const [recordVersion, keyId = '', iv = '', tag = '', sealed = ''] = record.split('.');
  if (recordVersion !== version) throw new Error('Not a sealed record.');
  const key = keyById(ring, keyId);
  if (!key) throw new UnknownSealKey(keyId);
  const decipher = createDecipheriv('aes-256-gcm', key.secret, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
    .setAAD(Buffer.from(connectionId))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString('utf8');
}

export const sealKeyId = (record: string): string | undefined => record.split('.')[1];
