// How an event of ours is known again: a transactionId, against a second event from a repeated POST, and two extended properties,
// to find it after a lost answer and to know its booking. Deltas show neither property.
import { createHash } from 'node:crypto';
import { list, object, text } from '../json.ts';
import type { EventIdentity, OurMark } from '../port.ts';

/** Of this project; with another, events written before would not be found again. */
const namespace = '6c22c262-1eb8-4bd3-b1ff-030546654a4c';
const propertySet = '{cedc07c6-ac44-4e25-bc82-db8ea87d1a8b}';

export const keyProperty = `String ${propertySet} Name calendarSyncKey`;
export const markProperty = `String ${propertySet} Name calendarSyncMark`;

/** UUIDv5, RFC 9562 section 5.5. */
export function uuidFor(name: string): string {
  const bytes = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex')).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The transactionId of an event of ours, lower-case; JSON keeps the parts apart. */
export const transactionIdOf = ({ connectionId, calendarId, bookingId, generation }: EventIdentity): string =>
  uuidFor(JSON.stringify([connectionId, calendarId, bookingId, generation]));

/** In hex, as values compare without case and travel inside a filter's quotes. */
const markValue = ({ bookingId, generation, version }: OurMark): string => Buffer.from(`${bookingId}|${generation}|${version}`, 'utf8').toString('hex');

/** The extended properties by which an event is known as ours. */
export const ourProperties = (identity: EventIdentity, version: number): readonly { readonly id: string; readonly value: string }[] => [
  { id: keyProperty, value: transactionIdOf(identity) },
  { id: markProperty, value: markValue({ bookingId: identity.bookingId, generation: identity.generation, version }) },
];

const count = (digits: string | undefined): number | undefined => {
  const number = /^\d{1,16}$/.test(digits ?? '') ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
};

/** The mark among an event's expanded properties; undefined where it carries none that is whole. */
export function readMark(properties: unknown): OurMark | undefined {
  const ours = list(properties).map(object).find(({ id }) => text(id)?.toLowerCase() === markProperty.toLowerCase());
  const value = text(ours?.['value']) ?? '';
  if (!/^([0-9a-f]{2})+$/i.test(value)) return undefined;
  // A booking's id may hold the divider; the numbers cannot.
  const parts = /^(.+)\|(\d+)\|(\d+)$/s.exec(Buffer.from(value, 'hex').toString('utf8'));
  const [bookingId, generation, version] = [parts?.[1], count(parts?.[2]), count(parts?.[3])];
  if (bookingId === undefined || generation === undefined || version === undefined) return undefined;
  return { bookingId, generation, version };
}
