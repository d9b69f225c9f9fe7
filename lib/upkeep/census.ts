import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connections, type Connection, type ConnectionState } from '../platform/connections.ts';
import type { WatchHealth } from '../platform/metric-catalog.ts';
import { Index, Metric } from '../platform/names.ts';
import { groupShards } from '../platform/shard.ts';
import type { Measure } from '../platform/telemetry.ts';
import { healthOfWatches } from '../platform/watched.ts';

const providers = ['google', 'microsoft'] as const;
type Watches = Readonly<Record<WatchHealth, number>>;

/** How all connections and watches stand. */
export interface Census {
  readonly states: Readonly<Record<ConnectionState | 'paused', number>>;
  readonly watches: Readonly<Record<(typeof providers)[number], Watches>>;
}

interface CensusParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string };
  readonly clock: () => number;
  /** Whether a gate lets this provider's calendars be read; absent: everybody's. */
  readonly admits?: (providerId: string) => boolean;
}

/**
 * Reads every connection, a hundred at a time, by the keys on the due index, which holds them all. Undefined where the time ended first:
 * half a count would look like half a fleet. 10,000 connections are 200 calls and about $1 a month, once an hour.
 */
export async function takeCensus({ dynamo, tables, clock, admits = () => true }: CensusParts, goOn: () => boolean): Promise<Census | undefined> {
  const known = connections(dynamo, tables.connections);
  const states = { active: 0, paused: 0, reauthorization_required: 0, disconnecting: 0 };
  const watches = { google: { live: 0, near_expiry: 0, missing: 0 }, microsoft: { live: 0, near_expiry: 0, missing: 0 } };
  for (const shard of (['sync', 'jobs', 'tight', 'any'] as const).flatMap(groupShards)) {
    let after: Record<string, AttributeValue> | undefined;
    do {
      if (!goOn()) return undefined;
      const page = await pageOf({ dynamo, table: tables.syncState, shard, after });
      for (const connection of await known.getAll(page.ids)) {
        const state = stateOf(connection);
        states[state] += 1;
        // Nobody looks after the others' watches.
        if (state === 'active' && admits(connection.provider_id)) for (const health of healthOfWatches(connection, clock())) watches[connection.calendar_provider][health] += 1;
      }
      after = page.after;
    } while (after);
  }
  return { states, watches };
}

const stateOf = (connection: Connection): ConnectionState | 'paused' => (connection.state === 'active' && connection.paused_at !== undefined ? 'paused' : connection.state);

async function pageOf({ dynamo, table, shard, after }: { dynamo: DynamoDBClient; table: string; shard: string; after: Record<string, AttributeValue> | undefined }): Promise<{ ids: string[]; after: Record<string, AttributeValue> | undefined }> {
  const { Items = [], LastEvaluatedKey } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      IndexName: Index.due,
      KeyConditionExpression: 'dueShard = :shard',
      ExpressionAttributeValues: { ':shard': { S: shard } },
      Limit: 100,
      ...(after && { ExclusiveStartKey: after }),
    }),
  );
  // A connection that leaves has its own row there, and may have its pull's too until that is gone: counted as the one or the other by its state.
  const ids = Items.flatMap((item) => (item['part']?.S === 'pull' ? (item['connection_id']?.S ?? []) : []));
  return { ids, after: LastEvaluatedKey };
}

/** Said again at every tick, so that the newest minute always shows how things stand. */
export function tellCensus({ states, watches }: Census, measure: Measure): void {
  for (const state of ['active', 'paused', 'reauthorization_required', 'disconnecting'] as const) measure(Metric.connections, states[state], { state });
  for (const calendar_provider of providers) {
    for (const health of ['live', 'near_expiry', 'missing'] as const) measure(Metric.watches, watches[calendar_provider][health], { calendar_provider, health });
  }
}
