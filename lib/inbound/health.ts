import type { ConnectionHealth } from '../platform/busy-keys.ts';
import type { Connection } from '../platform/connections.ts';
import type { CursorRow } from './sync-state.ts';

const extreme = (values: readonly (number | undefined)[], pick: (...numbers: number[]) => number): number | undefined =>
  values.length > 0 && values.every((value) => value !== undefined) ? pick(...values) : undefined;

/** A connection is as good as its worst blocking calendar: the narrowest window, the oldest read; unknown where one was never read. */
export function healthOf(connection: Connection, cursors: ReadonlyMap<string, CursorRow>, { pollMs, unreadable }: { pollMs: number; unreadable: boolean }): ConnectionHealth {
  const blocking = connection.calendars.filter(({ blocks }) => blocks);
  const rows = blocking.map(({ key }) => cursors.get(key) ?? {});
  const from = extreme(rows.map((row) => row.windowFrom), Math.max);
  const to = extreme(rows.map((row) => row.windowTo), Math.min);
  const read = extreme(rows.map((row) => row.lastRead), Math.min);
  return {
    connection_id: connection.connection_id,
    calendar_provider: connection.calendar_provider,
    state: connection.state,
    granted_at: connection.granted_at,
    blocks: blocking.length > 0,
    poll_ms: pollMs,
    ...(from !== undefined && { window_from: from }),
    ...(to !== undefined && { window_to: to }),
    ...(read !== undefined && { last_read: read }),
    ...(unreadable && { unreadable }),
  };
}
