import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { refreshMicrosoft } from '../../../../lib/calendars/microsoft/oauth.ts';
import type { ScriptedAnswer, ScriptedServer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';
import { startMicrosoftSimulator } from '../../../simulators/microsoft/simulator.ts';

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function refresh(answer: ScriptedAnswer, signal = AbortSignal.timeout(5_000)) {
  server = await scriptedServer(answer);
  const clock = (): number => 1_000_000;
  const client = { clientId: 'id', clientSecret: 'hu~sh', refreshToken: '0.AWAB old', scope: 'offline_access Calendars.ReadWrite' };
  return await refreshMicrosoft({ loginUrl: server.url, tenant: 'common', ...client, clock, signal });
}

const refusal = (error: string, ...error_codes: number[]) => ({ error, error_description: 'AADSTS: a sentence.', error_codes, trace_id: 't' });

describe('renewing a Microsoft token', () => {
  it('posts a form and counts the end from before it asked', async () => {
    const body = { token_type: 'Bearer', access_token: 'EwB.new', expires_in: 3599, refresh_token: '0.new', scope: 'https://graph.microsoft.com/Calendars.ReadWrite openid' };
    expect(await refresh({ body })).toEqual({ accessToken: 'EwB.new', expiresAt: 1_000_000 + 3_599_000, refreshToken: '0.new', scope: 'Calendars.ReadWrite openid' });
    expect(server?.heard[0]).toMatchObject({ method: 'POST', headers: { 'content-type': expect.stringContaining('application/x-www-form-urlencoded') } });
    expect(server?.heard[0]?.url.pathname).toBe('/common/oauth2/v2.0/token');
    expect(Object.fromEntries(new URLSearchParams(server?.heard[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id',
      client_secret: 'hu~sh',
      refresh_token: '0.AWAB old',
      scope: 'offline_access Calendars.ReadWrite',
    });
  });

  it('takes a life that is told as text, and no scope or refresh token for unchanged', async () => {
    expect(await refresh({ body: { access_token: 'EwB.new', expires_in: '3599' } })).toEqual({ accessToken: 'EwB.new', expiresAt: 1_000_000 + 3_599_000 });
  });

  it.each<[number, unknown, string]>([
    [400, refusal('invalid_grant', 700082), 'grant_dead'],
    [400, refusal('interaction_required', 50076), 'grant_dead'],
    [400, refusal('consent_required', 65001), 'grant_dead'],
    [400, refusal('login_required'), 'grant_dead'],
    [401, refusal('invalid_client', 7000215), 'misconfigured'],
    [400, refusal('unauthorized_client', 700016), 'misconfigured'],
    [400, refusal('invalid_grant', 7000222), 'misconfigured'],
    [400, refusal('invalid_grant', 50196), 'throttled'],
    [400, refusal('invalid_scope', 70011), 'rejected'],
    [400, refusal('temporarily_unavailable'), 'unavailable'],
    [503, refusal('invalid_grant'), 'unavailable'],
    [429, {}, 'throttled'],
    [502, '<html>', 'unavailable'],
    [302, '', 'unavailable'],
    [400, { error: { code: 'invalid_grant' } }, 'rejected'],
    [200, '<html>', 'unavailable'],
    [200, { access_token: 'EwB.new' }, 'unavailable'],
  ])('answered %d %j means %s, asked once', async (status, body, kind) => {
    await expect(refresh({ status, body })).rejects.toMatchObject({ name: 'CalendarError', kind });
    expect(server?.heard).toHaveLength(1);
  });

  it('tells no secret when it fails', async () => {
    const error = await refresh({ body: {} }, AbortSignal.abort()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/hu~sh|AWAB/);
  });
});

describe('a Microsoft grant', () => {
  it('gives a token that opens the mailbox, until it is revoked; a wrong client touches it not', async () => {
    const simulator = await startMicrosoftSimulator();
    try {
      simulator.addClient({ clientId: 'app', clientSecret: 'hush' });
      const { refreshToken } = simulator.addAccount({ email: 'ada@contoso.example', clientId: 'app' });
      const ask = (token: string, clientSecret = 'hush') =>
        refreshMicrosoft({ loginUrl: simulator.loginUrl, tenant: 'common', clientId: 'app', clientSecret, refreshToken: token, scope: 'offline_access Calendars.ReadWrite', clock: Date.now, signal: AbortSignal.timeout(5_000) });
      const fresh = await ask(refreshToken);
      expect(fresh).toMatchObject({ scope: 'Calendars.ReadWrite User.Read', refreshToken: expect.not.stringMatching(refreshToken) });
      const opened = await fetch(`${simulator.url}/v1.0/me/calendars`, { headers: { authorization: `Bearer ${fresh.accessToken}` } });
      expect(opened.status).toBe(200);
      await expect(ask(refreshToken, 'wrong')).rejects.toMatchObject({ kind: 'misconfigured', reason: 'invalid_client' });
      simulator.revoke('ada@contoso.example');
      await expect(ask(fresh.refreshToken ?? '')).rejects.toMatchObject({ kind: 'grant_dead', reason: 'invalid_grant' });
    } finally {
      await simulator.close();
    }
  });
});
