// Neither provider signs calendar notices. Where an operator puts a signing relay in front and sets its secret, its header is
// required in addition to the watch token: HMAC-SHA256, hex or base64, with or without "sha256=".
import { createHmac, timingSafeEqual } from 'node:crypto';

/** 32 bytes; Node would also take what has more behind its padding. */
const base64 = /^[A-Za-z0-9+/]{43}=?$/;

export function relaySigned(secret: string, signed: Buffer, header: string | undefined): boolean {
  const expected = createHmac('sha256', secret).update(signed).digest();
  const text = (header ?? '').replace(/^sha256=/i, '');
  const given = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(base64.test(text) ? text : '', 'base64');
  const padded = Buffer.alloc(expected.length);
  given.copy(padded);
  return timingSafeEqual(expected, padded) && given.length === expected.length;
}
