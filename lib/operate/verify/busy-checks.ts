// What must hold of busy time and of the health rows beside it.
import { eventRow, healthPrefix, healthRow } from '../../platform/busy-keys.ts';
import { isOfConnection, text, type Check, type Row } from './check.ts';

interface BusyKey {
  readonly connectionId: string;
  readonly calendarKey: string;
}

/** Undefined: a tombstone, or a health row. */
function busyKeyOf(row: Row): BusyKey | undefined {
  const key = text(row['row']);
  if (key.startsWith(healthPrefix) || row['start'] === undefined) return undefined;
  const [connectionId = '', calendarKey = ''] = key.split('#');
  return { connectionId, calendarKey };
}

export const busyChecks: readonly Check[] = [
  {
    name: 'unique-external-events',
    holds: 'an event of a calendar has one busy row: the stored ids are compared, and none lies under a key that another could lie beside',
    tables: ['busy-intervals'],
    broken(row) {
      const key = busyKeyOf(row);
      return key !== undefined && text(row['row']) !== eventRow(key.connectionId, key.calendarKey, text(row['external_event_id']));
    },
  },
  {
    name: 'busy-row-without-connection',
    holds: 'every busy row belongs to a connection of its provider, and lies in a calendar that the connection names',
    tables: ['busy-intervals'],
    async broken(row, look) {
      const key = busyKeyOf(row);
      if (!key) return false;
      const connection = await look.connection(key.connectionId);
      if (!connection || connection.provider_id !== row['provider_id']) return true;
      return !connection.calendars.some((calendar) => calendar.key === key.calendarKey) && !(await isMarkedDirty(key.connectionId, look));
    },
  },
  {
    name: 'health-row-without-connection',
    holds: 'every health row belongs to a connection of its provider',
    tables: ['busy-intervals'],
    async broken(row, look) {
      if (!text(row['row']).startsWith(healthPrefix)) return false;
      return (await look.connection(text(row['connection_id'])))?.provider_id !== row['provider_id'];
    },
  },
  {
    name: 'connection-without-health-row',
    holds: 'every connection has a health row, which shows its state',
    tables: ['connections'],
    async broken(row, look) {
      if (!isOfConnection(row)) return false;
      const health = await look.get('busy-intervals', { provider_id: text(row['provider_id']), row: healthRow(text(row['connection_id'])) });
      return health?.['state'] !== row['state'];
    },
  },
];

/** The next pull takes away what a change of calendars has left. */
export const isMarkedDirty = async (connectionId: string, { get }: Parameters<Check['broken']>[1]): Promise<boolean> =>
  (await get('sync-state', { connection_id: connectionId, part: 'inbox' }))?.['dirtySince'] !== undefined;
