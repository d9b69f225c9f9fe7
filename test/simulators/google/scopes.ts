// Which scopes each method takes: https://developers.google.com/workspace/calendar/api/auth
import { GoogleFault } from './google-fault.ts';

const prefix = 'https://www.googleapis.com/auth/';
const full = (...names: string[]): ReadonlySet<string> => new Set(names.map((name) => prefix + name));

export const needs = {
  readEvents: full(
    'calendar', 'calendar.readonly', 'calendar.events', 'calendar.events.readonly', 'calendar.events.owned', 'calendar.events.owned.readonly',
    'calendar.events.freebusy', 'calendar.events.public.readonly', 'calendar.app.created',
  ),
  writeEvents: full('calendar', 'calendar.events', 'calendar.events.owned', 'calendar.app.created'),
  listCalendars: full('calendar', 'calendar.readonly', 'calendar.calendarlist', 'calendar.calendarlist.readonly'),
  readCalendar: full('calendar', 'calendar.readonly', 'calendar.calendars', 'calendar.calendars.readonly', 'calendar.app.created'),
} as const;
export type Need = keyof typeof needs;

/** What an account consents to unless the driver says otherwise. */
export const usualScopes = ['openid', `${prefix}calendar.events`, `${prefix}calendar.calendarlist.readonly`];

/** Throws 403 where none of the scopes granted covers the method. */
export function requireScope(granted: readonly string[], need: Need): void {
  if (granted.some((scope) => needs[need].has(scope))) return;
  throw new GoogleFault(403, 'insufficientPermissions', { message: 'Request had insufficient authentication scopes.' });
}

/** Whether these scopes show when an event is and nothing else. */
export const seesFreeBusyOnly = (granted: readonly string[]): boolean => {
  const events = granted.filter((scope) => needs.readEvents.has(scope));
  return events.length > 0 && events.every((scope) => scope === `${prefix}calendar.events.freebusy`);
};
