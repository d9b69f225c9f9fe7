// The consent of both providers against servers that are not ours: the emulators of the package `emulate`, https://emulate.dev
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator } from 'emulate';
import { readIdToken, type ConsentDialog } from '../../lib/calendars/consent.ts';
import { googleConsent } from '../../lib/calendars/google/consent.ts';
import { refreshGoogle } from '../../lib/calendars/google/oauth.ts';
import { microsoftConsent, microsoftScope } from '../../lib/calendars/microsoft/consent.ts';
import { refreshMicrosoft } from '../../lib/calendars/microsoft/oauth.ts';
import { browser } from '../support/browser.ts';

const redirectUri = 'http://127.0.0.1:9/connect/callback';
const client = { clientId: 'peer-client', clientSecret: 'peer~secret&more', redirectUri };
const email = 'ada@example.com';
/** The emulated Entra has no tenant in its paths: a dot is none. */
const noTenant = '.';
const signal = (): AbortSignal => AbortSignal.timeout(5000);

const peers = {
  google: {
    dialog: (url: string) => googleConsent({ client, clock: Date.now, consentUrl: url, oauthUrl: `${url}/oauth2` }),
    refresh: (url: string, refreshToken: string) => refreshGoogle({ ...client, tokenUrl: `${url}/oauth2/token`, refreshToken, clock: Date.now, signal: signal() }),
  },
  microsoft: {
    dialog: (url: string) => microsoftConsent({ client, clock: Date.now, loginUrl: url, tenant: noTenant }),
    refresh: (url: string, refreshToken: string) => refreshMicrosoft({ ...client, loginUrl: url, tenant: noTenant, refreshToken, scope: microsoftScope, clock: Date.now, signal: signal() }),
  },
} as const;

describe.each(['google', 'microsoft'] as const)('an independent server of %s', (service) => {
  let emulator: Emulator;
  let dialog: ConsentDialog;
  beforeAll(async () => {
    const seed = { users: [{ email, name: 'Ada' }], oauth_clients: [{ client_id: client.clientId, client_secret: client.clientSecret, name: 'Peer', redirect_uris: [redirectUri] }] };
    emulator = await createEmulator({ service, port: 0, seed: { [service]: seed } });
    dialog = peers[service].dialog(emulator.url);
  });
  afterAll(() => emulator.close());

  /** Opens the consent page and presses the button of the one account there. */
  async function agree(): Promise<{ back: URL; verifier: string; nonce: string }> {
    const [state, nonce, verifier] = ['s.1', 'n-1', randomBytes(32).toString('base64url')];
    const at = browser();
    const page = await at.get(dialog.url({ state, nonce, challenge: createHash('sha256').update(verifier).digest('base64url'), insist: true, loginHint: email }));
    expect(page.status).toBe(200);
    const { headers } = await at.submit(page, []);
    const back = new URL(headers.get('location') ?? '');
    expect([`${back.origin}${back.pathname}`, back.searchParams.get('state')]).toEqual([redirectUri, state]);
    return { back, verifier, nonce };
  }

  it('takes our request, our code and our PKCE verifier, and says who it was', async () => {
    const { back, verifier, nonce } = await agree();
    const answer = await dialog.exchange({ code: back.searchParams.get('code') ?? '', verifier, signal: signal() });
    expect([answer.refreshToken, dialog.missing(answer.scopes)]).toEqual([expect.any(String), []]);
    const claims = readIdToken(answer.idToken ?? '', { audience: client.clientId, nonce, now: Date.now() });
    expect(dialog.account(claims ?? {})).toEqual(expect.any(String));
    expect(readIdToken(answer.idToken ?? '', { audience: client.clientId, nonce: 'another', now: Date.now() })).toBeUndefined();
    expect(readIdToken(answer.idToken ?? '', { audience: 'another', nonce, now: Date.now() })).toBeUndefined();
    const fresh = await peers[service].refresh(emulator.url, answer.refreshToken ?? '');
    expect(fresh.accessToken).not.toBe(answer.accessToken);
    // Microsoft's peer gives another refresh token, Google's none: what we then hold must serve again.
    const again = await peers[service].refresh(emulator.url, fresh.refreshToken ?? answer.refreshToken ?? '');
    expect([again.accessToken === fresh.accessToken, fresh.refreshToken === undefined]).toEqual([false, service === 'google']);
  });

  it('refuses another verifier, and a code the second time; both mean a code that was not taken', async () => {
    const { back, verifier } = await agree();
    const code = back.searchParams.get('code') ?? '';
    await expect(dialog.exchange({ code, verifier: 'x'.repeat(43), signal: signal() })).rejects.toMatchObject({ kind: 'grant_dead' });
    await dialog.exchange({ code, verifier, signal: signal() });
    await expect(dialog.exchange({ code, verifier, signal: signal() })).rejects.toMatchObject({ kind: 'grant_dead' });
  });

  it('refuses an unknown refresh token as a dead grant, and another secret as our own fault', async () => {
    await expect(peers[service].refresh(emulator.url, 'invented')).rejects.toMatchObject({ kind: 'grant_dead' });
    const { back, verifier } = await agree();
    const stranger = service === 'google' ? googleConsent({ client: { ...client, clientSecret: 'guess' }, clock: Date.now, consentUrl: emulator.url, oauthUrl: `${emulator.url}/oauth2` }) : microsoftConsent({ client: { ...client, clientSecret: 'guess' }, clock: Date.now, loginUrl: emulator.url, tenant: noTenant });
    await expect(stranger.exchange({ code: back.searchParams.get('code') ?? '', verifier, signal: signal() })).rejects.toMatchObject({ kind: 'misconfigured' });
  });
});
