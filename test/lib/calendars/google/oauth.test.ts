import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { refreshGoogle } from '../../../../lib/calendars/google/oauth.ts';
import type { ScriptedAnswer, ScriptedServer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function refresh(answer: ScriptedAnswer, signal = AbortSignal.timeout(5_000)) {
  server = await scriptedServer(answer);
  const clock = (): number => 1_000_000;
  return await refreshGoogle({ tokenUrl: `${server.url}/token`, clientId: 'id', clientSecret: 'hush', refreshToken: '1//old', clock, signal });
}

describe('renewing a Google token', () => {
  it('posts a form and counts the end from before it asked', async () => {
    expect(await refresh({ body: { access_token: 'ya29.new', expires_in: 3599, scope: 'a b' } })).toEqual({
      accessToken: 'ya29.new',
      expiresAt: 1_000_000 + 3_599_000,
      scope: 'a b',
    });
    expect(server?.heard).toMatchObject([{ method: 'POST', body: 'grant_type=refresh_token&client_id=id&client_secret=hush&refresh_token=1%2F%2Fold' }]);
  });

  it('hands on a refresh token that was replaced', async () => {
    expect(await refresh({ body: { access_token: 'ya29.new', expires_in: 3599, refresh_token: '1//new' } })).toMatchObject({ refreshToken: '1//new' });
  });

  it.each([
    [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }, 'grant_dead'],
    [400, { error: 'admin_policy_enforced' }, 'grant_dead'],
    [401, { error: 'invalid_client' }, 'misconfigured'],
    [401, { error: 'unauthorized_client' }, 'misconfigured'],
    [401, { error: 'deleted_client' }, 'misconfigured'],
    [400, { error: 'invalid_request' }, 'rejected'],
    [429, {}, 'throttled'],
    [500, { error: 'internal_failure' }, 'unavailable'],
    [503, { error: 'invalid_grant' }, 'unavailable'],
    [502, '<html>', 'unavailable'],
    [403, '<html>', 'rejected'],
    [302, '', 'unavailable'],
    [200, '<html>', 'unavailable'],
    [200, { access_token: 'ya29.new' }, 'unavailable'],
    [200, { access_token: '', expires_in: 3599 }, 'unavailable'],
  ])('answered %d %j means %s, asked once', async (status, body, kind) => {
    await expect(refresh({ status, body })).rejects.toMatchObject({ name: 'CalendarError', kind });
    expect(server?.heard).toHaveLength(1);
  });

  it('tells no secret when it fails', async () => {
    const failed = refresh({ body: {} }, AbortSignal.abort());
    const error = await failed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/hush|1\/\/old/);
  });
});
