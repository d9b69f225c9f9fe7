// A provider's bookings by their end, through an index that holds keys and start alone and may lag behind: whoever walks it for completeness walks
// once more a few minutes later.
import { BatchGetItemCommand, QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem } from '../platform/dynamo.ts';
import { Index } from '../platform/names.ts';
import { allShards } from '../platform/shard.ts';
import { targetOf, targetPart, wishOf, type TargetRow, type Wish } from './bookings.ts';

export interface BookingPage {
  readonly ids: readonly string[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
}

export interface PageWanted {
  /** Bookings that end after this instant (ms). */
  readonly endsAfter: number;
  /** Bookings that end before this instant; else all. */
  readonly endsBefore?: number;
  /** Bookings that start before this instant; else all. Others count towards `limit`. */
  readonly startsBefore?: number;
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface FutureBookings {
  page(providerId: string, wanted: PageWanted): Promise<BookingPage>;
  /** Ids of all bookings that are pending, whoever they are for, page by page, through an index that may lag. */
  pending(): AsyncGenerator<readonly string[]>;
  /** The wishes of these bookings, those that are; strongly consistent. */
  wishes(bookingIds: readonly string[]): Promise<Wish[]>;
  /** Target rows of these bookings in one calendar, by booking; strongly consistent. */
  targetsIn(place: { connectionId: string; calendarKey: string }, bookingIds: readonly string[]): Promise<Map<string, TargetRow>>;
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function futureBookings(dynamo: DynamoDBClient, table: string): FutureBookings {
  /** One part of each of these bookings, where it is. */
  const parts = async (bookingIds: readonly string[], part: string): Promise<Record<string, unknown>[]> => {
    const found: Record<string, unknown>[] = [];
    let keys = [...new Set(bookingIds)].map((id) => ({ booking_id: { S: id }, part: { S: part } }));
    while (keys.length > 0) {
      const asked = keys.slice(0, 100);
      const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } }));
      found.push(...(Responses?.[table] ?? []).map(fromItem));
      const unprocessed = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof keys;
      if (unprocessed.length === asked.length) throw new Error('The booking-events table answered none of the keys asked.');
      keys = [...unprocessed, ...keys.slice(100)];
    }
    return found;
  };
  return {
    async page(providerId, { endsAfter, endsBefore, startsBefore, limit = 100, after }) {
      const { Items, LastEvaluatedKey } = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: Index.bookingsByEnd,
          KeyConditionExpression: endsBefore === undefined ? 'provider_id = :provider AND #end > :from' : 'provider_id = :provider AND #end BETWEEN :from AND :to',
          ...(startsBefore !== undefined && { FilterExpression: '#start < :until' }),
          ExpressionAttributeNames: { '#end': 'end', ...(startsBefore !== undefined && { '#start': 'start' }) },
          ExpressionAttributeValues: {
            ':provider': { S: providerId },
            ':from': { S: iso(endsAfter) },
            ...(endsBefore !== undefined && { ':to': { S: iso(endsBefore) } }),
            ...(startsBefore !== undefined && { ':until': { S: iso(startsBefore) } }),
          },
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: JSON.parse(after) as Record<string, AttributeValue> }),
        }),
      );
      const ids = (Items ?? []).flatMap(({ booking_id, part }) => (part?.S === 'wish' && booking_id?.S !== undefined ? [booking_id.S] : []));
      return { ids, ...(LastEvaluatedKey && { next: JSON.stringify(LastEvaluatedKey) }) };
    },
    async *pending() {
      for (const shard of allShards) {
        let from: Record<string, AttributeValue> | undefined;
        do {
          const { Items = [], LastEvaluatedKey } = await dynamo.send(
            new QueryCommand({ TableName: table, IndexName: Index.pending, KeyConditionExpression: 'pendingShard = :shard', ExpressionAttributeValues: { ':shard': { S: shard } }, ...(from && { ExclusiveStartKey: from }) }),
          );
          yield Items.flatMap(({ booking_id }) => booking_id?.S ?? []);
          from = LastEvaluatedKey;
        } while (from);
      }
    },
    async targetsIn({ connectionId, calendarKey }, bookingIds) {
      const rows = await parts(bookingIds, targetPart(connectionId, calendarKey));
      return new Map(rows.map((row) => [String(row['booking_id']), targetOf(row)]));
    },
    wishes: async (bookingIds) => (await parts(bookingIds, 'wish')).map((row) => wishOf(String(row['booking_id']), row)),
  };
}
