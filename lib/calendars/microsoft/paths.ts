import type { Window } from '../port.ts';

// Ids of Graph hold slashes and equals signs, and letters whose case counts.
export const calendarPath = (calendarId: string): string => `/me/calendars/${encodeURIComponent(calendarId)}`;
export const eventPath = (eventId: string): string => `/me/events/${encodeURIComponent(eventId)}`;

/** `startDateTime` and `endDateTime`, in UTC. */
export const windowQuery = ({ from, to }: Window): string =>
  `startDateTime=${encodeURIComponent(new Date(from).toISOString())}&endDateTime=${encodeURIComponent(new Date(to).toISOString())}`;
