// A grant becomes a connection: made anew, or renewed where this provider has connected the account before.
import { QueryCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { calendarKey } from '../calendars/calendar-key.ts';
import { healthRow } from '../platform/busy-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { toItem, unlessRefused } from '../platform/dynamo.ts';
import { lateAfter, lateDues } from '../platform/late-dues.ts';
import { leaveKey, leavingRows } from '../platform/leaving-rows.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { Index } from '../platform/names.ts';
import { seal } from '../platform/seal.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { dueShard, shardOf } from '../platform/shard.ts';
import { createConnection } from './create-connection.ts';
import type { FinishParts, Granted } from './finish-consent.ts';
import { tokenRing } from './token-vault.ts';
import type { Grant } from './oauth-clients.ts';

export interface KeepGrantParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly syncState: string; readonly busyIntervals: string };
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
}

/** Rung by `markDirty`. */
const later: Pick<HintQueue<InboundHint>, 'send' | 'sendAll'> = { send: async () => undefined, sendAll: async () => undefined };

export const keepGrant = (parts: KeepGrantParts): Pick<FinishParts, 'create' | 'renew' | 'markDirty' | 'accountInUse'> => ({
  async create(connectionId, granted, snapshot) {
    const now = parts.clock();
    const { owner, calendar } = granted;
    const connection: Connection = {
      v: 1,
      connection_id: connectionId,
      provider_id: owner.providerId,
      calendar_provider: owner.provider,
      state: 'active',
      account: owner.account,
      ...fromGrant(connectionId, granted, { snapshot, now }),
      calendars: [{ id: calendar.id, key: calendarKey(calendar.id), blocks: true, receives: true }],
      watches: [],
      created_at: now,
      granted_at: now,
    };
    await createConnection({ ...parts, hints: later }, connection);
    return connection;
  },
  renew: (connection, granted, snapshot) => renewed(parts, connection, { granted, snapshot }),
  markDirty: (connection) => markDirty(parts, connection, { relists: true }),
  async accountInUse(account) {
    const { Count = 0 } = await parts.dynamo.send(
      new QueryCommand({ TableName: parts.tables.connections, IndexName: Index.connectionsByAccount, KeyConditionExpression: 'account = :account', ExpressionAttributeValues: { ':account': { S: account } }, Limit: 1 }),
    );
    return Count > 0;
  },
});

type FromGrant = Pick<Connection, 'scopes'> & { readonly tokens: string; readonly zone?: string; readonly grant_ends_at?: number };

function fromGrant(connectionId: string, { answer, zone }: Granted, { snapshot, now }: { snapshot: SettingsSnapshot; now: number }): FromGrant {
  const grant: Grant = { access_token: answer.accessToken, expires_at: answer.expiresAt, refresh_token: answer.refreshToken };
  return {
    scopes: answer.scopes,
    tokens: seal(tokenRing(snapshot), JSON.stringify(grant), { connectionId, now }),
    ...(zone !== undefined && { zone }),
    ...(answer.grantEndsAt !== undefined && { grant_ends_at: answer.grantEndsAt }),
  };
}

/**
 * The new tokens and the state first, which lets workers call again; then what readers see. The look at it that is due before all this makes
 * good whatever a crash leaves undone. Undefined: it is being disconnected, or gone.
 */
async function renewed({ dynamo, tables, clock }: KeepGrantParts, connection: Connection, { granted, snapshot }: { granted: Granted; snapshot: SettingsSnapshot }): Promise<Connection | undefined> {
  const { connection_id: id, provider_id } = connection;
  const now = clock();
  await lateDues(dynamo, tables.syncState).ask(id, provider_id, now + lateAfter);
  await askForList(dynamo, tables.syncState, { id, now });
  const fresh = { ...fromGrant(id, granted, { snapshot, now }), state: 'active' as const, granted_at: now };
  const gone = fresh.grant_ends_at === undefined ? ' REMOVE grant_ends_at' : '';
  const { names, values, sets } = assignments(fresh);
  const kept = await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.connections,
        Key: { connection_id: { S: id } },
        UpdateExpression: `SET ${sets}${gone}`,
        ConditionExpression: 'attribute_exists(connection_id) AND #state <> :leaving',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...values, ':leaving': { S: 'disconnecting' } },
      }),
    ),
  );
  if (!kept) return undefined;
  await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.busyIntervals,
        Key: { provider_id: { S: provider_id }, row: { S: healthRow(id) } },
        UpdateExpression: 'SET #state = :active, granted_at = :now',
        ConditionExpression: 'attribute_exists(provider_id) AND #state <> :leaving',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':active': { S: 'active' }, ':now': { N: String(now) }, ':leaving': { S: 'disconnecting' } },
      }),
    ),
  );
  await leavingRows(dynamo, tables.syncState).made(leaveKey(id));
  const { grant_ends_at: _ended, ...before } = connection;
  return { ...before, ...fresh };
}

/** Before the grant is saved, so that whatever marks the connection after a crash lists it; a pull that began before does not take it away. */
const askForList = (dynamo: DynamoDBClient, table: string, { id, now }: { id: string; now: number }): Promise<boolean> =>
  unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: id }, part: { S: 'inbox' } },
        UpdateExpression: 'SET generation = generation + :one, listDue = :now',
        ConditionExpression: 'attribute_exists(connection_id)',
        ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(now) } },
      }),
    ),
  );

function assignments(change: Readonly<Record<string, unknown>>): { names: Record<string, string>; values: Record<string, AttributeValue>; sets: string } {
  const entries = Object.keys(change);
  return {
    names: Object.fromEntries(entries.map((name) => [`#${name}`, name])),
    values: toItem(Object.fromEntries(Object.entries(change).map(([name, value]) => [`:${name}`, value]))),
    sets: entries.map((name) => `#${name} = :${name}`).join(', '),
  };
}

type MarkParts = Pick<KeepGrantParts, 'dynamo' | 'hints' | 'clock'> & { readonly tables: Pick<KeepGrantParts['tables'], 'syncState'> };

/**
 * One pull now, which looks at the watches first, and polls from now on: a connection whose grant died rests, so that nothing of it is due for
 * half a day. `relists`: a complete list, which alone shows events of bookings that went to another provider while nothing could be removed.
 */
export async function markDirty({ dynamo, tables, hints, clock }: MarkParts, { connection_id: id }: Pick<Connection, 'connection_id'>, { relists = false } = {}): Promise<void> {
  const now = { N: String(clock()) };
  const row = (part: string) => ({ TableName: tables.syncState, Key: { connection_id: { S: id }, part: { S: part } }, ConditionExpression: 'attribute_exists(connection_id)' });
  await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        ...row('inbox'),
        UpdateExpression: `SET generation = generation + :one, watchDue = :now${relists ? ', listDue = :now' : ''}, dirtySince = if_not_exists(dirtySince, :now), dirtyShard = if_not_exists(dirtyShard, :shard)`,
        ExpressionAttributeValues: { ':one': { N: '1' }, ':now': now, ':shard': { S: shardOf(id) } },
      }),
    ),
  );
  await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        ...row('pull'),
        UpdateExpression: 'SET duePoll = :now, dueAt = :now, dueShard = :shard REMOVE backoffUntil, errorCount, lastError, watchFailures',
        ExpressionAttributeValues: { ':now': now, ':shard': { S: dueShard('jobs', id) } },
      }),
    ),
  );
  await hints.send({ v: 1, hint: 'pull', connection_id: id });
}
