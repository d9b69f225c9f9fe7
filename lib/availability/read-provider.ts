import { QueryCommand, type DynamoDBClient, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { healthAttributes, healthPrefix, type ConnectionHealth } from '../platform/busy-keys.ts';
import { fromItem, type Item } from '../platform/dynamo.ts';
import { Index } from '../platform/names.ts';
import type { Interval } from './intervals.ts';

/** What busy-intervals holds of a provider for a span: busy time, and how each connection stands. */
export interface ProviderBusy {
  /** As they are stored. */
  readonly intervals: readonly Interval<string>[];
  readonly connections: readonly ConnectionHealth[];
}
export type ReadProvider = (providerId: string, span: Interval) => Promise<ProviderBusy>;

// Rows are found by text: outside of these years an instant sorts before `0` or after `9`, and the health rows would not be found.
const [earliest, latest] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('8999-12-31T23:59:59.999Z')];
/** As instants are stored. */
export const storedInstant = (ms: number): string => new Date(Math.min(Math.max(ms, earliest), latest)).toISOString();

// An event's row has twice as many: to read them all takes the client longer than all that is done here.
const names = Object.fromEntries(['row', 'start', 'end', ...healthAttributes].map((name) => [`#${name}`, name]));

/** The query, without where a page begins: health rows start at `0` and end at `9`, so that every span meets them, before all else. */
export const busyQuery = (table: string, providerId: string, { start, end }: Interval): QueryCommandInput => ({
  TableName: table,
  IndexName: Index.busyByStart,
  ConsistentRead: true,
  KeyConditionExpression: 'provider_id = :provider AND #start < :to',
  FilterExpression: '#end > :from',
  ProjectionExpression: Object.keys(names).join(', '),
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: { ':provider': { S: providerId }, ':to': { S: storedInstant(end) }, ':from': { S: storedInstant(start) } },
});

/** One strongly consistent query answers whole. */
export function readProvider(dynamo: DynamoDBClient, table: string): ReadProvider {
  return async (providerId, span) => {
    const query = busyQuery(table, providerId, span);
    const intervals: Interval<string>[] = [];
    const connections: ConnectionHealth[] = [];
    const leaving: string[] = [];
    let from: Item | undefined;
    do {
      const page = await dynamo.send(new QueryCommand({ ...query, ...(from && { ExclusiveStartKey: from }) }));
      for (const item of page.Items ?? []) {
        const row = item['row']?.S ?? '';
        if (row.startsWith(healthPrefix)) {
          const health = fromItem(item) as unknown as ConnectionHealth;
          connections.push(health);
          if (health.state === 'disconnecting') leaving.push(`${health.connection_id}#`);
        }
        // What a connection that leaves still has here is nobody's busy time any more.
        else if (!leaving.some((prefix) => row.startsWith(prefix))) intervals.push({ start: item['start']?.S ?? '', end: item['end']?.S ?? '' });
      }
      from = page.LastEvaluatedKey;
    } while (from);
    return { intervals, connections };
  };
}
