// The first migration: connections with sealed tokens, and all the rows that a connection has. Each is dirty and due, without cursor or watch:
// once sync is on, its first pull makes the watches and lists everything; until then what it leaves free is unknown.
import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { calendarKey } from '../../calendars/calendar-key.ts';
import { healthRow } from '../../platform/busy-keys.ts';
import type { Connection } from '../../platform/connections.ts';
import { fromItem, toItem, unlessRefused } from '../../platform/dynamo.ts';
import { exportFiles } from './export-file.ts';
import { readConnectionLine, type ConnectionLine } from './export-lines.ts';
import { useOf, type MigratedConnection } from './live-use.ts';
import { isMarked, markOf, metBefore } from './marks.ts';
import { SeenLines } from './seen-lines.ts';
import type { AccountOwner, Ending, Line, Migration, MigrationParts, PassContext, Source } from './migration.ts';

const name = 'foundations';
const otherAccount = { bad: 'its account is connected already, under another id' };
const file = exportFiles.connections;

const ownerOf = ({ calendar_provider: provider, provider_id: providerId, external_account_id: stableId }: ConnectionLine): AccountOwner => ({ provider, providerId, stableId });

async function load({ parts, dryRun, source, seen }: PassContext & { source: Source; seen: SeenLines }, line: Line): Promise<Ending> {
  const row = readConnectionLine(line.text);
  if ('bad' in row) return row;
  if (row.status === 'disconnected') return 'disconnected';
  const mark = markOf(name, source, line);
  const found = (await parts.connections.get(row.id)) as MigratedConnection | undefined;
  const met = found && metBefore(found, mark);
  if (met !== undefined && met !== 'loaded') return met;
  const end = hasGrant(row) ? 'loaded' : 'loaded_without_grant';
  if (met === 'loaded') return end;
  if (dryRun) return duplicateOf(seen, row, line) ?? end;
  const connection = { ...connectionOf(parts, row), ...mark, migrated_at: parts.clock() };
  if ((await parts.connect.claim(ownerOf(row), row.id)) === 'other') return otherAccount;
  await parts.connect.create(connection);
  return end;
}

const hasGrant = ({ refresh_token, status }: ConnectionLine): boolean => typeof refresh_token === 'string' && status !== 'reauthorization_required';

/** What a dry run finds of lines that say the same, or name the same account. */
function duplicateOf(seen: SeenLines, row: ConnectionLine, { number }: Line): Ending {
  const again = seen.meet(row.id, number);
  if (typeof again !== 'string') return again;
  // A Microsoft account belongs to one connection in all, a Google account to one for each professional.
  const account = JSON.stringify([row.calendar_provider, row.external_account_id, row.calendar_provider === 'google' && row.provider_id]);
  return typeof seen.meet(account, number) === 'string' ? undefined : otherAccount;
}

/** Without a refresh token it can do nothing before the person consents again, but keeps its busy rows and events until then. */
function connectionOf({ connect, clock }: MigrationParts, row: ConnectionLine): Connection {
  const { id, refresh_token, access_token, token_expires_at, time_zone } = row;
  const alive = hasGrant(row);
  return {
    v: 1,
    connection_id: id,
    provider_id: row.provider_id,
    calendar_provider: row.calendar_provider,
    state: alive ? 'active' : 'reauthorization_required',
    account: connect.accountOf(ownerOf(row)),
    scopes: row.scopes ?? [],
    ...(alive && { tokens: connect.seal(id, { access_token: access_token ?? '', expires_at: typeof access_token === 'string' ? (token_expires_at ?? 0) : 0, refresh_token: refresh_token ?? '' }) }),
    ...(!alive && { dead_at: clock() }),
    ...(typeof time_zone === 'string' && { zone: time_zone }),
    calendars: [{ id: row.calendar_id, key: calendarKey(row.calendar_id), blocks: true, receives: true }],
    watches: [],
    adopts: 1,
    created_at: row.created_at,
    granted_at: Math.min(row.created_at, clock()),
  };
}

async function stands({ parts }: PassContext, line: Line): Promise<Ending> {
  const row = readConnectionLine(line.text);
  if ('bad' in row) return row;
  if (row.status === 'disconnected') return 'disconnected';
  const found = await parts.connections.get(row.id);
  if (found) return found.tokens === undefined && found.state === 'active' ? 'missing' : 'stands';
  const others = await parts.connections.idsOfAccount(parts.connect.accountOf(ownerOf(row)));
  return others.length > 0 ? otherAccount : 'missing';
}

/** From here on nobody can consent to it anew, nor use it. False: somebody has, just now. */
function closed({ dynamo, tables }: MigrationParts, { connection_id, migrated_at }: MigratedConnection): Promise<boolean> {
  return unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.connections,
        Key: { connection_id: { S: connection_id } },
        UpdateExpression: 'SET #state = :leaving, rolling_back = :one',
        ConditionExpression: 'migrated = :name AND granted_at <= :at AND (#state <> :leaving OR rolling_back = :one)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: toItem({ ':leaving': 'disconnecting', ':one': 1, ':name': name, ':at': migrated_at }),
      }),
    ),
  );
}

/** The connection itself goes last: what died half way is found again by it. */
async function remove(parts: MigrationParts, found: MigratedConnection): Promise<Ending> {
  const { connection_id: id, provider_id } = found;
  const { tables, dynamo } = parts;
  if (!(await closed(parts, found))) return 'kept';
  const drop = async (table: string, key: Record<string, string>): Promise<void> => void (await dynamo.send(new DeleteItemCommand({ TableName: table, Key: toItem(key) })));
  for (const part of ['pull', 'push', 'inbox', 'leave']) await drop(tables['sync-state'], { connection_id: id, part });
  await drop(tables['busy-intervals'], { provider_id, row: healthRow(id) });
  await parts.connect.unclaim(found);
  await drop(tables.connections, { connection_id: id });
  return 'removed';
}

export const foundations: Migration = {
  name,
  kind: 'import',
  // One at a time: two lines of one account would claim it at once.
  async forward(context) {
    const seen = new SeenLines();
    return { file, atOnce: 1, each: (line: Line) => load({ ...withSource(context), seen }, line) };
  },
  verify: async (context) => ({ file, each: (line: Line) => stands(context, line) }),
  async rollback({ parts, dryRun }) {
    const use = useOf(parts);
    return {
      table: 'connections',
      async each(item) {
        if (!isMarked(item, name)) return undefined;
        const found = fromItem(item) as unknown as MigratedConnection;
        if ((await use(found.connection_id)) === 'used') return 'kept';
        return dryRun ? 'removed' : remove(parts, found);
      },
    };
  },
};

export function withSource(context: PassContext): PassContext & { source: Source } {
  const { source } = context;
  if (source === undefined) throw new Error('An import needs an export.');
  return { ...context, source };
}
