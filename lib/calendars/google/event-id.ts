import { createHash } from 'node:crypto';
import type { EventIdentity } from '../port.ts';

const alphabet = '0123456789abcdefghijklmnopqrstuv';

/** RFC 4648 base32hex, lower case, no padding: the only characters that Google takes in an event id. */
export function base32hex(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet.charAt(Number.parseInt(group.padEnd(5, '0'), 2))).join('');
}

/** The event id of a booking at a calendar: the same for every attempt, so that a repeated insert is refused. 59 characters. */
export function googleEventId({ connectionId, calendarId, bookingId, generation }: EventIdentity): string {
  const joined = JSON.stringify([connectionId, calendarId, bookingId, generation]);
  return `booking${base32hex(createHash('sha256').update(joined, 'utf8').digest())}`;
}
