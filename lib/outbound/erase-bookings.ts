import { DeleteItemCommand, QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { googleEventId } from '../calendars/google/event-id.ts';
import { pointerId } from '../platform/booking-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Bookings, TargetRow } from './bookings.ts';
import type { FutureBookings } from './future-bookings.ts';

export interface EraseBookingsParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly bookings: Pick<Bookings, 'read'>;
  readonly future: FutureBookings;
  readonly clock: Clock;
}

/** Every booking of a provider, past ones too: pointers, targets, and the wish last, since it is what the index knows. */
export async function eraseBookings(parts: EraseBookingsParts, providerId: string, endsAt: number): Promise<{ erased: number; all: boolean }> {
  let [erased, after]: [number, string | undefined] = [0, undefined];
  do {
    const page = await parts.future.page(providerId, { endsAfter: 0, ...(after !== undefined && { after }) });
    for (const id of page.ids) {
      if (parts.clock() >= endsAt) return { erased, all: false };
      await eraseBooking(parts, id);
      erased += 1;
    }
    after = page.next;
  } while (after !== undefined);
  return { erased, all: true };
}

async function eraseBooking({ dynamo, table, bookings }: EraseBookingsParts, id: string): Promise<void> {
  const remove = async (key: Record<string, AttributeValue>): Promise<void> => void (await dynamo.send(new DeleteItemCommand({ TableName: table, Key: key })));
  const { targets } = await bookings.read(id);
  for (const target of targets) {
    for (const eventId of eventIdsOf(id, target)) await remove({ booking_id: { S: pointerId(target.connectionId, eventId) }, part: { S: 'of' } });
  }
  const { Items = [] } = await dynamo.send(
    new QueryCommand({ TableName: table, ConsistentRead: true, KeyConditionExpression: 'booking_id = :id', ProjectionExpression: 'booking_id, part', ExpressionAttributeValues: { ':id': { S: id } } }),
  );
  for (const key of [...Items].sort((a, b) => Number(a['part']?.S === 'wish') - Number(b['part']?.S === 'wish'))) await remove(key);
}

/** Every id that its events have had, and at Google, where the pointer goes first, those that they may have. */
function eventIdsOf(bookingId: string, { connectionId, calendarId, generation, external_event_id: own, had = new Set() }: TargetRow): Set<string> {
  const foreseen = Array.from({ length: generation + 1 }, (_, n) => googleEventId({ connectionId, calendarId, bookingId, generation: n }));
  return new Set([...(own === undefined ? [] : [own]), ...had, ...foreseen]);
}
