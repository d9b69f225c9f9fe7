// Neither provider signs calendar notices. Where an operator puts a signing relay in front and sets its secret, its header is
// required in addition to the watch token: HMAC-SHA256, hex or base64, with or without "sha256=".
import { createHmac, timingSafeEqual } from 'node:crypto';

export function relaySigned(secret: string, signed: Buffer, header: string | undefined): boolean {
  const expected = createHmac('sha256', secret).update(signed).digest();
  const text = (header ?? '').replace(/^sha256=/i, '');
  const given = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  const padded = Buffer.alloc(expected.length);
  given.copy(padded);
  return timingSafeEqual(expected, padded) && given.length === expected.length;
}
