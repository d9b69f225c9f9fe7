// The token endpoint of Entra, and the access tokens that it gives out.
import { codeBook, type Codes } from '../consent.ts';
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import { identityOf } from './consent-routes.ts';
import { GraphFailure } from './graph-failure.ts';
import { guid, hexDigits } from './guid.ts';
import type { Mailbox } from './mailbox.ts';
import type { World } from './world.ts';

export interface Grant {
  readonly mailbox: Mailbox;
  /** The only client that may use it; any, where a test did not say. */
  readonly clientId?: string;
}

export interface AccessToken extends Grant {
  readonly expiresAt: number;
  readonly scopes: readonly string[];
}

export interface Entra {
  readonly clients: Map<string, string>;
  /** Where consents of a client may come back to. */
  readonly redirects: Map<string, readonly string[]>;
  readonly codes: Codes<Mailbox>;
  /** Every token ever given out, for those who look where they might have leaked to. */
  readonly issued: readonly string[];
  newRefreshToken(grant: Grant): string;
  newAccessToken(grant: Grant): { accessToken: string; expiresAt: number };
  /** Every refresh token that this mailbox has fails with this AADSTS code from now on; access tokens live on until they expire, unless they go too. */
  revoke(mailbox: Mailbox, how: { code: number; accessTokensToo: boolean }): void;
  /** Ends access tokens only, of one mailbox or of all. */
  expireAccessTokens(mailbox?: Mailbox): void;
  /** Throws GraphFailure 401 for what is no live token. */
  authorize(authorization: string | undefined): AccessToken;
  /** POST /{tenant}/oauth2/v2.0/token */
  token(request: SimRequest): SimResponse;
}

/** The token service of one simulator. */
export function createEntra(world: World, accessTokenSeconds: number): Entra {
  const refreshTokens = new Map<string, RefreshGrant>();
  const issued: string[] = [];
  const codes = codeBook<Mailbox>(world.clock, () => `0.AXoA${hexDigits(world.random, 80)}`);
  const accessTokens = new Map<string, AccessToken>();
  const dead = new Map<string, number>();
  const clients = new Map<string, string>();

  const entra: Entra = {
    clients,
    redirects: new Map(),
    codes,
    issued,
    newRefreshToken: (grant) => {
      const token = `0.AXoA${hexDigits(world.random, 64)}.AgABAwEAAAApTwJmzXqd`;
      refreshTokens.set(token, { ...grant, since: world.clock() });
      issued.push(token);
      return token;
    },
    newAccessToken: (grant) => {
      const accessToken = `eyJ0eXAiOiJKV1QiLCJub25jZSI6Ii.${hexDigits(world.random, 80)}.${hexDigits(world.random, 40)}`;
      const expiresAt = world.clock() + accessTokenSeconds * 1000;
      issued.push(accessToken);
      accessTokens.set(accessToken, { ...grant, expiresAt, scopes: grant.mailbox.scopes });
      return { accessToken, expiresAt };
    },
    revoke: (mailbox, how) => {
      for (const [token, grant] of refreshTokens) if (grant.mailbox === mailbox) dead.set(token, how.code);
      if (!how.accessTokensToo) return;
      for (const [token, grant] of accessTokens) if (grant.mailbox === mailbox) accessTokens.delete(token);
    },
    expireAccessTokens: (mailbox) => {
      for (const [token, grant] of accessTokens) if (mailbox === undefined || grant.mailbox === mailbox) accessTokens.delete(token);
    },
    authorize: (authorization) => {
      const token = /^Bearer (\S+)$/u.exec(authorization ?? '')?.[1];
      if (token === undefined) throw new GraphFailure(401, 'InvalidAuthenticationToken', 'Access token is empty.', challenge);
      const grant = accessTokens.get(token);
      if (grant === undefined) throw new GraphFailure(401, 'InvalidAuthenticationToken', 'IDX14100: JWT is not well formed.', challenge);
      if (grant.expiresAt <= world.clock()) throw new GraphFailure(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.', challenge);
      return grant;
    },
    token: (request) => answerToken({ world, entra, refreshTokens, dead }, request),
  };
  return entra;
}

interface RefreshGrant extends Grant {
  readonly since: number;
}

interface Books {
  readonly world: World;
  readonly entra: Entra;
  readonly refreshTokens: ReadonlyMap<string, RefreshGrant>;
  /** AADSTS code by revoked refresh token. */
  readonly dead: ReadonlyMap<string, number>;
}

function answerToken({ world, entra, refreshTokens, dead }: Books, request: SimRequest): SimResponse {
  const form = new URLSearchParams(request.body);
  const refuse = (status: number, error: string, codes: number[], description: string): SimResponse => tokenError(world, { status, error, codes, description });
  if (request.method !== 'POST') return refuse(400, 'invalid_request', [900561], 'The endpoint only accepts POST requests.');
  if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return refuse(400, 'invalid_request', [900144], "The request body must contain the following parameter: 'client_id'.");
  const secret = entra.clients.get(form.get('client_id') ?? '');
  if (secret === undefined) return refuse(400, 'unauthorized_client', [700016], 'Application was not found in the directory.');
  if (form.get('client_secret') !== secret) return refuse(401, 'invalid_client', [7000215], 'Invalid client secret provided.');
  if (form.get('grant_type') === 'authorization_code') return redeem({ world, entra, refuse }, form, secret);
  if (form.get('grant_type') !== 'refresh_token') return refuse(400, 'unsupported_grant_type', [70003], 'The app requested an unsupported grant type.');
  const grant = refreshTokens.get(form.get('refresh_token') ?? '');
  if (grant === undefined || (grant.clientId !== undefined && grant.clientId !== form.get('client_id'))) return refuse(400, 'invalid_grant', [70000], 'The provided refresh token is invalid.');
  if (grant.since + world.behaviour.refreshTokenDays * 86_400_000 <= world.clock()) return refuse(400, 'invalid_grant', [700082], reasons[700082] ?? '');
  const code = dead.get(form.get('refresh_token') ?? '');
  if (code !== undefined) return refuse(400, 'invalid_grant', [code], reasons[code] ?? 'The grant is not usable.');
  const wanted = (form.get('scope') ?? '').split(' ').map(shortScope).filter((scope) => scope !== '' && !impliedScopes.has(scope));
  if (wanted.some((scope) => !grant.mailbox.scopes.includes(scope))) return refuse(400, 'invalid_grant', [65001], 'The user or administrator has not consented to use the application.');
  return granted(world, entra, { grant, offline: true });
}

const challenge = { headers: { 'www-authenticate': 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"' } };
const impliedScopes = new Set(['offline_access', 'openid', 'profile', 'email', '.default']);
const shortScope = (scope: string): string => scope.replace(/^https:\/\/graph\.microsoft\.com\//iu, '');

const reasons: Readonly<Record<number, string>> = {
  50173: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
  700082: 'The refresh token has expired due to inactivity.',
  70008: 'The provided authorization code or refresh token has expired due to inactivity.',
  50057: 'The user account is disabled.',
  50076: 'Due to a configuration change made by your administrator, you must use multi-factor authentication.',
  53003: 'Access has been blocked by Conditional Access policies.',
};

interface Redeeming {
  readonly world: World;
  readonly entra: Entra;
  readonly refuse: (status: number, error: string, codes: number[], description: string) => SimResponse;
}

function redeem({ world, entra, refuse }: Redeeming, form: URLSearchParams, secret: string): SimResponse {
  const clientId = form.get('client_id') ?? '';
  const redeemed = entra.codes.redeem(form.get('code') ?? '', { clientId, redirectUri: form.get('redirect_uri') ?? '', verifier: form.get('code_verifier') ?? '' });
  if (redeemed.ok) return granted(world, entra, { grant: { mailbox: redeemed.of.account, clientId }, offline: redeemed.of.offline, identity: identityOf(world, redeemed.of, secret) });
  const { why } = redeemed;
  if (why === 'used') return refuse(400, 'invalid_grant', [54005], 'OAuth2 Authorization code was already redeemed, please retry with a new valid code.');
  if (why === 'redirect') return refuse(400, 'invalid_client', [500112], 'The reply address does not match the reply address of the authorization request.');
  if (why === 'verifier') return refuse(400, 'invalid_grant', [501481], 'The Code_Verifier does not match the code_challenge supplied in the authorization request.');
  return refuse(400, 'invalid_grant', [why === 'expired' ? 70008 : 70000], 'The provided authorization code is invalid or has expired.');
}

/** The old refresh token stays good. Scopes come short or with their resource before them. */
function granted(world: World, entra: Entra, { grant, offline, identity }: { grant: Grant; offline: boolean; identity?: string }): SimResponse {
  const { accessToken, expiresAt } = entra.newAccessToken(grant);
  const prefix = world.random() < 0.5 ? 'https://graph.microsoft.com/' : '';
  return {
    status: 200,
    headers: { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
    body: {
      token_type: 'Bearer',
      scope: grant.mailbox.scopes.map((scope) => `${prefix}${scope}`).join(' '),
      expires_in: Math.round((expiresAt - world.clock()) / 1000),
      ext_expires_in: Math.round((expiresAt - world.clock()) / 1000),
      access_token: accessToken,
      ...(offline && { refresh_token: entra.newRefreshToken(grant) }),
      ...(identity !== undefined && { id_token: identity }),
    },
  };
}

function tokenError(world: World, input: { status: number; error: string; codes: number[]; description: string }): SimResponse {
  const timestamp = `${new Date(world.clock()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const [trace, correlation] = [guid(world.random), guid(world.random)];
  return {
    status: input.status,
    body: {
      error: input.error,
      error_description: `AADSTS${input.codes[0]}: ${input.description} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: input.codes,
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${input.codes[0]}`,
    },
  };
}
