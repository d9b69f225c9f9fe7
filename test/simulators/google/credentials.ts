// OAuth clients, grants and tokens of one Google Cloud project.
import type { Account, World } from './world.ts';
import { ControlError } from './world.ts';

export interface OauthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Grant {
  readonly account: Account;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

export interface AccessToken extends Grant {
  readonly token: string;
  readonly expiresAt: number;
  readonly refreshToken: string;
}

export interface IssuedTokens {
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly expiresAt: number;
}

export interface Credentials {
  readonly accessTokenSeconds: number;
  addClient(client: OauthClient): void;
  /** The client of that id; the one added last where none is named. */
  client(clientId?: string): OauthClient | undefined;
  /** A consent: a refresh token and its first access token. */
  grant(account: Account, clientId: string, scopes: readonly string[]): IssuedTokens;
  refreshGrant(refreshToken: string): Grant | undefined;
  renew(refreshToken: string): AccessToken | undefined;
  /** The token, if it is good now. */
  check(accessToken: string): AccessToken | undefined;
  /** The account of any live token, refresh or access. */
  holder(token: string): Account | undefined;
  /** Ends every token that the account ever gave to any client of the project. */
  revoke(account: Account): void;
  /** Ends access tokens only: the next call with one is a 401. */
  expireAccessTokens(account?: Account): void;
}

/** Google keeps no more per account and client: the oldest then dies without a word. */
const maxRefreshTokens = 100;

interface Shelf {
  readonly grants: Map<string, Grant>;
  readonly tokens: Map<string, AccessToken>;
}

function drop({ grants, tokens }: Shelf, refreshToken: string): void {
  grants.delete(refreshToken);
  for (const [token, access] of tokens) if (access.refreshToken === refreshToken) tokens.delete(token);
}

/** The oldest grants of one account to one client, where there are too many. */
const surplus = ({ grants }: Shelf, { account, clientId }: Grant): string[] => {
  const alike = [...grants].filter(([, other]) => other.account === account && other.clientId === clientId).map(([refreshToken]) => refreshToken);
  return alike.slice(0, Math.max(0, alike.length - maxRefreshTokens));
};

function clientBook(): Pick<Credentials, 'addClient' | 'client'> {
  const clients = new Map<string, OauthClient>();
  return {
    addClient: (client) => {
      if (!client.clientId || !client.clientSecret) throw new ControlError('A client needs clientId and clientSecret.');
      clients.delete(client.clientId);
      clients.set(client.clientId, client);
    },
    client: (clientId) => (clientId === undefined ? [...clients.values()].at(-1) : clients.get(clientId)),
  };
}

export function createCredentials(world: World, accessTokenSeconds: number): Credentials {
  const shelf: Shelf = { grants: new Map(), tokens: new Map() };
  const { grants, tokens } = shelf;
  const issue = (grant: Grant, refreshToken: string): AccessToken => {
    const access = { ...grant, token: `ya29.${world.id(40)}`, refreshToken, expiresAt: world.clock() + accessTokenSeconds * 1000 };
    tokens.set(access.token, access);
    return access;
  };
  const check = (token: string): AccessToken | undefined => {
    const access = tokens.get(token);
    return access !== undefined && access.expiresAt > world.clock() ? access : undefined;
  };
  return {
    ...clientBook(),
    accessTokenSeconds,
    check,
    grant: (account, clientId, scopes) => {
      const [refreshToken, grant] = [`1//${world.id(60)}`, { account, clientId, scopes }];
      grants.set(refreshToken, grant);
      for (const old of surplus(shelf, grant)) drop(shelf, old);
      const { token, expiresAt } = issue(grant, refreshToken);
      return { refreshToken, accessToken: token, expiresAt };
    },
    refreshGrant: (refreshToken) => grants.get(refreshToken),
    renew: (refreshToken) => {
      const grant = grants.get(refreshToken);
      return grant === undefined ? undefined : issue(grant, refreshToken);
    },
    holder: (token) => (grants.get(token) ?? check(token))?.account,
    revoke: (account) => {
      for (const [refreshToken, grant] of grants) if (grant.account === account) drop(shelf, refreshToken);
    },
    expireAccessTokens: (account) => {
      for (const [token, access] of tokens) if (account === undefined || access.account === account) tokens.delete(token);
    },
  };
}
