// Which connection an account belongs to, in the connections table under `account#…`: read and written consistently, since the index by
// account lags. A Microsoft account belongs to one live connection in all, a Google account to one for each provider. Whose grant is dead, or who
// leaves, holds nothing: the next to consent takes the account over.
import { createHash } from 'node:crypto';
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../calendars/port.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { fromItem, toItem, unlessRefused } from '../platform/dynamo.ts';
import { makingTime } from '../platform/leaving-rows.ts';

/** The account's stable id at the calendar provider, hashed: nobody needs to know it. */
export const accountHash = (provider: CalendarProvider, stableId: string): string => createHash('sha256').update(JSON.stringify([provider, stableId])).digest('base64url');

export interface AccountOwner {
  readonly provider: CalendarProvider;
  readonly providerId: string;
  /** Hash, as on the connection. */
  readonly account: string;
}

/** The key of a claim. Whoever erases a connection may delete it; one that outlives its connection is taken over. */
export const claimKey = ({ provider, providerId, account }: AccountOwner): string =>
  provider === 'microsoft' ? `account#${account}` : `account#${account}#${createHash('sha256').update(providerId).digest('base64url').slice(0, 22)}`;

/** That of a connection. */
export const claimOf = ({ calendar_provider: provider, provider_id: providerId, account }: Connection): string => claimKey({ provider, providerId, account });

export type Claimed =
  /** To be made, under this id. */
  | { readonly outcome: 'new' }
  /** This provider has connected this account before. */
  | { readonly outcome: 'renews'; readonly connection: Connection }
  | { readonly outcome: 'taken' | 'busy' };

interface Claim {
  readonly held_by: string;
  readonly held_for: string;
  readonly claimed_at: number;
}

export interface ClaimParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly connections: Connections;
}

/** Claims the account for the connection that this provider has of it, else for one to be made under `connectionId`, unless a live one holds it. */
export async function claimAccount({ dynamo, table, connections }: ClaimParts, owner: AccountOwner, { connectionId, now }: { connectionId: string; now: number }): Promise<Claimed> {
  const key = claimKey(owner);
  const own = await connectionOf(connections, owner);
  const held: Claimed = own === undefined ? { outcome: 'new' } : { outcome: 'renews', connection: own };
  const put = (condition: string, values: Record<string, unknown> = {}): Promise<boolean> =>
    unlessRefused(
      dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: toItem({ connection_id: key, v: 1, held_by: own?.connection_id ?? connectionId, held_for: owner.providerId, claimed_at: now }),
          ConditionExpression: condition,
          ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: toItem(values) }),
        }),
      ),
    );
  if (await put('attribute_not_exists(connection_id)')) return held;
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: { connection_id: { S: key } }, ConsistentRead: true }));
  if (!Item) return { outcome: 'busy' };
  const claim = fromItem(Item) as unknown as Claim;
  const connection = await connections.get(claim.held_by);
  // Our own, where the answer to the first put was lost.
  if (claim.held_by === connectionId) return { outcome: 'new' };
  // Whose connection is not there yet is being made; after so long it never will be.
  if (connection === undefined && claim.claimed_at > now - makingTime) return { outcome: 'busy' };
  const same = connection?.provider_id === owner.providerId;
  if (connection && same && connection.state !== 'disconnecting') return { outcome: 'renews', connection };
  if (connection && !same && connection.state === 'active') return { outcome: 'taken' };
  return (await put('held_by = :gone AND claimed_at = :then', { ':gone': claim.held_by, ':then': claim.claimed_at })) ? held : { outcome: 'busy' };
}

/** The one that this provider has of the account already: its claim may have gone to another provider while its grant was dead. The index lags by less than that takes. */
async function connectionOf(connections: Connections, { providerId, account }: AccountOwner): Promise<Connection | undefined> {
  const found = await Promise.all((await connections.idsOfAccount(account)).map((id) => connections.get(id)));
  return found.find((one) => one?.provider_id === providerId && one.account === account && one.state !== 'disconnecting');
}
