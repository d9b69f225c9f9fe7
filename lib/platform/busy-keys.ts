// Row keys of busy-intervals, which inbound writes, availability reads, and outbound asks for a provider's connections.
import { eventHash } from '../calendars/calendar-key.ts';

export const eventRow = (connectionId: string, calendarKey: string, eventId: string): string => `${connectionId}#${calendarKey}#${eventHash(eventId)}`;
export const calendarPrefix = (connectionId: string, calendarKey: string): string => `${connectionId}#${calendarKey}#`;
/** Sort key of the index by series: all occurrences of one Graph series in one calendar. */
export const seriesKey = (connectionId: string, calendarKey: string, series: string): string => `${connectionId}#${calendarKey}#${eventHash(series)}`;

/** One row a connection sorts before every instant (start `0`, end `9`), so that one query answers whole: intervals and health. */
export const healthRow = (connectionId: string): string => `!${connectionId}`;
export const healthPrefix = '!';
export const healthStart = '0';
export const healthEnd = '9';

/** How a connection stands, as its row in busy-intervals tells. Instants in ms; absent ones: never. */
export interface ConnectionHealth {
  readonly connection_id: string;
  readonly calendar_provider: 'google' | 'microsoft';
  readonly state: 'active' | 'reauthorization_required' | 'disconnecting';
  /** When its person last consented, as far as whoever wrote `state` knew: a state of before a consent never overwrites one of after it. */
  readonly granted_at?: number;
  /** It has at least one blocking calendar: its health decides whether slots can be known. */
  readonly blocks: boolean;
  /** The narrowest window over its blocking calendars, of their last complete lists. */
  readonly window_from?: number;
  readonly window_to?: number;
  /** The oldest last complete read over its blocking calendars. */
  readonly last_read?: number;
  /** Its poll period; a read older than twice this and five minutes is stale. */
  readonly poll_ms?: number;
  /** A blocking calendar of it can't be read: retrying soon won't help. */
  readonly unreadable?: boolean;
}

const ofHealth = { connection_id: true, calendar_provider: true, state: true, granted_at: true, blocks: true, window_from: true, window_to: true, last_read: true, poll_ms: true, unreadable: true } satisfies Record<keyof ConnectionHealth, true>;
/** Its attributes, for a query that asks for no others. */
export const healthAttributes: readonly string[] = Object.keys(ofHealth);
