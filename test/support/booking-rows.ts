import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { fromItem } from '../../lib/platform/dynamo.ts';
import type { Platform } from './platform.ts';

/** The rows of one booking as they lie in the table: its wish and its targets; strongly consistent. */
export async function bookingRows({ dynamo, outputs }: Pick<Platform, 'dynamo' | 'outputs'>, bookingId: string): Promise<{ wish: Record<string, unknown> | undefined; targets: Record<string, unknown>[] }> {
  const { Items } = await dynamo.send(
    new QueryCommand({ TableName: outputs.tables['booking-events'], ConsistentRead: true, KeyConditionExpression: 'booking_id = :id', ExpressionAttributeValues: { ':id': { S: bookingId } } }),
  );
  const rows = (Items ?? []).map(fromItem);
  return { wish: rows.find(({ part }) => part === 'wish'), targets: rows.filter(({ part }) => String(part).startsWith('target#')) };
}
