import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthPrefix, type ConnectionHealth } from '../platform/busy-keys.ts';
import { fromItem } from '../platform/dynamo.ts';
import { Index } from '../platform/names.ts';
import type { Interval } from './intervals.ts';

/** What busy-intervals holds of a provider for a span: busy time, and how each connection stands. */
export interface ProviderBusy {
  readonly intervals: readonly Interval[];
  readonly connections: readonly ConnectionHealth[];
}
export type ReadProvider = (providerId: string, span: Interval) => Promise<ProviderBusy>;

// Rows are found by text: outside of these years an instant sorts before `0` or after `9`, and the health rows would not be found.
const [earliest, latest] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('8999-12-31T23:59:59.999Z')];
const iso = (ms: number): string => new Date(Math.min(Math.max(ms, earliest), latest)).toISOString();

/** One strongly consistent query answers whole: health rows start at `0` and end at `9`, so that every span meets them. */
export function readProvider(dynamo: DynamoDBClient, table: string): ReadProvider {
  return async (providerId, { start, end }) => {
    const intervals: Interval[] = [];
    const connections: ConnectionHealth[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: Index.busyByStart,
          ConsistentRead: true,
          KeyConditionExpression: 'provider_id = :provider AND #start < :to',
          FilterExpression: '#end > :from',
          ExpressionAttributeNames: { '#start': 'start', '#end': 'end' },
          ExpressionAttributeValues: { ':provider': { S: providerId }, ':to': { S: iso(end) }, ':from': { S: iso(start) } },
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) {
        if (item['row']?.S?.startsWith(healthPrefix)) connections.push(fromItem(item) as unknown as ConnectionHealth);
        // Health rows come first. What a connection that leaves still has here is nobody's busy time any more.
        else if (!connections.some(({ connection_id, state }) => state === 'disconnecting' && item['row']?.S?.startsWith(`${connection_id}#`))) intervals.push({ start: Date.parse(item['start']?.S ?? ''), end: Date.parse(item['end']?.S ?? '') });
      }
      from = page.LastEvaluatedKey;
    } while (from);
    return { intervals, connections };
  };
}
