// Google's consent page: https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient
import { back, decisionOf, formPage, idToken, page, type Codes, type Decision } from '../consent.ts';
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import type { Credentials, OauthClient } from './credentials.ts';
import { refusal } from './oauth-routes.ts';
import type { Account, World } from './world.ts';

export interface ConsentWorld {
  readonly world: World;
  readonly credentials: Credentials;
  readonly codes: Codes<Account>;
  /** How long grants live, in seconds, as for apps in testing; unset: until revoked. */
  readonly grantSeconds: () => number | undefined;
}

const path = '/o/oauth2/v2/auth';
/** Shown on every consent: these two sign in and are not asked for. */
const signIn = new Set(['openid', 'email', 'profile']);

/** Answers GET and POST of the consent page; undefined for any other path. */
export function consentRoute(request: SimRequest, parts: ConsentWorld): SimResponse | undefined {
  if (request.path !== path || (request.method !== 'GET' && request.method !== 'POST')) return undefined;
  const decision = decisionOf(request);
  const { asked } = decision;
  const client = parts.credentials.client(asked.get('client_id') ?? '');
  if (client === undefined) return page(401, 'Error 401: invalid_client', '<p>The OAuth client was not found.</p>');
  if (!(client.redirectUris ?? []).includes(asked.get('redirect_uri') ?? '')) return page(400, 'Error 400: redirect_uri_mismatch', '<p>The redirect URI in the request does not match one of the client.</p>');
  const wrong = wrongIn(asked);
  if (wrong !== undefined) return page(400, 'Error 400: invalid_request', `<p>${wrong}</p>`);
  if (decision.decide === undefined) return asking(parts.world, asked);
  return decided(parts, { decision, client });
}

function wrongIn(asked: URLSearchParams): string | undefined {
  if (asked.get('response_type') !== 'code') return 'response_type must be code.';
  if ((asked.get('scope') ?? '') === '') return 'Missing required parameter: scope';
  const method = asked.get('code_challenge_method');
  return asked.get('code_challenge') !== null && method !== 'S256' ? 'code_challenge_method must be S256.' : undefined;
}

function asking({ accounts }: World, asked: URLSearchParams): SimResponse {
  const hint = asked.get('login_hint');
  const emails = [...accounts.keys()].sort((a, b) => Number(b === hint) - Number(a === hint));
  const boxes = scopesOf(asked).filter((scope) => !signIn.has(scope)).map((value) => ({ value, text: value }));
  return formPage({ title: 'Sign in with Google', action: path, query: asked, accounts: emails, boxes });
}

const scopesOf = (asked: URLSearchParams): string[] => (asked.get('scope') ?? '').split(' ').filter((scope) => scope !== '');

function decided({ world, credentials, codes }: ConsentWorld, { decision: { asked, decide, account, ticked }, client }: { decision: Decision; client: OauthClient }): SimResponse {
  const redirectUri = asked.get('redirect_uri') ?? '';
  const state = asked.get('state') ?? undefined;
  if (decide !== 'approve') return back(redirectUri, { error: 'access_denied', state });
  const person = world.accounts.get(account);
  if (person === undefined) return page(400, 'Choose an account', `<p>There is no account ${account === '' ? 'chosen' : 'of that name'}.</p>`);
  const granted = scopesOf(asked).filter((scope) => signIn.has(scope) || ticked === undefined || ticked.includes(scope));
  const before = asked.get('include_granted_scopes') === 'true' ? credentials.consented(person) : [];
  const scopes = [...new Set([...granted, ...before])];
  const code = codes.issue({
    account: person, clientId: client.clientId, redirectUri, scopes,
    challenge: asked.get('code_challenge') ?? undefined,
    nonce: asked.get('nonce') ?? undefined,
    offline: asked.get('access_type') === 'offline',
    insisted: (asked.get('prompt') ?? '').split(' ').includes('consent'),
  });
  return back(redirectUri, { state, code, scope: scopes.join(' ') });
}

/** POST /token with a code. */
export function redeem(form: URLSearchParams, client: OauthClient, { world, credentials, codes, grantSeconds }: ConsentWorld): SimResponse {
  const redeemed = codes.redeem(form.get('code') ?? '', { clientId: client.clientId, redirectUri: form.get('redirect_uri') ?? '', verifier: form.get('code_verifier') ?? '' });
  if (!redeemed.ok) {
    if (redeemed.why === 'redirect') return refusal(400, 'redirect_uri_mismatch', 'Bad Request');
    return refusal(400, 'invalid_grant', redeemed.why === 'verifier' ? 'Invalid code verifier.' : 'Malformed auth code.');
  }
  const { account, scopes, nonce, offline, insisted } = redeemed.of;
  const first = !credentials.hasGrant(account, client.clientId);
  const life = grantSeconds();
  const issued = credentials.consent(account, client.clientId, { scopes, refreshable: offline && (first || insisted), ...(life !== undefined && { endsAt: world.clock() + life * 1000 }) });
  const now = Math.floor(world.clock() / 1000);
  const claims = { iss: 'https://accounts.google.com', azp: client.clientId, aud: client.clientId, sub: account.sub, iat: now, exp: now + 3600, ...(nonce !== undefined && { nonce }) };
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: issued.accessToken,
      expires_in: credentials.accessTokenSeconds,
      ...(issued.refreshToken !== undefined && { refresh_token: issued.refreshToken, ...(life !== undefined && { refresh_token_expires_in: life }) }),
      scope: scopes.join(' '),
      token_type: 'Bearer',
      ...(scopes.includes('openid') && { id_token: idToken(claims, client.clientSecret) }),
    },
  };
}
