// The token and revocation endpoints: https://developers.google.com/identity/protocols/oauth2/web-server
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import { redeem, type ConsentWorld } from './consent-routes.ts';
import type { Credentials } from './credentials.ts';

export const refusal = (status: number, error: string, description: string): SimResponse => ({ status, body: { error, error_description: description } });

/** Answers POST /token and /revoke; undefined for any other path. */
export function oauthRoute(request: SimRequest, parts: ConsentWorld): SimResponse | undefined {
  if (request.path !== '/token' && request.path !== '/revoke') return undefined;
  if (request.method !== 'POST') return { status: 404, body: 'Not Found' };
  const form = readForm(request);
  return request.path === '/token' ? token(form, parts) : revoke(form.get('token') ?? request.query.get('token') ?? '', parts.credentials);
}

const readForm = ({ headers, body }: SimRequest): URLSearchParams =>
  new URLSearchParams((headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded') ? body : '');

function token(form: URLSearchParams, parts: ConsentWorld): SimResponse {
  const { credentials } = parts;
  const grantType = form.get('grant_type');
  if (grantType === null) return refusal(400, 'invalid_request', 'Required parameter is missing: grant_type');
  if (grantType !== 'refresh_token' && grantType !== 'authorization_code') return refusal(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
  const clientId = form.get('client_id');
  if (clientId === null) return refusal(400, 'invalid_request', 'Could not determine client ID from request.');
  const client = credentials.client(clientId);
  if (client === undefined) return refusal(401, 'invalid_client', 'The OAuth client was not found.');
  if (form.get('client_secret') !== client.clientSecret) return refusal(401, 'invalid_client', 'Unauthorized');
  if (grantType === 'authorization_code') return redeem(form, client, parts);
  const refreshToken = form.get('refresh_token');
  if (refreshToken === null) return refusal(400, 'invalid_request', 'Missing required parameter: refresh_token');
  const grant = credentials.refreshGrant(refreshToken);
  const fresh = grant?.clientId === clientId ? credentials.renew(refreshToken) : undefined;
  if (fresh === undefined) return refusal(400, 'invalid_grant', 'Token has been expired or revoked.');
  // No refresh_token: the old one stays, and who overwrites it with nothing has lost it.
  const body = { access_token: fresh.token, expires_in: credentials.accessTokenSeconds, scope: fresh.scopes.join(' '), token_type: 'Bearer' };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

function revoke(given: string, credentials: Credentials): SimResponse {
  const account = credentials.holder(given);
  if (account === undefined) return refusal(400, 'invalid_token', 'Token expired or revoked');
  credentials.revoke(account);
  return { status: 200, body: {} };
}
