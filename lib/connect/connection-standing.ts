// How connections stand, for whoever wonders why one is not fresh: a few rows of each, read in batches. No text of the calendar provider's,
// no token, no key is among them.
import { BatchGetItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { healthRow } from '../platform/busy-keys.ts';
import type { Connection } from '../platform/connections.ts';
import { fromItem } from '../platform/dynamo.ts';

type Row = Readonly<Record<string, unknown>>;
type Key = Record<string, AttributeValue>;

export interface StandingTables {
  readonly syncState: string;
  readonly busyIntervals: string;
}

/** By connection id; instants in RFC 3339, null where there is none. */
export type Standing = ReturnType<typeof standing>;
export type ReadStandings = (connections: readonly Connection[]) => Promise<ReadonlyMap<string, Standing>>;

/** Four rows a connection: as many requests as there are hundreds of them. */
export function readStandings(dynamo: DynamoDBClient, { syncState, busyIntervals }: StandingTables): ReadStandings {
  return async (connections) => {
    const parts = connections.flatMap(({ connection_id }) => ['inbox', 'pull', 'push'].map((part) => ({ connection_id: { S: connection_id }, part: { S: part } })));
    const health = connections.map(({ connection_id, provider_id }) => ({ provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } }));
    const [rows, healths] = await Promise.all([readAll(dynamo, syncState, parts), readAll(dynamo, busyIntervals, health)]);
    const of = (id: string, part: string): Row => rows.find((row) => row['connection_id'] === id && row['part'] === part) ?? {};
    return new Map(connections.map(({ connection_id: id }) => [id, standing({ inbox: of(id, 'inbox'), pull: of(id, 'pull'), push: of(id, 'push'), health: healths.find((row) => row['connection_id'] === id) ?? {} })]));
  };
}

const at = (ms: unknown): string | null => (typeof ms === 'number' ? new Date(ms).toISOString() : null);
const dueNames = ['duePoll', 'dueRoll', 'dueTrailing', 'dueRelist', 'dueWatch', 'dueReminder'] as const;

function standing({ inbox, pull, push, health }: { inbox: Row; pull: Row; push: Row; health: Row }) {
  const dues = dueNames.flatMap((name) => (typeof pull[name] === 'number' ? [{ kind: name.slice(3).toLowerCase(), at: pull[name] }] : []));
  const next = dues.reduce<(typeof dues)[number] | undefined>((first, one) => (first === undefined || one.at < first.at ? one : first), undefined);
  return {
    last_complete_read: at(health['last_read']),
    window: { from: at(health['window_from']), to: at(health['window_to']) },
    unreadable: health['unreadable'] === true,
    dirty_since: at(inbox['dirtySince']),
    next_due: next === undefined ? null : { kind: next.kind, at: at(next.at) },
    notices_last_seen: at(pull['provenAt']),
    watch_failures: Number(pull['watchFailures'] ?? 0),
    reading: trouble(pull),
    writing: trouble(push),
  };
}

/** `last_error` was redacted before it was saved. */
const trouble = ({ errorCount, lastError, backoffUntil }: Row) => ({ error_count: Number(errorCount ?? 0), last_error: typeof lastError === 'string' ? lastError : null, backing_off_until: at(backoffUntil) });

async function readAll(dynamo: DynamoDBClient, table: string, keys: readonly Key[]): Promise<Row[]> {
  const found: Row[] = [];
  for (let left = [...keys]; left.length > 0; ) {
    const asked = left.slice(0, 100);
    const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } }));
    found.push(...(Responses?.[table] ?? []).map(fromItem));
    const unprocessed = (UnprocessedKeys?.[table]?.Keys ?? []) as Key[];
    if (unprocessed.length === asked.length) throw new Error(`${table} answered none of the keys asked.`);
    left = [...unprocessed, ...left.slice(100)];
  }
  return found;
}
