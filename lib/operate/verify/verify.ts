// Walks the four tables, paced and consistent, and holds every row against every check of its table. Live traffic is met half way all the
// time: what seems broken is read again once it had time to be finished, and counts only if it is broken still.
import { GetItemCommand, QueryCommand, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { seconds } from '../../platform/clock.ts';
import { eachConcurrently } from '../../platform/concurrently.ts';
import { connections } from '../../platform/connections.ts';
import { fromItem, toItem } from '../../platform/dynamo.ts';
import { tableNames, type TableName } from '../../platform/names.ts';
import { bookingChecks } from './booking-checks.ts';
import { busyChecks } from './busy-checks.ts';
import type { Check, Look, Row } from './check.ts';
import { connectionChecks } from './connection-checks.ts';
import type { Finding, Verify, VerifyOptions, VerifyParts } from './finding.ts';

export const checks: readonly Check[] = [...bookingChecks, ...busyChecks, ...connectionChecks];

const keysOf: Readonly<Record<TableName, readonly string[]>> = {
  connections: ['connection_id'],
  'sync-state': ['connection_id', 'part'],
  'busy-intervals': ['provider_id', 'row'],
  'booking-events': ['booking_id', 'part'],
};
const pageSize = 100;
const mostSamples = 10;
const atOnce = 10;

/** One finding for each check, those without violations too. */
export const verify: Verify = async (parts, options = {}) => {
  const found = new Map(checks.map(({ name }) => [name, { violations: 0, samples: [] as string[] }]));
  for (const table of tableNames) {
    for await (const { check, id } of violationsIn(table, parts, options)) {
      const finding = found.get(check.name);
      if (!finding) continue;
      finding.violations += 1;
      if (finding.samples.length < mostSamples) finding.samples.push(id);
    }
  }
  return checks.map(({ name, holds }): Finding => ({ check: name, holds, violations: 0, samples: [], ...found.get(name) }));
};

interface Violation {
  readonly check: Check;
  readonly id: string;
}

async function* violationsIn(table: TableName, parts: VerifyParts, { progress, signal }: VerifyOptions): AsyncGenerator<Violation> {
  const mine = checks.filter(({ tables }) => tables.includes(table));
  let after: Record<string, AttributeValue> | undefined;
  let items = 0;
  do {
    signal?.throwIfAborted();
    const startedAt = parts.clock();
    const limit = Math.max(1, Math.min(pageSize, parts.perSecond));
    const page = await parts.dynamo.send(new ScanCommand({ TableName: parts.tables[table], Limit: limit, ConsistentRead: true, ...(after && { ExclusiveStartKey: after }) }));
    const rows = (page.Items ?? []).map(fromItem);
    const suspects = await brokenOf(rows.flatMap((row) => mine.map((check) => ({ check, row }))), lookWith(parts));
    if (suspects.length > 0) yield* await confirmed(parts, table, suspects);
    items += rows.length;
    progress?.({ table, items });
    after = page.LastEvaluatedKey;
    const rest = seconds(rows.length / parts.perSecond) - (parts.clock() - startedAt);
    if (after && rest > 0) await parts.wait(rest);
  } while (after);
}

interface Suspect {
  readonly check: Check;
  readonly row: Row;
}

async function brokenOf(suspects: readonly Suspect[], look: Look): Promise<Suspect[]> {
  const broken = new Set<Suspect>();
  await eachConcurrently(suspects, atOnce, async (suspect) => void ((await suspect.check.broken(suspect.row, look)) && broken.add(suspect)));
  return suspects.filter((suspect) => broken.has(suspect));
}

/** Once more, with everything read anew. */
async function confirmed(parts: VerifyParts, table: TableName, suspects: readonly Suspect[]): Promise<Violation[]> {
  await parts.wait(parts.settleMs ?? seconds(2));
  const look = lookWith(parts);
  const now: Suspect[] = [];
  for (const { check, row } of suspects) {
    const fresh = await look.get(table, keyOf(table, row));
    if (fresh) now.push({ check, row: fresh });
  }
  return (await brokenOf(now, look)).map(({ check, row }) => ({ check, id: Object.values(keyOf(table, row)).join(' ') }));
}

const keyOf = (table: TableName, row: Row): Record<string, string> => Object.fromEntries(keysOf[table].map((name) => [name, String(row[name])]));

/** What a page needs beside itself is read once for the page. */
function lookWith({ dynamo, tables, clock }: VerifyParts): Look {
  const kept = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const asked = (kept.get(key) as Promise<T> | undefined) ?? ask();
    kept.set(key, asked);
    return asked;
  };
  const known = connections(dynamo, tables.connections);
  return {
    now: clock(),
    connection: (id) => once(`connection ${id}`, () => (id === '' ? Promise.resolve(undefined) : known.get(id))),
    get: (table, key) =>
      once(`${table} ${JSON.stringify(key)}`, async () => {
        if (Object.values(key).includes('')) return undefined;
        const { Item } = await dynamo.send(new GetItemCommand({ TableName: tables[table], Key: toItem(key), ConsistentRead: true }));
        return Item && fromItem(Item);
      }),
    booking: (id) =>
      once(`booking ${id}`, async () => {
        const { Items = [] } = await dynamo.send(new QueryCommand({ TableName: tables['booking-events'], ConsistentRead: true, KeyConditionExpression: 'booking_id = :id', ExpressionAttributeValues: { ':id': { S: id } } }));
        return Items.map(fromItem);
      }),
  };
}
