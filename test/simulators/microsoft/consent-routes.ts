// Entra's consent and admin consent pages: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
import { back, decisionOf, formPage, idToken, page, type CodeOf, type Codes, type Decision } from '../consent.ts';
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import type { Mailbox } from './mailbox.ts';
import type { World } from './world.ts';

export interface ConsentPages {
  readonly world: World;
  readonly codes: Codes<Mailbox>;
  /** Where consents of a client may come back to. */
  readonly redirects: ReadonlyMap<string, readonly string[]>;
  /** Tenants whose administrator allowed the app for everybody. */
  readonly allowedTenants: Set<string>;
}

/** Answers the two pages; undefined for any other path. */
export function consentRoute(request: SimRequest, pages: ConsentPages): SimResponse | undefined {
  if (request.method !== 'GET' && request.method !== 'POST') return undefined;
  const which = /^\/[^/]+\/(?:oauth2\/v2\.0\/(authorize)|v2\.0\/(adminconsent))$/u.exec(request.path);
  if (which === null) return undefined;
  const decision = decisionOf(request);
  const { asked } = decision;
  const redirects = pages.redirects.get(asked.get('client_id') ?? '');
  if (redirects === undefined) return page(400, 'Sign in', '<p>AADSTS700016: Application was not found in the directory.</p>');
  if (!redirects.includes(asked.get('redirect_uri') ?? '')) return page(400, 'Sign in', '<p>AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application.</p>');
  if (decision.decide === undefined) return formPage({ title: which[2] === undefined ? 'Permissions requested' : 'Permissions requested: accept for your organization', action: request.path, query: asked, accounts: emailsOf(pages.world, asked.get('login_hint')) });
  return which[2] === undefined ? authorized(pages, decision) : allowedByAdmin(pages, decision);
}

const emailsOf = ({ mailboxes }: World, hint: string | null): string[] => [...mailboxes.keys()].sort((a, b) => Number(b === hint) - Number(a === hint));

function authorized({ world, codes, allowedTenants }: ConsentPages, { asked, decide, account }: Decision): SimResponse {
  const redirectUri = asked.get('redirect_uri') ?? '';
  const state = asked.get('state') ?? undefined;
  const refuse = (error: string, code: number, text: string): SimResponse => back(redirectUri, { error, error_description: `AADSTS${code}: ${text}`, state });
  if (asked.get('response_type') !== 'code' || asked.get('response_mode') !== 'query') return refuse('invalid_request', 900144, "The request must contain 'response_type' and 'response_mode' as this server knows them.");
  if (asked.get('code_challenge') !== null && asked.get('code_challenge_method') !== 'S256') return refuse('invalid_request', 501481, 'The Code_Challenge_Method is not S256.');
  const mailbox = world.mailboxes.get(account);
  if (decide !== 'approve') return refuse('access_denied', 65004, 'User declined to consent to access the app.');
  if (mailbox === undefined) return page(400, 'Sign in', '<p>That account does not exist.</p>');
  if (!world.behaviour.usersMayConsent && !allowedTenants.has(mailbox.tid)) return refuse('access_denied', 90094, 'The grant requires admin permission.');
  const asks = (asked.get('scope') ?? '').split(' ');
  const code = codes.issue({
    account: mailbox, clientId: asked.get('client_id') ?? '', redirectUri, scopes: asks, insisted: false,
    challenge: asked.get('code_challenge') ?? undefined,
    nonce: asked.get('nonce') ?? undefined,
    offline: asks.includes('offline_access'),
  });
  return back(redirectUri, { code, state, session_state: 'a1b2c3' });
}

function allowedByAdmin({ world, allowedTenants }: ConsentPages, { asked, decide, account }: Decision): SimResponse {
  const redirectUri = asked.get('redirect_uri') ?? '';
  const state = asked.get('state') ?? undefined;
  const admin = world.mailboxes.get(account);
  if (decide !== 'approve' || admin === undefined) return back(redirectUri, { error: 'access_denied', error_description: 'AADSTS65004: The resource owner or authorization server denied the request.', admin_consent: 'True', state });
  allowedTenants.add(admin.tid);
  return back(redirectUri, { admin_consent: 'True', tenant: admin.tid, state, scope: asked.get('scope') ?? undefined });
}

/** The id token of a consent: who, in which tenant. */
export function identityOf(world: World, of: CodeOf<Mailbox>, secret: string): string {
  const now = Math.floor(world.clock() / 1000);
  const { tid, oid } = of.account;
  return idToken({ iss: `${world.url()}/${tid}/v2.0`, aud: of.clientId, tid, oid, sub: `pairwise-${oid}`, iat: now, nbf: now, exp: now + 3600, ver: '2.0', ...(of.nonce !== undefined && { nonce: of.nonce }) }, secret);
}
