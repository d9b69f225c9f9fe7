// What of a connection is to be watched, and how its watches stand, decided without a call.
import type { Connection, ConnectionCalendar, ConnectionWatch } from './connections.ts';
import { days } from './clock.ts';
import type { WatchHealth } from './metric-catalog.ts';

/** Both providers give a week at most: https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
export const usualLife = days(7);

/** A watch that delivers now, as far as is known. */
export const isLive = ({ expires_at, retired }: ConnectionWatch, now: number): boolean => !retired && expires_at !== undefined && expires_at > now;

/** What is to be watched: for Graph the first calendar stands for the mailbox. */
export function watchedCalendars({ calendar_provider, calendars }: Pick<Connection, 'calendar_provider' | 'calendars'>): readonly ConnectionCalendar[] {
  const wanted = calendars.filter(({ blocks, receives, watchable }) => (blocks || receives) && watchable !== false);
  return calendar_provider === 'google' ? wanted : wanted.slice(0, 1);
}

/** A watch is renewed when two to one fifths of its life are left: with less than this, its renewal is overdue by a day of a week's life. */
const overdue = 0.15;

/** So long one that has ended and was not renewed is past its renewal still: what nobody has mended by then, as a calendar that its person deleted, rings no more. */
const toldFor = days(3);

/** For each that is to be watched, how its best watch stands. */
export function healthOfWatches(connection: Connection, now: number): WatchHealth[] {
  return watchedCalendars(connection).map(({ key }) => {
    const own = connection.watches.filter(({ calendar_key, retired, expires_at }) => !retired && expires_at !== undefined && expires_at > now - toldFor && (connection.calendar_provider === 'microsoft' || calendar_key === key));
    if (own.length === 0) return 'missing';
    const fresh = own.some(({ expires_at = 0, made_at }) => expires_at - now > overdue * (made_at === undefined ? usualLife : expires_at - made_at));
    return fresh ? 'live' : 'near_expiry';
  });
}
