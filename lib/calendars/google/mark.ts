import type { OurMark } from '../port.ts';
import { object, text } from '../json.ts';

// Google drops a private property whose key is longer than 44 characters, silently, and cuts values at 1,024:
// https://developers.google.com/workspace/calendar/api/guides/extended-properties
export const MarkKey = {
  booking: 'calendarSyncBooking',
  generation: 'calendarSyncGeneration',
  version: 'calendarSyncVersion',
} as const;

/** The private properties by which an event is known as ours. */
export const markProperties = (mark: OurMark): Record<string, string> => ({
  [MarkKey.booking]: mark.bookingId,
  [MarkKey.generation]: String(mark.generation),
  [MarkKey.version]: String(mark.version),
});

const count = (value: unknown): number | undefined => {
  const number = /^\d{1,16}$/.test(text(value) ?? '') ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
};

/** The mark in an event's `extendedProperties`. A copy that a person made may carry it too: compare event ids. */
export function readMark(extendedProperties: unknown): OurMark | undefined {
  const properties = object(object(extendedProperties)['private']);
  const bookingId = text(properties[MarkKey.booking]);
  if (bookingId === undefined) return undefined;
  const generation = count(properties[MarkKey.generation]);
  const version = count(properties[MarkKey.version]);
  if (generation === undefined || version === undefined) return undefined;
  return { bookingId, generation, version };
}
