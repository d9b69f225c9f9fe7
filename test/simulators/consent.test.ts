import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { days } from '../../lib/platform/clock.ts';
import { browser, type Shown } from '../support/browser.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { startGoogleSimulator, type GoogleSimulator } from './google/simulator.ts';
import { startMicrosoftSimulator, type MicrosoftSimulator } from './microsoft/simulator.ts';

const redirect = 'http://127.0.0.1:9/back';
const client = { clientId: 'app', clientSecret: 'hush', redirectUris: [redirect] };
const verifier = 'v'.repeat(43);
const email = 'dana@example.com';
let now = Date.parse('2026-03-01T00:00:00Z');
let google: GoogleSimulator;
let microsoft: MicrosoftSimulator;
beforeAll(async () => {
  const clock = (): number => now;
  [google, microsoft] = await Promise.all([startGoogleSimulator({ clock, random: seededRandom(1) }), startMicrosoftSimulator({ clock, random: seededRandom(2) })]);
  google.addClient(client);
  microsoft.addClient(client);
  google.addPerson({ email });
  microsoft.addAccount({ email });
});
afterAll(async () => void (await Promise.all([google.close(), microsoft.close()])));

type Provider = 'google' | 'microsoft';
const asks = {
  google: { page: '/o/oauth2/v2/auth', token: '/token', scope: 'openid https://www.googleapis.com/auth/calendar.events', more: { access_type: 'offline' } },
  microsoft: { page: '/common/oauth2/v2.0/authorize', token: '/common/oauth2/v2.0/token', scope: 'openid offline_access Calendars.ReadWrite', more: { response_mode: 'query' } },
} as const;
const rootOf = (provider: Provider): string => (provider === 'google' ? google.oauthUrl : microsoft.loginUrl);

const open = (provider: Provider, over: Record<string, string> = {}): Promise<Shown> => {
  const { page, scope, more } = asks[provider];
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = { client_id: 'app', redirect_uri: redirect, response_type: 'code', scope, state: 's', nonce: 'n', code_challenge: challenge, code_challenge_method: 'S256', sim_decide: 'approve', sim_account: email, ...more, ...over };
  return browser().get(`${rootOf(provider)}${page}?${new URLSearchParams(query).toString()}`);
};
const answered = (shown: Shown): Record<string, string> => Object.fromEntries(new URL(shown.headers.get('location') ?? '').searchParams);
const codeOf = async (provider: Provider, over?: Record<string, string>): Promise<string> => answered(await open(provider, over))['code'] ?? '';

async function post(provider: Provider, form: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(rootOf(provider) + asks[provider].token, { method: 'POST', body: new URLSearchParams({ client_id: 'app', client_secret: 'hush', ...form }) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const redeem = (provider: Provider, code: string, over: Record<string, string> = {}) => post(provider, { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier, ...over });
const refresh = (provider: Provider, token: unknown) => post(provider, { grant_type: 'refresh_token', refresh_token: String(token) });

describe.each(['google', 'microsoft'] as const)('the consent page of %s', (provider) => {
  it('shows a form, and comes back with the state and a code or a refusal', async () => {
    const at = browser();
    const shown = await at.get((await open(provider)).url.replace('&sim_decide=approve', ''));
    expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<form')]);
    expect(answered(await at.submit(shown, [['sim_decide', 'deny']]))).toMatchObject({ error: 'access_denied', state: 's' });
    expect(answered(await at.submit(shown, [['sim_decide', 'approve']]))).toMatchObject({ state: 's', code: expect.any(String) });
  });

  it.each([['an unknown client', { client_id: 'nobody' }], ['an address that is not exactly the registered one', { redirect_uri: `${redirect}/` }]])('stays where it is for %s', async (_what, over) => {
    const shown = await open(provider, over);
    expect([shown.status >= 400, shown.headers.get('location')]).toEqual([true, null]);
  });

  it('gives a code for one use, to who has its verifier and address, for ten minutes', async () => {
    const code = await codeOf(provider);
    const { status, body } = await redeem(provider, code);
    expect([status, Object.keys(body)]).toEqual([200, expect.arrayContaining(['access_token', 'refresh_token', 'id_token', 'scope', 'expires_in'])]);
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ aud: 'app', nonce: 'n' });
    expect((await redeem(provider, code)).body['error']).toBe('invalid_grant');
    for (const over of [{ code_verifier: 'w'.repeat(43) }, { redirect_uri: `${redirect}/x` }, { client_secret: 'guess' }]) {
      expect((await redeem(provider, await codeOf(provider), over)).status).toBeGreaterThanOrEqual(400);
    }
    const old = await codeOf(provider);
    now += 10 * 60_000;
    expect((await redeem(provider, old)).body['error']).toBe('invalid_grant');
  });
});

describe('the simulated Google', () => {
  it('gives a refresh token on the first consent, then only to who insists; a revocation makes it the first again', async () => {
    const tokens = async (over?: Record<string, string>): Promise<boolean> => 'refresh_token' in (await redeem('google', await codeOf('google', over))).body;
    google.revoke(email);
    expect([await tokens({ access_type: 'online' }), await tokens(), await tokens(), await tokens({ prompt: 'consent' })]).toEqual([false, true, false, true]);
    google.revoke(email);
    expect(await tokens()).toBe(true);
  });

  it('grants what was ticked, and what was granted before where that is asked for', async () => {
    google.revoke(email);
    const scopes = async (over: Record<string, string>): Promise<unknown> => (await redeem('google', await codeOf('google', over))).body['scope'];
    expect(await scopes({ sim_untick: 'calendar.events' })).toBe('openid');
    await scopes({});
    expect(await scopes({ sim_untick: 'calendar.events', include_granted_scopes: 'true' })).toContain('calendar.events');
  });

  it('in testing mode says when it ends a grant, and ends it', async () => {
    google.manners.grantSeconds = 604_799;
    const { body } = await redeem('google', await codeOf('google', { prompt: 'consent' }));
    delete google.manners.grantSeconds;
    expect(body['refresh_token_expires_in']).toBe(604_799);
    expect((await refresh('google', body['refresh_token'])).status).toBe(200);
    now += days(7);
    expect((await refresh('google', body['refresh_token'])).body['error']).toBe('invalid_grant');
  });
});

describe('the simulated Entra', () => {
  it('lets nobody consent where an administrator must, until one did', async () => {
    microsoft.behaviour.usersMayConsent = false;
    expect(answered(await open('microsoft'))).toMatchObject({ error: 'access_denied', error_description: expect.stringContaining('AADSTS90094'), state: 's' });
    const query = new URLSearchParams({ client_id: 'app', redirect_uri: redirect, state: 'admin', sim_decide: 'approve', sim_account: email });
    expect(answered(await browser().get(`${microsoft.loginUrl}/organizations/v2.0/adminconsent?${query.toString()}`))).toMatchObject({ admin_consent: 'True', state: 'admin' });
    expect(answered(await open('microsoft'))).toMatchObject({ code: expect.any(String) });
    microsoft.behaviour.usersMayConsent = true;
  });

  it('ends a refresh token after ninety days, however it was used', async () => {
    const { body } = await redeem('microsoft', await codeOf('microsoft'));
    now += days(90);
    expect((await refresh('microsoft', body['refresh_token'])).body).toMatchObject({ error: 'invalid_grant', error_codes: [700082] });
  });
});
