import type { ConsentDialog } from '../calendars/consent.ts';
import { googleConsent } from '../calendars/google/consent.ts';
import { refreshGoogle } from '../calendars/google/oauth.ts';
import { microsoftConsent, microsoftScope } from '../calendars/microsoft/consent.ts';
import { refreshMicrosoft } from '../calendars/microsoft/oauth.ts';
import { CalendarError, type CalendarProvider } from '../calendars/port.ts';
import { BadSetting } from '../platform/bad-setting.ts';
import { seconds, type Clock } from '../platform/clock.ts';
import { parseJson } from '../platform/messages.ts';
import { Metric, Setting } from '../platform/names.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { safeError, type Telemetry } from '../platform/telemetry.ts';

/** GOOGLE_OAUTH and MICROSOFT_OAUTH: {"client_id","client_secret"}, Microsoft's with an optional "tenant" (default `common`). */
export interface OauthClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly tenant?: string;
}

/** The tokens of one grant, as they lie sealed on the connection. `expires_at` in ms. */
export interface Grant {
  readonly access_token: string;
  readonly expires_at: number;
  readonly refresh_token: string;
}

export type RefreshGrant = (provider: CalendarProvider, grant: Grant, snapshot: SettingsSnapshot) => Promise<Grant>;

const settingOf = { google: Setting.googleOauth, microsoft: Setting.microsoftOauth } as const;

/** Undefined where missing or damaged: unknown, to be retried. */
export function oauthClient(snapshot: SettingsSnapshot, provider: CalendarProvider): OauthClient | undefined {
  const value = parseJson(snapshot.secret(settingOf[provider]) ?? '') as Partial<OauthClient> | undefined;
  return typeof value?.client_id === 'string' && typeof value.client_secret === 'string' ? (value as OauthClient) : undefined;
}

/** The person is only told to come again; which secret it is, and that it must be set, stands in the log. */
export const tellClientUnknown = ({ log }: Telemetry, provider: CalendarProvider): void =>
  log.error('no consent is possible', { calendar_provider: provider, error: safeError(new BadSetting(settingOf[provider])) });

/** Told where our own client is refused: a secret that ended, an app that was deleted. It touches every connection, and no connection can mend it. */
export type ClientRefused = (provider: CalendarProvider, error: CalendarError) => void;

/** Tells the operator by metric and by log. */
export const tellClientRefused =
  ({ measure, log }: Telemetry): ClientRefused =>
  (provider, error) => {
    measure(Metric.oauthClientRefused, 1, { calendar_provider: provider });
    log.error('our own OAuth client was refused: see docs/connect.md', { calendar_provider: provider, error: safeError(error) });
  };

/** Told of every token that could not be renewed. */
export type RefreshFailed = (provider: CalendarProvider, error: unknown) => void;

/** Tells the operator by metric, and where it is our own client's fault by log too. */
export const tellRefreshFailed =
  (telemetry: Telemetry): RefreshFailed =>
  (provider, error) => {
    const kind = error instanceof CalendarError ? error.kind : 'other';
    const reason = kind === 'grant_dead' || kind === 'misconfigured' || kind === 'throttled' || kind === 'unavailable' ? kind : 'other';
    telemetry.measure(Metric.refreshFailures, 1, { calendar_provider: provider, reason });
    if (error instanceof CalendarError && reason === 'misconfigured') tellClientRefused(telemetry)(provider, error);
  };

export const refreshGrant =
  (urls: { google: string; microsoft: string }, clock: Clock, failed: RefreshFailed = () => undefined): RefreshGrant =>
  async (provider, grant, snapshot) => {
    try {
      return await refreshed({ urls, clock }, { provider, grant, snapshot });
    } catch (error) {
      failed(provider, error);
      throw error;
    }
  };

async function refreshed({ urls, clock }: { urls: { google: string; microsoft: string }; clock: Clock }, { provider, grant, snapshot }: { provider: CalendarProvider; grant: Grant; snapshot: SettingsSnapshot }): Promise<Grant> {
  const client = oauthClient(snapshot, provider);
  if (!client) throw new CalendarError('unavailable', { reason: `${settingOf[provider]} is not known` });
  const asked = { clientId: client.client_id, clientSecret: client.client_secret, refreshToken: grant.refresh_token, clock, signal: AbortSignal.timeout(seconds(10)) };
  const fresh =
    provider === 'google'
      ? await refreshGoogle({ ...asked, tokenUrl: `${urls.google}/token` })
      : await refreshMicrosoft({ ...asked, loginUrl: urls.microsoft, tenant: client.tenant ?? 'common', scope: microsoftScope });
  // Google sends no new refresh token on a refresh: the old one stays.
  return { access_token: fresh.accessToken, expires_at: fresh.expiresAt, refresh_token: fresh.refreshToken ?? grant.refresh_token };
}

export interface DialogUrls {
  readonly redirectUri: string;
  /** Where people consent at Google, and where its tokens are given out. */
  readonly consentUrl: string;
  readonly oauthUrl: string;
  readonly loginUrl: string;
  readonly clock: Clock;
}

/** The consent dialog of a calendar provider, under the client that is set now; undefined where that is not known. */
export const consentDialogs =
  ({ redirectUri, consentUrl, oauthUrl, loginUrl, clock }: DialogUrls) =>
  (provider: CalendarProvider, snapshot: SettingsSnapshot): ConsentDialog | undefined => {
    const found = oauthClient(snapshot, provider);
    if (found === undefined) return undefined;
    const client = { clientId: found.client_id, clientSecret: found.client_secret, redirectUri };
    return provider === 'google' ? googleConsent({ client, clock, consentUrl, oauthUrl }) : microsoftConsent({ client, clock, loginUrl, tenant: found.tenant ?? 'common' });
  };
