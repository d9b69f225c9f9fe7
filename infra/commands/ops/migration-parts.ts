// What migrations are made of. Rooms don't import each other, so that what belongs to connections and bookings is lent to them here.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { accountHash, claimAccount, claimKey } from '../../../lib/connect/account-claims.ts';
import { createConnection } from '../../../lib/connect/create-connection.ts';
import type { Grant } from '../../../lib/connect/oauth-clients.ts';
import { tokenRing } from '../../../lib/connect/token-vault.ts';
import type { AccountOwner, ConnectRoom, MigrationParts } from '../../../lib/operate/migrations/migration.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { unlessRefused } from '../../../lib/platform/dynamo.ts';
import { Setting, type TableName } from '../../../lib/platform/names.ts';
import { seal } from '../../../lib/platform/seal.ts';
import { settings, type Settings, type SettingsSnapshot } from '../../../lib/platform/settings.ts';

export interface MigrationPlace {
  readonly dynamo: DynamoDBClient;
  readonly tables: Readonly<Record<TableName, string>>;
  readonly settings: Settings;
  readonly clock: () => number;
  readonly perSecond: number;
  /** For tests; a run names itself, and really waits. */
  readonly holder?: string;
  readonly wait?: (ms: number) => Promise<void>;
}

/** The gate and the ring, as a stage has them. */
export const migrationSettings = ({ ssm, settingsPath: path }: { readonly ssm: SSMClient; readonly settingsPath: string }, clock: () => number): Settings =>
  settings({ ssm, path, names: [Setting.syncEnabled, Setting.tokenKeys], clock });

/** Nobody is rung for: sync is off, and upkeep rings once it is on. */
const silent = { send: async () => undefined, sendAll: async () => undefined };

export async function migrationParts({ dynamo, tables, settings: gates, clock, perSecond, holder = randomUUID(), wait: pause = async (ms) => void (await wait(ms)) }: MigrationPlace): Promise<MigrationParts> {
  const known = connections(dynamo, tables.connections);
  const ours = bookings(dynamo, tables['booking-events']);
  const snapshot = await gates.read();
  return {
    dynamo, tables, clock, perSecond, holder,
    connections: known,
    settings: gates,
    wait: pause,
    markBooking: (bookingId) => ours.mark(bookingId, clock()),
    connect: connectRoom({ dynamo, tables, clock, snapshot }, known),
  };
}

function connectRoom({ dynamo, tables, clock, snapshot }: Pick<MigrationPlace, 'dynamo' | 'tables' | 'clock'> & { readonly snapshot: SettingsSnapshot }, known: ReturnType<typeof connections>): ConnectRoom {
  const names = { connections: tables.connections, syncState: tables['sync-state'], busyIntervals: tables['busy-intervals'] };
  const accountOf = ({ provider, stableId }: AccountOwner): string => accountHash(provider, stableId);
  return {
    accountOf,
    async claim(owner, connectionId) {
      const claimed = await claimAccount({ dynamo, table: tables.connections, connections: known }, { provider: owner.provider, providerId: owner.providerId, account: accountOf(owner) }, { connectionId, now: clock() });
      return claimed.outcome === 'new' ? 'claimed' : 'other';
    },
    async unclaim({ connection_id, calendar_provider: provider, provider_id: providerId, account }) {
      const claim = { connection_id: { S: claimKey({ provider, providerId, account }) } };
      await unlessRefused(dynamo.send(new DeleteItemCommand({ TableName: names.connections, Key: claim, ConditionExpression: 'held_by = :id', ExpressionAttributeValues: { ':id': { S: connection_id } } })));
    },
    create: (connection) => createConnection({ dynamo, tables: names, hints: silent, clock }, connection),
    seal: (connectionId, grant: Grant) => seal(tokenRing(snapshot), JSON.stringify(grant), { connectionId, now: clock() }),
  };
}
