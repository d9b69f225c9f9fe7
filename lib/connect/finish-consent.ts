// A proved answer becomes a connection: used once → code exchanged once → whose account, which scopes, which calendar → claimed → made or renewed.
// Whatever does not hold leaves nothing behind but the used start.
import type { ConsentAnswer, ConsentDialog } from '../calendars/consent.ts';
import { readIdToken } from '../calendars/consent.ts';
import { CalendarError, type CalendarInfo, type CalendarProvider, type OpenCalendars } from '../calendars/port.ts';
import { seconds } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import { unseal } from '../platform/seal.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { safeError } from '../platform/telemetry.ts';
import { accountHash, type AccountOwner, type Claimed } from './account-claims.ts';
import type { ConsentEnd, ConsentParts } from './consent-handler.ts';
import type { Refusal } from './consent-pages.ts';
import { again, waitForAdmin, type ProvedReturn } from './consent-return.ts';
import { hashOf, mostTries } from './consent-starts.ts';
import { oauthClient, tellClientRefused, tellClientUnknown } from './oauth-clients.ts';
import { nonceOf, sendToConsent } from './open-consent.ts';
import { consentGate } from './start-consent.ts';
import { tokenRing } from './token-vault.ts';

/** What a consent brings: everything of a connection but its id, its watches and when it began. */
export interface Granted {
  readonly owner: AccountOwner;
  readonly zone?: string;
  readonly answer: ConsentAnswer & { readonly refreshToken: string };
  readonly calendar: CalendarInfo;
}

export interface FinishParts {
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  readonly newId: () => string;
  readonly claim: (owner: AccountOwner, connectionId: string) => Promise<Claimed>;
  readonly create: (connectionId: string, granted: Granted, snapshot: SettingsSnapshot) => Promise<Connection>;
  /** Undefined: the connection went away meanwhile. */
  readonly renew: (connection: Connection, granted: Granted, snapshot: SettingsSnapshot) => Promise<Connection | undefined>;
  /** The pull that this rings for makes the watches first, under its lease; those of a renewed connection are looked at anew. */
  readonly markDirty: (connection: Connection) => Promise<void>;
  readonly markFutureBookings: (connection: Connection) => Promise<void>;
  /** Whether any connection of this account is there. */
  readonly accountInUse: (account: string) => Promise<boolean>;
}

/** Left for writing rows after the provider has been asked. */
const reserve = seconds(5);
const refused = (refusal: Refusal, more: Partial<Extract<ConsentEnd, { end: 'refused' }>> = {}): ConsentEnd => ({ end: 'refused', refusal, ...more });

export async function finishConsent(parts: ConsentParts, back: ProvedReturn, endsAt: number): Promise<ConsentEnd> {
  const { start, startId } = back;
  const snapshot = await parts.settings.read();
  const dialog = parts.dialog(start.calendar_provider, snapshot);
  const audience = oauthClient(snapshot, start.calendar_provider)?.client_id;
  if (dialog === undefined || audience === undefined || start.verifier === undefined) {
    if (dialog === undefined) tellClientUnknown(parts.telemetry, start.calendar_provider);
    return refused('unknown');
  }
  const verifier = unseal(tokenRing(snapshot), start.verifier, start.connection_id);
  if (!(await parts.starts.use(start.connection_id, hashOf(back.state), parts.clock()))) return refused('replayed');
  try {
    const signal = AbortSignal.timeout(Math.max(1, Math.min(seconds(10), endsAt - reserve - parts.clock())));
    const answer = await dialog.exchange({ code: back.code, verifier, signal });
    const claims = readIdToken(answer.idToken ?? '', { audience, nonce: nonceOf(back.state), now: parts.clock() });
    const stableId = claims && dialog.account(claims);
    if (stableId === undefined) return refused('identity_refused', { start });
    const owner = { provider: start.calendar_provider, providerId: start.starts_for, account: accountHash(start.calendar_provider, stableId) };
    if (dialog.missing(answer.scopes).length > 0) {
      await giveBack(parts, { dialog, answer, owner });
      return refused('scope_missing', { start, ...(await again(parts, startId, start)) });
    }
    const { refreshToken } = answer;
    if (refreshToken === undefined) return await insist(parts, back);
    return await settleConsent(parts, { back, snapshot, owner, answer: { ...answer, refreshToken }, endsAt });
  } catch (error) {
    return judgeFailure(parts, back, error);
  }
}

interface Settling {
  readonly back: ProvedReturn;
  readonly snapshot: SettingsSnapshot;
  readonly owner: AccountOwner;
  readonly answer: Granted['answer'];
  readonly endsAt: number;
}

/** Whose account and what was granted is known: the connection is made, or renewed. */
export async function settleConsent(parts: ConsentParts, { back: { start, startId }, snapshot, owner, answer, endsAt }: Settling): Promise<ConsentEnd> {
  const id = parts.newId();
  const calendars = parts.open[owner.provider](sessionFor(parts, { connectionId: id, answer, owner, endsAt }));
  const primary = (await calendars.list()).find((calendar) => calendar.primary && calendar.writable);
  if (primary === undefined) return refused('no_calendar', { start, ...(await again(parts, startId, start)) });
  const granted: Granted = { owner, answer, calendar: primary, ...(start.zone !== undefined && { zone: start.zone }) };

  const claimed = await parts.claim(owner, id);
  if (claimed.outcome === 'taken') return refused('account_taken', { start });
  if (claimed.outcome === 'busy') return refused('busy', { start });
  const renewed = claimed.outcome === 'renews';
  const connection = renewed ? await parts.renew(claimed.connection, granted, snapshot) : await parts.create(id, granted, snapshot);
  if (connection === undefined) return refused('busy', { start });
  await followUp(parts, connection);
  return { end: 'connected', start, connectionId: connection.connection_id, renewed };
}

/** The connection stands: what fails from here on is made good by what is due on its rows already, and must not tell the person that nothing was connected. */
async function followUp(parts: ConsentParts, connection: Connection): Promise<void> {
  const steps = { markDirty: () => parts.markDirty(connection), markFutureBookings: () => parts.markFutureBookings(connection) };
  for (const [step, run] of Object.entries(steps)) {
    try {
      await run();
    } catch (error) {
      parts.telemetry.log.warn('a step after a consent was left to upkeep', { step, connection_id: connection.connection_id, error: safeError(error) });
    }
  }
}

const sessionFor = (parts: ConsentParts, { connectionId, answer, owner, endsAt }: { connectionId: string; answer: ConsentAnswer; owner: AccountOwner; endsAt: number }) => ({
  connectionId,
  token: async () => answer.accessToken,
  endsAt: endsAt - reserve,
  async permit() {
    if (consentGate(await parts.settings.read(), owner.providerId) !== 'open') throw new GateClosed();
  },
});

/** Google sends a refresh token on the first consent only: asked once more, now insisting. */
async function insist(parts: ConsentParts, { start, startId }: ProvedReturn): Promise<ConsentEnd> {
  if (start.insist === true || start.tries >= mostTries) return refused('no_refresh_token', { start });
  if (!(await parts.starts.reopen(start.connection_id, { insist: true }, parts.clock()))) return refused('expired', { start });
  return sendToConsent(parts, startId, { ...start, insist: true });
}

/** A partial grant is given back, unless it is the account's only one: Google's revocation ends every grant of the account to the project. */
async function giveBack(parts: ConsentParts, { dialog, answer, owner }: { dialog: ConsentDialog; answer: ConsentAnswer; owner: AccountOwner }): Promise<void> {
  if (dialog.revoke === undefined || (await parts.accountInUse(owner.account))) return;
  try {
    await dialog.revoke(answer.refreshToken ?? answer.accessToken, AbortSignal.timeout(seconds(3)));
  } catch (error) {
    parts.telemetry.log.warn('a partial grant was not given back', { error: safeError(error) });
  }
}

async function judgeFailure(parts: ConsentParts, { start, startId }: ProvedReturn, error: unknown): Promise<ConsentEnd> {
  if (error instanceof GateClosed) return refused('off', { start });
  if (!(error instanceof CalendarError)) throw error;
  const { telemetry } = parts;
  telemetry.log.warn('a consent was not finished', { error: safeError(error) });
  if (error.reason === 'consent_required') return waitForAdmin(parts, { start, startId });
  switch (error.kind) {
    case 'misconfigured':
      tellClientRefused(telemetry)(start.calendar_provider, error);
      return refused('our_fault', { start });
    case 'grant_dead':
    case 'rejected':
      return refused('code_refused', { start, ...(await again(parts, startId, start)) });
    case 'unreadable':
      return refused('no_calendar', { start, ...(await again(parts, startId, start)) });
    default:
      return refused('provider_unavailable', { start, ...(await again(parts, startId, start)) });
  }
}
