// The token endpoint of Entra, and the access tokens that it gives out.
import type { SimRequest, SimResponse } from '../simulator-server.ts';
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
  newRefreshToken(grant: Grant): string;
  newAccessToken(grant: Grant): { accessToken: string; expiresAt: number };
  /** Every refresh token that this mailbox has fails with this AADSTS code from now on; access tokens live on until they expire, unless they go too. */
  revoke(mailbox: Mailbox, how: { code: number; accessTokensToo: boolean }): void;
  /** Throws GraphFailure 401 for what is no live token. */
  authorize(authorization: string | undefined): AccessToken;
  /** POST /{tenant}/oauth2/v2.0/token */
  token(request: SimRequest): SimResponse;
}

/** The token service of one simulator. */
export function createEntra(world: World, accessTokenSeconds: number): Entra {
  const refreshTokens = new Map<string, Grant>();
  const accessTokens = new Map<string, AccessToken>();
  const dead = new Map<string, number>();
  const clients = new Map<string, string>();

  const entra: Entra = {
    clients,
    newRefreshToken: (grant) => {
      const token = `0.AXoA${hexDigits(world.random, 64)}.AgABAwEAAAApTwJmzXqd`;
      refreshTokens.set(token, grant);
      return token;
    },
    newAccessToken: (grant) => {
      const accessToken = `eyJ0eXAiOiJKV1QiLCJub25jZSI6Ii.${hexDigits(world.random, 80)}.${hexDigits(world.random, 40)}`;
      const expiresAt = world.clock() + accessTokenSeconds * 1000;
      accessTokens.set(accessToken, { ...grant, expiresAt, scopes: grant.mailbox.scopes });
      return { accessToken, expiresAt };
    },
    revoke: (mailbox, how) => {
      for (const [token, grant] of refreshTokens) if (grant.mailbox === mailbox) dead.set(token, how.code);
      if (!how.accessTokensToo) return;
      for (const [token, grant] of accessTokens) if (grant.mailbox === mailbox) accessTokens.delete(token);
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

interface Books {
  readonly world: World;
  readonly entra: Entra;
  readonly refreshTokens: ReadonlyMap<string, Grant>;
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
  if (form.get('grant_type') !== 'refresh_token') return refuse(400, 'unsupported_grant_type', [70003], 'The app requested an unsupported grant type.');
  const grant = refreshTokens.get(form.get('refresh_token') ?? '');
  if (grant === undefined || (grant.clientId !== undefined && grant.clientId !== form.get('client_id'))) return refuse(400, 'invalid_grant', [70000], 'The provided refresh token is invalid.');
  const code = dead.get(form.get('refresh_token') ?? '');
  if (code !== undefined) return refuse(400, 'invalid_grant', [code], reasons[code] ?? 'The grant is not usable.');
  const wanted = (form.get('scope') ?? '').split(' ').map(shortScope).filter((scope) => scope !== '' && !impliedScopes.has(scope));
  if (wanted.some((scope) => !grant.mailbox.scopes.includes(scope))) return refuse(400, 'invalid_grant', [65001], 'The user or administrator has not consented to use the application.');
  return granted(world, entra, grant);
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

/** The old refresh token stays good. Scopes come short or with their resource before them. */
function granted(world: World, entra: Entra, grant: Grant): SimResponse {
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
      refresh_token: entra.newRefreshToken(grant),
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
