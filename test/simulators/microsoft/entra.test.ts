import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { email, startGraphCaller } from './graph-caller.ts';
import type { Answer, Body, GraphCaller } from './graph-caller.ts';

describe('Entra', () => {
  let now: number;
  let graph: GraphCaller;
  beforeEach(async () => {
    now = Date.UTC(2026, 2, 1);
    graph = await startGraphCaller({ clock: () => now });
    graph.sim.addClient({ clientId: 'app', clientSecret: 's3cret&more' });
  });
  afterEach(() => graph.sim.close());

  const token = async (over: Record<string, string> = {}): Promise<{ status: number; body: Body }> => {
    const form = { client_id: 'app', client_secret: 's3cret&more', grant_type: 'refresh_token', refresh_token: graph.account.refreshToken, ...over };
    const response = await fetch(`${graph.sim.loginUrl}/common/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const asked = (accessToken: unknown): Promise<Answer> => graph.call('/me/calendars', { headers: { authorization: `Bearer ${String(accessToken)}` } });

  it('gives a new refresh token on every use, and leaves the old one good', async () => {
    const first = await token();
    const second = await token();
    expect(first.body).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    expect(new Set([graph.account.refreshToken, first.body['refresh_token'], second.body['refresh_token']]).size).toBe(3);
    expect((await asked(first.body['access_token'])).status).toBe(200);
  });

  it('lets access tokens expire', async () => {
    const { body } = await token();
    now += 3_599_000;
    const late = await asked(body['access_token']);
    expect([late.status, late.body.error['code']]).toEqual([401, 'InvalidAuthenticationToken']);
    expect(late.headers.get('www-authenticate')).toMatch(/^Bearer/u);
  });

  it.each([
    ['a wrong secret', { client_secret: 'guess' }, 401, 'invalid_client', 7000215],
    ['an unknown client', { client_id: 'other' }, 400, 'unauthorized_client', 700016],
    ['an unknown refresh token', { refresh_token: 'made-up' }, 400, 'invalid_grant', 70000],
    ['a scope never consented to', { scope: 'https://graph.microsoft.com/Mail.Read' }, 400, 'invalid_grant', 65001],
    ['another grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
  ])('refuses %s', async (_, over, status, error, code) => {
    const refused = await token(over);
    expect(refused).toMatchObject({ status, body: { error, error_codes: [code], error_description: expect.stringContaining(`AADSTS${code}`) } });
  });

  it('refuses a revoked grant with its code, while access tokens live on', async () => {
    graph.sim.revoke(email, { code: 700082 });
    expect(await token()).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_codes: [700082] } });
    expect((await asked(graph.account.accessToken)).status).toBe(200);
    graph.sim.revoke(email, { accessTokensToo: true });
    expect((await asked(graph.account.accessToken)).status).toBe(401);
  });

  it('takes the tokens of a new consent, and still not the revoked one', async () => {
    graph.sim.revoke(email);
    const { refreshToken } = graph.sim.consent(email);
    expect([(await token({ refresh_token: refreshToken })).status, (await token()).status]).toEqual([200, 400]);
  });

  it('names scopes short or with their resource', async () => {
    const scopes = new Set<unknown>();
    for (let n = 0; n < 12; n += 1) scopes.add((await token()).body['scope']);
    expect([...scopes].map(String).sort()).toEqual(['Calendars.ReadWrite User.Read', 'https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read']);
  });
});
