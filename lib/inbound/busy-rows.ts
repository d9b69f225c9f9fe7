// Busy rows, each carrying the fence it was last written under. Every write of one is a single put on one condition: nobody with a
// newer fence has been there. A removal leaves a tombstone for a day, so that a late write can't bring the row back.
import { BatchGetItemCommand, PutItemCommand, QueryCommand, type DynamoDBClient, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { calendarPrefix, eventRow, healthEnd, healthRow, healthStart, seriesKey, type ConnectionHealth } from '../platform/busy-keys.ts';
import { days, minutes } from '../platform/clock.ts';
import { toItem, unlessRefused, type Item } from '../platform/dynamo.ts';
import { Index } from '../platform/names.ts';
import type { BusyNews, RowBefore } from './busy-news.ts';

/** Which calendar of whom. */
export interface CalendarPlace {
  readonly providerId: string;
  readonly connectionId: string;
  /** The calendar provider's id of it, and our key for it. */
  readonly calendarId: string;
  readonly calendarKey: string;
  readonly calendarProvider: 'google' | 'microsoft';
  /** Events of bookings may stand in it that were written by the system before: only pointers tell them. */
  readonly adopts?: true;
}

/** One busy interval; instants in ms, end after start. */
export interface BusyRow {
  readonly eventId: string;
  readonly start: number;
  readonly end: number;
  readonly series?: string;
}

/** A row as it lies in the table. */
export interface StoredRow {
  readonly start: number;
  readonly end: number;
  readonly seriesKey: string | undefined;
  /** 0: of before there were any. */
  readonly fence: number;
}

export interface BusyRows {
  /** False: refused, a newer fence has been there. */
  put(place: CalendarPlace, row: BusyRow, fence: number, news?: BusyNews): Promise<boolean>;
  /** By row key. Leaves a tombstone, also where there was no row. */
  remove(providerId: string, rowKey: string, options: { fence: number; now: number; news?: BusyNews }): Promise<boolean>;
  /** The live rows of one calendar by row key; strongly consistent. */
  ofCalendar(place: CalendarPlace): Promise<Map<string, StoredRow>>;
  /** Those of these row keys of one calendar that have a live row; strongly consistent. */
  live(place: CalendarPlace, rowKeys: readonly string[]): Promise<string[]>;
  /** Row keys of the live rows of one series; strongly consistent. */
  ofSeries(place: CalendarPlace, series: string): Promise<string[]>;
  /** Refused too where the state was changed since this pull read the connection, by one who holds no lease: a grant found dead, a consent, a goodbye. Not where it was found dead long ago and the connection never heard of it. */
  saveHealth(providerId: string, health: ConnectionHealth, fence: number): Promise<boolean>;
}

/** A key costs a unit, and a unit reads sixteen rows of a calendar at once. */
const fewKeys = 10;
const tombstoneLife = days(1);
/** Whoever found a grant dead has said so on the connection by then, or never will: longer than any function lives. A fence is never below the clock. */
const diesWithin = minutes(5);
const iso = (ms: number): string => new Date(ms).toISOString();

export function busyRows(dynamo: DynamoDBClient, table: string): BusyRows {
  /** `told` hears what lay there before, which costs nothing more. */
  const put = (item: Record<string, unknown>, fence: number, told?: (before: RowBefore | undefined) => void): Promise<boolean> =>
    unlessRefused(
      dynamo
        .send(
          new PutItemCommand({
            TableName: table,
            Item: toItem({ ...item, v: 1, fence }),
            ConditionExpression: 'attribute_not_exists(provider_id) OR fence <= :mine',
            ExpressionAttributeValues: { ':mine': { N: String(fence) } },
            ...(told && { ReturnValues: 'ALL_OLD' as const }),
          }),
        )
        .then(({ Attributes }) => told?.(Attributes && rowBefore(Attributes))),
    );
  const query = async <T>(input: Omit<QueryCommandInput, 'TableName' | 'ConsistentRead'>, read: (row: Item) => T): Promise<T[]> => {
    const found: T[] = [];
    let from: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await dynamo.send(new QueryCommand({ ...input, TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }));
      found.push(...(page.Items ?? []).map(read));
      from = page.LastEvaluatedKey;
    } while (from);
    return found;
  };
  const ofCalendar: BusyRows['ofCalendar'] = async ({ providerId, connectionId, calendarKey }) => {
    const ofIt = {
      KeyConditionExpression: 'provider_id = :provider AND begins_with(#row, :prefix)',
      FilterExpression: 'attribute_exists(#start)',
      // The rest of a row would cost a third more to read, and is needed by nobody here.
      ProjectionExpression: '#row, #start, #end, series, fence',
      ExpressionAttributeNames: { '#row': 'row', '#start': 'start', '#end': 'end' },
      ExpressionAttributeValues: { ':provider': { S: providerId }, ':prefix': { S: calendarPrefix(connectionId, calendarKey) } },
    };
    return new Map(await query(ofIt, (row) => [keyOf(row), stored(row)] as const));
  };
  return {
    put: (place, { eventId, start, end, series }, fence, news) =>
      put(
        {
          provider_id: place.providerId,
          row: rowKeyOf(place, eventId),
          calendar_provider: place.calendarProvider,
          external_event_id: eventId,
          start: iso(start),
          end: iso(end),
          series: seriesKeyOf(place, series),
        },
        fence,
        news && ((before) => news.put({ eventId, start, end, ...(series !== undefined && { series }) }, before)),
      ),
    remove: (providerId, rowKey, { fence, now, news }) =>
      put({ provider_id: providerId, row: rowKey, expires: Math.ceil((now + tombstoneLife) / 1000) }, fence, news && ((before) => news.removed(before))),
    ofCalendar,
    async live(place, rowKeys) {
      if (rowKeys.length <= fewKeys) {
        const Keys = rowKeys.map((row) => ({ provider_id: { S: place.providerId }, row: { S: row } }));
        const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }));
        if (UnprocessedKeys?.[table] === undefined) return (Responses?.[table] ?? []).filter(({ start }) => start !== undefined).map(keyOf);
      }
      const there = await ofCalendar(place);
      return rowKeys.filter((rowKey) => there.has(rowKey));
    },
    ofSeries({ providerId, connectionId, calendarKey }, series) {
      const ofIt = {
        IndexName: Index.busyBySeries,
        KeyConditionExpression: 'provider_id = :provider AND series = :series',
        ExpressionAttributeValues: { ':provider': { S: providerId }, ':series': { S: seriesKey(connectionId, calendarKey, series) } },
      };
      return query(ofIt, keyOf);
    },
    saveHealth: (providerId, health, fence) =>
      unlessRefused(
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem({ provider_id: providerId, row: healthRow(health.connection_id), start: healthStart, end: healthEnd, ...health, v: 1, fence }),
            ConditionExpression: '(attribute_not_exists(provider_id) OR fence <= :mine) AND (attribute_not_exists(granted_at) OR granted_at < :granted OR (granted_at = :granted AND (#state = :state OR (:state = :active AND #state = :dead AND dead_since < :longAgo))))',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: toItem({ ':mine': fence, ':granted': health.granted_at ?? 0, ':state': health.state, ':active': 'active', ':dead': 'reauthorization_required', ':longAgo': fence - diesWithin }),
          }),
        ),
      ),
  };
}

export const rowKeyOf = ({ connectionId, calendarKey }: CalendarPlace, eventId: string): string => eventRow(connectionId, calendarKey, eventId);

const seriesKeyOf = ({ connectionId, calendarKey }: CalendarPlace, series: string | undefined): string | undefined => (series === undefined ? undefined : seriesKey(connectionId, calendarKey, series));

// Rows come by the ten thousand: what is needed of one is taken from it as it came, as `unmarshall` would take all.
const keyOf = ({ row }: Item): string => row?.S ?? '';
const fenceOf = ({ fence }: Item): number => Number(fence?.N ?? 0);
const stored = (row: Item): StoredRow => ({ start: Date.parse(row['start']?.S ?? ''), end: Date.parse(row['end']?.S ?? ''), seriesKey: row['series']?.S, fence: fenceOf(row) });
const rowBefore = (row: Item): RowBefore => (row['start'] === undefined ? { fence: fenceOf(row) } : stored(row));

/** As a put leaves it. */
export const asStored = (place: CalendarPlace, { start, end, series }: BusyRow, fence: number): StoredRow => ({ start, end, seriesKey: seriesKeyOf(place, series), fence });

/** Whether a put would change what lies there. */
export const differs = (place: CalendarPlace, row: BusyRow, there: StoredRow | undefined): boolean =>
  there === undefined || there.start !== row.start || there.end !== row.end || there.seriesKey !== seriesKeyOf(place, row.series);
