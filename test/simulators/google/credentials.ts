// OAuth clients, grants and tokens of one Google Cloud project.
import type { Account, World } from './world.ts';
import { ControlError } from './world.ts';

export interface OauthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where consents may come back to; none unless given. */
  readonly redirectUris?: readonly string[];
}

interface Grant {
  readonly account: Account;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** It ends by itself. */
  readonly endsAt?: number;
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
  /** A consent through the page: without a refresh token where the account gave one before and was not asked anew. */
  consent(account: Account, clientId: string, how: { scopes: readonly string[]; refreshable: boolean; endsAt?: number }): { accessToken: string; refreshToken?: string };
  /** What the account has granted to the project so far. */
  consented(account: Account): readonly string[];
  hasGrant(account: Account, clientId: string): boolean;
  /** Every token ever given out, for those who look where they might have leaked to. */
  readonly issued: readonly string[];
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
  const issued: string[] = [];
  const consents = new Map<Account, Set<string>>();
  const issue = (grant: Grant, refreshToken: string): AccessToken => {
    const access = { ...grant, token: `ya29.${world.id(40)}`, refreshToken, expiresAt: world.clock() + accessTokenSeconds * 1000 };
    tokens.set(access.token, access);
    issued.push(access.token);
    return access;
  };
  const check = (token: string): AccessToken | undefined => {
    const access = tokens.get(token);
    return access !== undefined && access.expiresAt > world.clock() ? access : undefined;
  };
  const live = (refreshToken: string): Grant | undefined => {
    const grant = grants.get(refreshToken);
    return grant?.endsAt !== undefined && grant.endsAt <= world.clock() ? undefined : grant;
  };
  const keep = (grant: Grant): string => {
    const refreshToken = `1//${world.id(60)}`;
    grants.set(refreshToken, grant);
    issued.push(refreshToken);
    for (const old of surplus(shelf, grant)) drop(shelf, old);
    return refreshToken;
  };
  const remember = ({ account, scopes }: Pick<Grant, 'account' | 'scopes'>): void => {
    consents.set(account, new Set([...(consents.get(account) ?? []), ...scopes]));
  };
  const ofAccount = (account: Account, clientId: string): string | undefined => [...grants].findLast(([token, grant]) => grant.account === account && grant.clientId === clientId && live(token) !== undefined)?.[0];
  return {
    ...clientBook(),
    accessTokenSeconds,
    check,
    issued,
    grant: (account, clientId, scopes) => {
      const grant = { account, clientId, scopes };
      const refreshToken = keep(grant);
      remember(grant);
      const { token, expiresAt } = issue(grant, refreshToken);
      return { refreshToken, accessToken: token, expiresAt };
    },
    consent: (account, clientId, { scopes, refreshable, endsAt }) => {
      const grant = { account, clientId, scopes, ...(endsAt !== undefined && { endsAt }) };
      const refreshToken = refreshable ? keep(grant) : undefined;
      remember(grant);
      const { token } = issue(grant, refreshToken ?? ofAccount(account, clientId) ?? '');
      return { accessToken: token, ...(refreshToken !== undefined && { refreshToken }) };
    },
    consented: (account) => [...(consents.get(account) ?? [])],
    hasGrant: (account, clientId) => ofAccount(account, clientId) !== undefined,
    refreshGrant: live,
    renew: (refreshToken) => {
      const grant = live(refreshToken);
      return grant === undefined ? undefined : issue(grant, refreshToken);
    },
    holder: (token) => (live(token) ?? check(token))?.account,
    revoke: (account) => {
      consents.delete(account);
      for (const [refreshToken, grant] of grants) if (grant.account === account) drop(shelf, refreshToken);
      for (const [token, access] of tokens) if (access.account === account) tokens.delete(token);
    },
    expireAccessTokens: (account) => {
      for (const [token, access] of tokens) if (account === undefined || access.account === account) tokens.delete(token);
    },
  };
}
