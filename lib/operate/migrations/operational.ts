// The fourth migration: when each connection is first due, and how it fared of late. Due times are spread, so that a fleet that came over at
// once is not polled at once; what the system before had put off stays put off.
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createHash } from 'node:crypto';
import { hours, minutes } from '../../platform/clock.ts';
import { unlessRefused } from '../../platform/dynamo.ts';
import { updateExpression, type RowChange } from '../../platform/lease.ts';
import { carriedError } from './carried-error.ts';
import { exportFiles } from './export-file.ts';
import { readConnectionLine, type ConnectionLine } from './export-lines.ts';
import { useOf } from './live-use.ts';
import { isMarked } from './marks.ts';
import type { Ending, Line, Migration, MigrationParts, PassContext } from './migration.ts';

const name = 'operational';
const file = exportFiles.connections;
const spread = minutes(10);
/** Nothing that the system before put off waits longer than this. */
const longestBackoff = hours(1);

const placeOf = (connectionId: string): number => createHash('sha256').update(connectionId).digest().readUInt32BE(16) / 2 ** 32;

function changeOf({ id, backoff_until, error_count, last_error }: ConnectionLine, now: number): RowChange {
  const backoffUntil = typeof backoff_until === 'number' && backoff_until > now ? Math.min(backoff_until, now + longestBackoff) : undefined;
  const due = Math.round((backoffUntil ?? now) + spread * placeOf(id));
  return {
    backoffUntil,
    errorCount: error_count === 0 ? undefined : (error_count ?? undefined),
    lastError: typeof last_error === 'string' && last_error !== '' ? carriedError(last_error) : undefined,
    duePoll: due,
    dueAt: due,
    migrated: name,
  };
}

/** The `pull` row, unless it was used since. */
function change({ dynamo, tables }: MigrationParts, connectionId: string, row: RowChange, condition: string): Promise<boolean> {
  const { expression, names, values } = updateExpression(row);
  return unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables['sync-state'],
        Key: { connection_id: { S: connectionId }, part: { S: 'pull' } },
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...values, ':zero': { N: '0' } },
      }),
    ),
  );
}

/** What concerns the row of a line; else how the line ends. */
function onRow({ parts, dryRun }: PassContext, end: (row: ConnectionLine) => Promise<Ending>): (line: Line) => Promise<Ending> {
  const use = useOf(parts);
  return async ({ text }) => {
    const row = readConnectionLine(text);
    // Reported where connections are loaded.
    if ('bad' in row) return 'not_loaded';
    if (row.status === 'disconnected') return 'disconnected';
    if (dryRun) return 'loaded';
    const used = await use(row.id);
    return used === 'unused' ? end(row) : used === 'used' ? 'live' : 'not_loaded';
  };
}

async function stands({ dynamo, tables }: MigrationParts, connectionId: string): Promise<boolean> {
  const { Item = {} } = await dynamo.send(new GetItemCommand({ TableName: tables['sync-state'], Key: { connection_id: { S: connectionId }, part: { S: 'pull' } }, ConsistentRead: true }));
  return isMarked(Item, name) && Item['dueAt'] !== undefined && Item['dueShard'] !== undefined;
}

export const operational: Migration = {
  name,
  kind: 'import',
  async forward(context) {
    const { parts } = context;
    return { file, each: onRow(context, async (row) => ((await change(parts, row.id, changeOf(row, parts.clock()), 'fence = :zero')) ? 'loaded' : 'live')) };
  },
  verify: async (context) => ({ file, each: onRow(context, async ({ id }) => ((await stands(context.parts, id)) ? 'stands' : 'missing')) }),
  async rollback({ parts, dryRun }) {
    const use = useOf(parts);
    const before = { backoffUntil: undefined, errorCount: undefined, lastError: undefined, migrated: undefined };
    return {
      table: 'sync-state',
      async each(item) {
        const id = item['connection_id']?.S;
        if (!isMarked(item, name) || id === undefined) return undefined;
        if ((await use(id)) !== 'unused') return 'kept';
        const now = parts.clock();
        return dryRun || (await change(parts, id, { ...before, duePoll: now, dueAt: now }, 'fence = :zero')) ? 'removed' : 'kept';
      },
    };
  },
};
