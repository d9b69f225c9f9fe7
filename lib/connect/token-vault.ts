// Bearer tokens of connections: sealed at rest, refreshed before they expire, stored before they are used.
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CalendarError, type Session } from '../calendars/port.ts';
import { minutes, type Clock } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { unlessRefused } from '../platform/dynamo.ts';
import { parseKeyRing, type KeyRing } from '../platform/key-ring.ts';
import { parseJson } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import { seal, unseal, UnknownSealKey } from '../platform/seal.ts';
import type { Settings, SettingsSnapshot } from '../platform/settings.ts';
import type { Grant, RefreshGrant } from './oauth-clients.ts';

export interface VaultParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly connections: Connections;
  readonly settings: Settings;
  readonly refresh: RefreshGrant;
  readonly clock: Clock;
}

/** So long before its end a token is no longer handed out: longer than any lease. */
const refreshBefore = minutes(5);

/** Throws CalendarError `unavailable` where the ring is missing or damaged: unknown, never a dead grant. */
export function tokenRing(snapshot: SettingsSnapshot): KeyRing {
  try {
    return parseKeyRing(parseJson(snapshot.secret(Setting.tokenKeys) ?? ''));
  } catch {
    throw new CalendarError('unavailable', { reason: `${Setting.tokenKeys} is not known` });
  }
}

/** A record under a key that the ring lacks is unknown, to be retried: never a dead grant. */
function unsealed(snapshot: SettingsSnapshot, record: string, connectionId: string): string {
  try {
    return unseal(tokenRing(snapshot), record, connectionId);
  } catch (error) {
    if (error instanceof UnknownSealKey) throw new CalendarError('unavailable', { reason: error.message });
    throw error;
  }
}

/**
 * The tokens of one connection for the length of one run. Two runs may refresh at once: the store is conditional on the record that was
 * read, so the loser takes what the winner stored, and no newer refresh token is ever overwritten by an older one.
 */
export const tokenVault =
  (parts: VaultParts) =>
  (connection: Connection): Session['token'] => {
    let sealed = connection.tokens;
    let grant: Grant | undefined;
    let renewing: Promise<Grant> | undefined;

    const open = (snapshot: SettingsSnapshot): Grant => {
      if (sealed === undefined) throw new CalendarError('grant_dead', { reason: 'no tokens' });
      return JSON.parse(unsealed(snapshot, sealed, connection.connection_id)) as Grant;
    };

    /** What lies on the connection now, where that is not what we had: somebody else renewed it, or the person consented anew. */
    const newer = async (snapshot: SettingsSnapshot, had: string): Promise<Grant | undefined> => {
      const tokens = (await parts.connections.get(connection.connection_id))?.tokens;
      if (tokens === undefined) throw new CalendarError('unavailable', { reason: 'the connection is being erased' });
      if (tokens === had) return undefined;
      sealed = tokens;
      return open(snapshot);
    };

    const renewed = async (snapshot: SettingsSnapshot, old: Grant): Promise<Grant> => {
      const had = sealed ?? '';
      let fresh: Grant;
      try {
        fresh = await parts.refresh(connection.calendar_provider, old, snapshot);
      } catch (error) {
        // A dead grant may only be an old one: what has taken its place lives.
        const found = error instanceof CalendarError && error.kind === 'grant_dead' ? await newer(snapshot, had) : undefined;
        if (found) return found;
        throw error;
      }
      const record = seal(tokenRing(snapshot), JSON.stringify(fresh), { connectionId: connection.connection_id, now: parts.clock() });
      if (await store(parts, connection.connection_id, { before: had, after: record })) {
        sealed = record;
        return fresh;
      }
      return (await newer(snapshot, had)) ?? fresh;
    };

    return async (renew = false) => {
      const snapshot = await parts.settings.read();
      grant ??= open(snapshot);
      if (renew || grant.expires_at - parts.clock() < refreshBefore) {
        renewing ??= renewed(snapshot, grant).finally(() => (renewing = undefined));
        grant = await renewing;
      }
      return grant.access_token;
    };
  };

const store = ({ dynamo, table }: VaultParts, connectionId: string, { before, after }: { before: string; after: string }): Promise<boolean> =>
  unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: connectionId } },
        UpdateExpression: 'SET tokens = :after',
        ConditionExpression: 'tokens = :before',
        ExpressionAttributeValues: { ':after': { S: after }, ':before': { S: before } },
      }),
    ),
  );
