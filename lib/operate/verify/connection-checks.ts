// What must hold of connections, their tokens, watches, cursors and leases.
import { hours, minutes } from '../../platform/clock.ts';
import type { Connection, ConnectionWatch } from '../../platform/connections.ts';
import { tableNames } from '../../platform/names.ts';
import { isMarkedDirty } from './busy-checks.ts';
import { isOfConnection, part, text, type Check, type Look, type Row } from './check.ts';

/** No run of ours lives longer: Lambda ends every one after fifteen minutes. */
const longestLease = minutes(15);
/** Clocks of machines differ by less, also after a restore. */
const fenceAhead = hours(1);

const sealed = /^s1\.[A-Za-z0-9_-]{1,16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+$/;
const secretNames = ['access_token', 'refresh_token', 'id_token', 'client_secret'];
/** Google's access and refresh tokens, JSON Web Tokens, and Microsoft's own forms. */
const tokenShape = /^(?:ya29\.|1\/\/0|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|EwB[\w+/]{40}|[01]\.A[\w-]{60}|M\.C\d+_)/;

const looksClear = (value: unknown): boolean => typeof value === 'string' && (tokenShape.test(value) || secretNames.some((name) => value.includes(`"${name}"`)));
const fenceOf = (row: Row | undefined): number => Number(row?.['fence'] ?? 0);
const isLease = (row: Row): boolean => isOfConnection(row) && (part(row) === 'pull' || part(row) === 'push');
const isCursor = (row: Row): boolean => part(row).startsWith('cal#');
const leaseRow = (look: Look, connectionId: string, lease: 'pull' | 'push'): Promise<Row | undefined> => look.get('sync-state', { connection_id: connectionId, part: lease });
const watchesOf = (row: Row): readonly ConnectionWatch[] => (row as unknown as Connection).watches ?? [];

/** Whether notices of it can lead anywhere: there is an inbox, and the connection reads the calendar. */
async function watchHasRow(row: Row, { calendar_key }: ConnectionWatch, look: Look): Promise<boolean> {
  const id = text(row['connection_id']);
  if ((await look.get('sync-state', { connection_id: id, part: 'inbox' })) === undefined) return false;
  const { calendars } = row as unknown as Connection;
  return calendar_key === undefined || calendars.some(({ key, blocks, receives }) => key === calendar_key && (blocks || receives)) || isMarkedDirty(id, look);
}

export const connectionChecks: readonly Check[] = [
  {
    name: 'clear-text-token',
    holds: 'no token lies anywhere in clear: connections and consents hold sealed records alone',
    tables: tableNames,
    broken: (row) =>
      [row['tokens'], row['verifier']].some((value) => value !== undefined && !sealed.test(text(value))) ||
      Object.entries(row).some(([name, value]) => secretNames.includes(name) || looksClear(value)),
  },
  {
    name: 'connection-without-sync-rows',
    holds: 'every connection that is not leaving has its inbox, pull and push rows, and lies on the index of what is due',
    tables: ['connections'],
    async broken(row, look) {
      if (!isOfConnection(row) || row['state'] === 'disconnecting') return false;
      const id = text(row['connection_id']);
      const [inbox, pull, push] = [await look.get('sync-state', { connection_id: id, part: 'inbox' }), await leaseRow(look, id, 'pull'), await leaseRow(look, id, 'push')];
      return inbox === undefined || push === undefined || pull?.['dueAt'] === undefined || pull['dueShard'] === undefined;
    },
  },
  {
    name: 'cursor-of-unnamed-calendar',
    holds: 'every cursor is of a calendar that its connection names',
    tables: ['sync-state'],
    async broken(row, look) {
      if (!isCursor(row)) return false;
      const id = text(row['connection_id']);
      const connection = await look.connection(id);
      if (!connection) return true;
      return !connection.calendars.some(({ key, blocks, receives }) => `cal#${key}` === part(row) && (blocks || receives)) && !(await isMarkedDirty(id, look));
    },
  },
  {
    name: 'watch-without-row',
    holds: 'every watch has an inbox for its notices, and watches a calendar that its connection reads',
    tables: ['connections'],
    async broken(row, look) {
      if (!isOfConnection(row) || row['state'] !== 'active') return false;
      for (const watch of watchesOf(row).filter(({ retired }) => !retired)) {
        if (!(await watchHasRow(row, watch, look))) return true;
      }
      return false;
    },
  },
  {
    name: 'watch-past-its-expiry',
    holds: 'no watch of a connection that is read has ended without another in its place',
    tables: ['connections'],
    broken: (row, { now }) => isOfConnection(row) && row['state'] === 'active' && row['paused_at'] === undefined && watchesOf(row).some(({ retired, expires_at }) => !retired && expires_at !== undefined && expires_at <= now),
  },
  {
    name: 'lease-sanity',
    holds: 'every lease has a fence, ends within a quarter of an hour, and no cursor or target carries a fence that its lease has not reached',
    tables: ['sync-state', 'booking-events'],
    async broken(row, look) {
      const id = text(row['connection_id']);
      if (isLease(row)) {
        const [fence, until] = [row['fence'], row['leaseUntil']];
        if (typeof fence !== 'number' || fence < 0 || fence > look.now + fenceAhead) return true;
        return until !== undefined && !(typeof until === 'number' && until <= look.now + longestLease);
      }
      if (isCursor(row)) return fenceOf(row) > fenceOf(await leaseRow(look, id, 'pull'));
      // A connection that is gone took its leases with it; what it wrote stays.
      if (!part(row).startsWith('target#') || row['fence'] === undefined) return false;
      const push = await leaseRow(look, id, 'push');
      return push !== undefined && fenceOf(row) > fenceOf(push);
    },
  },
  {
    name: 'writing-closed',
    holds: 'no connection that is not leaving is closed for bookings',
    tables: ['sync-state'],
    async broken(row, look) {
      if (part(row) !== 'push' || row['closed'] !== 1) return false;
      const connection = await look.connection(text(row['connection_id']));
      return connection !== undefined && connection.state !== 'disconnecting' && (await look.get('sync-state', { connection_id: text(row['connection_id']), part: 'leave' })) === undefined;
    },
  },
];
