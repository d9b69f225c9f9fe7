import { hash } from 'node:crypto';

// Table keys hold these instead of the calendar provider's own ids, which run to 1,024 characters of any kind. 22 characters are 132 bits.
const shortHash = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22);

/** Our key of a calendar: 22 characters of base64url SHA-256 over the provider's id. */
export const calendarKey = (calendarId: string): string => shortHash(calendarId);

/** Our key of an event, of the same shape. */
export const eventHash = (eventId: string): string => shortHash(eventId);
