import { describe, expect, it } from '@jest/globals';
import { refreshGrant, tellRefreshFailed } from '../../../lib/connect/oauth-clients.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { settingsFrom } from '../../../lib/platform/settings.ts';
import { scriptedServer, type ScriptedAnswer } from '../../support/scripted-server.ts';
import { telling } from '../../support/workers.ts';

const snapshot = settingsFrom(new Map([[Setting.googleOauth, '{"client_id":"app","client_secret":"outdated-secret"}'], [Setting.microsoftOauth, '{"client_id":"app","client_secret":"outdated-secret"}']]));
const grant = { access_token: 'an-access-token', refresh_token: 'a-refresh-token', expires_at: 0 };

async function refreshing(provider: 'google' | 'microsoft', answer: ScriptedAnswer) {
  const server = await scriptedServer(answer);
  const told = telling();
  try {
    const kind = await refreshGrant({ google: server.url, microsoft: server.url }, Date.now, tellRefreshFailed(told))(provider, grant, snapshot).then(() => 'none', (error: { kind?: string }) => error.kind);
    return { kind, figures: told.figures, lines: told.lines };
  } finally {
    await server.close();
  }
}

describe.each(['google', 'microsoft'] as const)('a refresh at %s', (provider) => {
  it('refused for our own client calls the operator by metric and log, without a secret, and is no dead grant', async () => {
    const { kind, figures, lines } = await refreshing(provider, { status: 401, body: { error: 'invalid_client', error_description: 'outdated-secret' } });
    expect([kind, figures]).toEqual(['misconfigured', [
      { name: 'calendar_sync_refresh_failures_total', value: 1, dimensions: { calendar_provider: provider, reason: 'misconfigured' } },
      { name: 'calendar_sync_oauth_client_refused_total', value: 1, dimensions: { calendar_provider: provider } },
    ]]);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toMatch(/outdated-secret|a-refresh-token|an-access-token/);
  });

  it('refused for the grant, or not answered, is counted and calls nobody', async () => {
    for (const answer of [{ status: 400, body: { error: 'invalid_grant' } }, { status: 503, body: {} }]) {
      const { kind, figures, lines } = await refreshing(provider, answer);
      const reason = answer.status === 400 ? 'grant_dead' : 'unavailable';
      expect([kind, figures, lines]).toEqual([reason, [{ name: 'calendar_sync_refresh_failures_total', value: 1, dimensions: { calendar_provider: provider, reason } }], []]);
    }
  });
});
