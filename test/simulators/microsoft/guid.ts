import type { Random } from '../../../lib/platform/clock.ts';

/** A version 4 UUID out of the given randomness. */
export function guid(random: Random): string {
  const hex = hexDigits(random, 30);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}

/** Random hexadecimal digits, for tokens. */
export function hexDigits(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 0x1000000).toString(16).padStart(6, '0');
  return text.slice(0, length);
}
