// Where a booking is to stand: the receiving calendars of its provider's connections, found now and consistently.
import { GetItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthPrefix } from '../platform/busy-keys.ts';
import type { Connection, ConnectionCalendar, Connections } from '../platform/connections.ts';
import { fromItem } from '../platform/dynamo.ts';
import type { LeaseRow } from '../platform/lease.ts';
import type { CallCount } from '../platform/quota.ts';
import type { BookingRows, TargetRow, Wish } from './bookings.ts';

/** Ids of a provider's connections: the health rows of busy-intervals name them, as the index of the connections table may lag. */
export type ConnectionIdsOf = (providerId: string) => Promise<string[]>;

export function connectionIdsOf(dynamo: DynamoDBClient, table: string): ConnectionIdsOf {
  return async (providerId) => {
    const { Items } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'provider_id = :provider AND begins_with(#row, :prefix)',
        ExpressionAttributeNames: { '#row': 'row' },
        ExpressionAttributeValues: { ':provider': { S: providerId }, ':prefix': { S: healthPrefix } },
      }),
    );
    return (Items ?? []).flatMap((item) => item['connection_id']?.S ?? []);
  };
}

/** The `push` row: a connection's writes to its calendars are made one at a time. */
export interface PushRow extends LeaseRow, CallCount {
  readonly backoffUntil?: number;
  readonly errorCount?: number;
  /** 1: its connection is leaving, and nothing more is written. */
  readonly closed?: number;
}
export type ReadPushRow = (connectionId: string) => Promise<PushRow | undefined>;

export function pushRows(dynamo: DynamoDBClient, table: string): ReadPushRow {
  return async (connectionId) => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, ConsistentRead: true, Key: { connection_id: { S: connectionId }, part: { S: 'push' } } }));
    return Item && (fromItem(Item) as unknown as PushRow);
  };
}

/** One calendar to bring in line. */
export interface Work {
  readonly connection: Connection;
  readonly calendar: Pick<ConnectionCalendar, 'id' | 'key'>;
  /** The event must stand; else it must be gone. */
  readonly present: boolean;
  /** What a connection that is gone left of this booking in the same calendar: the account was connected again, and one booking is one event. */
  readonly orphans: readonly TargetRow[];
}

const isDone = (wish: Wish, row: TargetRow): boolean => row.appliedVersion === wish.version && (row.disputes ?? 0) <= (row.settled ?? 0) && (row.strays?.size ?? 0) === 0;

const isOrphan = (row: TargetRow, found: readonly Connection[]): boolean => !row.removed && row.external_event_id !== undefined && !found.some(({ connection_id }) => connection_id === row.connectionId);

/**
 * What is left to do. A row that is no target any more is a delete to do. Connections that can't be written to (grant dead, leaving)
 * are left out: consenting again marks the provider's bookings anew.
 */
export function workOf(wish: Wish, { targets }: BookingRows, found: readonly Connection[]): Work[] {
  const active = new Map(found.filter(({ state }) => state === 'active').map((connection) => [connection.connection_id, connection]));
  const work: Work[] = [];
  const rowOf = (connectionId: string, key: string): TargetRow | undefined => targets.find((row) => row.connectionId === connectionId && row.calendarKey === key);
  const orphansIn = (calendarId: string): readonly TargetRow[] => targets.filter((row) => row.calendarId === calendarId && isOrphan(row, found));
  for (const connection of active.values()) {
    if (connection.provider_id !== wish.providerId) continue;
    for (const calendar of connection.calendars.filter(({ receives }) => receives)) {
      const row = rowOf(connection.connection_id, calendar.key);
      const orphans = orphansIn(calendar.id);
      const isDue = wish.cancelled ? row === undefined && orphans.length > 0 : orphans.length > 0 || !row || row.removed || !isDone(wish, row);
      if (isDue) work.push({ connection, calendar, present: !wish.cancelled, orphans });
    }
  }
  for (const row of targets) {
    const connection = active.get(row.connectionId);
    const wanted = !wish.cancelled && connection?.provider_id === wish.providerId && connection.calendars.some(({ key, receives }) => receives && key === row.calendarKey);
    const disputed = (row.disputes ?? 0) > (row.settled ?? 0) || (row.strays?.size ?? 0) > 0;
    const orphans = orphansIn(row.calendarId);
    if (connection && !wanted && (!row.removed || disputed || orphans.length > 0)) work.push({ connection, calendar: { id: row.calendarId, key: row.calendarKey }, present: false, orphans });
  }
  return work;
}

/** What must go from calendars of connections that are leaving: with them, where that is asked. Till they are gone it stays pending, which is how they find it. */
export function leftToLeaving(wish: Wish, { targets }: BookingRows, found: readonly Connection[]): { connection: Connection; row: TargetRow }[] {
  const leaving = found.filter(({ state, provider_id }) => state === 'disconnecting' && (wish.cancelled || provider_id !== wish.providerId));
  return leaving.flatMap((connection) => targets.flatMap((row) => (row.connectionId === connection.connection_id && !row.removed ? [{ connection, row }] : [])));
}

/** Every connection that may matter: the provider's now, and those that target rows still name. */
export async function connectionsFor(wish: Wish, { targets }: BookingRows, parts: { connections: Connections; connectionIdsOf: ConnectionIdsOf }): Promise<Connection[]> {
  const ids = new Set([...(wish.cancelled ? [] : await parts.connectionIdsOf(wish.providerId)), ...targets.map(({ connectionId }) => connectionId)]);
  const found = await parts.connections.getAll([...ids]);
  if (!wish.cancelled || !targets.some((row) => isOrphan(row, found))) return found;
  const others = (await parts.connectionIdsOf(wish.providerId)).filter((id) => !ids.has(id));
  return [...found, ...(await parts.connections.getAll(others))];
}
