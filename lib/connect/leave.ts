// A connection leaves: watches stopped while the token still works → drained → our future events removed, where asked → grant revoked →
// erased. Every step may be repeated; the row `leave` holds those that are done, so that a crash goes on where it was.
import { CalendarError, type CalendarProvider, type Calendars, type OpenCalendars, type Session } from '../calendars/port.ts';
import type { ConsentDialog } from '../calendars/consent.ts';
import type { Changes } from '../platform/changes.ts';
import { days, minutes, seconds, type Clock } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import { leaveKey, type LeavingRow, type LeavingRows } from '../platform/leaving-rows.ts';
import type { Quota } from '../platform/quota.ts';
import { UnknownSealKey } from '../platform/seal.ts';
import { syncGate, type Settings, type SettingsSnapshot } from '../platform/settings.ts';
import type { Trace } from '../platform/trace.ts';
import { claimOf } from './account-claims.ts';
import type { ConnectionRows } from './connection-rows.ts';

export type StepEnd = { readonly outcome: 'done' } | { readonly outcome: 'again'; readonly retryAt: number };
export type LeaveEnd = { readonly outcome: 'removed' } | { readonly outcome: 'waiting'; readonly retryAt: number; /** `made`: it does not leave at all. */ readonly step: StepName | 'made'; readonly error?: unknown };
export type StepName = (typeof stepNames)[number];
const stepNames = ['watches', 'drain', 'events', 'revoke', 'erase'] as const;
const revokeStep = stepNames.indexOf('revoke');

export interface LeaveParts {
  readonly connections: Connections;
  readonly rows: ConnectionRows;
  readonly leaving: LeavingRows;
  readonly settings: Settings;
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  readonly tokens: (connection: Connection) => Session['token'];
  readonly dialog: (provider: CalendarProvider, snapshot: SettingsSnapshot) => ConsentDialog | undefined;
  /** No write to its calendars is under way, and none will begin. */
  readonly drain: (connection: Connection, endsAt: number) => Promise<StepEnd>;
  readonly removeEvents: (connection: Connection, calendars: (endsAt: number) => Calendars, endsAt: number) => Promise<StepEnd>;
  readonly changes: Changes;
  readonly quota: Quota;
  readonly clock: Clock;
}

interface Leaving {
  readonly connectionId: string;
  readonly row: LeavingRow;
  readonly endsAt: number;
  /** Of this run alone. */
  readonly trace?: Trace | undefined;
}

/** So long a calendar provider that does not answer holds up the erasing; after that the person's wish goes first. */
const patience = days(1);
const done: StepEnd = { outcome: 'done' };

export async function leave(parts: LeaveParts, { connectionId, row, endsAt, trace }: Leaving): Promise<LeaveEnd> {
  const connection = await parts.connections.get(connectionId);
  if (connection && row.making === 1) {
    // Its maker died after the last row that matters.
    await parts.leaving.made(leaveKey(connectionId));
    return { outcome: 'waiting', retryAt: parts.clock(), step: 'made' };
  }
  if (connection) {
    await parts.rows.showLeaving(connection);
    for (const [index, name] of stepNames.entries()) {
      const owed = name === 'events' && row.removes === 1 && row.removed !== 1;
      if (index < row.step && !owed) continue;
      if (index === revokeStep && (await askedSince(parts, connectionId, row))) return { outcome: 'waiting', retryAt: parts.clock(), step: 'events' };
      const end = await attempt(parts, { name, connection: { ...connection, state: 'disconnecting' }, row, endsAt, trace });
      if (end.outcome === 'again') return { ...end, outcome: 'waiting', step: name };
      if (name !== 'erase') await parts.leaving.save(leaveKey(connectionId), { step: Math.max(row.step, index + 1), ...(owed && { removed: 1 }) });
    }
  }
  // Also where a run before died between these, or a maker before the connection was there: what is gone is gone.
  if (row.claim !== undefined) await parts.rows.eraseClaim(connectionId, row.claim);
  await parts.rows.eraseSyncState(connectionId);
  await parts.rows.eraseConnection(connectionId);
  await parts.rows.eraseBusy(row.provider_id, connectionId);
  await parts.rows.eraseHealth(row.provider_id, connectionId);
  await parts.leaving.end(leaveKey(connectionId));
  return { outcome: 'removed' };
}

/** Whether our events are to be removed after all: asked before the grant goes, without which nothing can be. */
const askedSince = async ({ leaving }: LeaveParts, connectionId: string, { removes }: LeavingRow): Promise<boolean> => removes !== 1 && (await leaving.get(leaveKey(connectionId)))?.removes === 1;

interface Step {
  readonly name: StepName;
  readonly connection: Connection;
  readonly row: LeavingRow;
  readonly endsAt: number;
  readonly trace: Trace | undefined;
}
type StepResult = StepEnd & { readonly error?: unknown };

/** What can't be helped by waiting is passed over: a dead grant has no watches worth stopping, and nothing left to revoke. */
async function attempt(parts: LeaveParts, step: Step): Promise<StepResult> {
  const { name, connection, row } = step;
  const now = parts.clock();
  const waitsForSync = row.removes === 1 && ['events', 'revoke', 'erase'].includes(name);
  if (waitsForSync && syncGate(await parts.settings.read(), connection.provider_id) !== 'open') return { outcome: 'again', retryAt: now + minutes(1) };
  try {
    return await run(parts, step);
  } catch (error) {
    if (error instanceof GateClosed) return { outcome: 'again', retryAt: now + minutes(1) };
    if (!(error instanceof CalendarError) && !(error instanceof UnknownSealKey)) throw error;
    const kind = error instanceof CalendarError ? error.kind : 'unavailable';
    if (['grant_dead', 'rejected', 'unreadable'].includes(kind) || now - row.since > patience) return done;
    const wait = kind === 'out_of_time' ? 0 : seconds(30);
    return { outcome: 'again', retryAt: now + Math.max(wait, error instanceof CalendarError ? (error.retryAfterMs ?? 0) : 0), error };
  }
}

function run(parts: LeaveParts, { name, connection, row, endsAt, trace }: Step): Promise<StepEnd> {
  if (name === 'watches') return stopWatches(parts, connection, { endsAt, trace });
  if (name === 'drain') return parts.drain(connection, endsAt);
  if (name === 'events') return row.removes === 1 ? parts.removeEvents(connection, (until) => calendarsOf(parts, connection, { endsAt: until, trace, gated: true }), endsAt) : Promise.resolve(done);
  if (name === 'revoke') return revoke(parts, connection);
  return erase(parts, connection, row);
}

function calendarsOf(parts: LeaveParts, connection: Connection, { endsAt, trace, gated }: Pick<Step, 'endsAt' | 'trace'> & { gated: boolean }): Calendars {
  const meter = parts.quota.meter(connection.calendar_provider, 'booking', {});
  return parts.open[connection.calendar_provider]({
    connectionId: connection.connection_id,
    token: parts.tokens(connection),
    endsAt,
    trace,
    ...(connection.zone !== undefined && { zone: connection.zone }),
    async permit() {
      if (gated && syncGate(await parts.settings.read(), connection.provider_id) !== 'open') throw new GateClosed();
      await meter.permit();
    },
  });
}

/** Those on the row, and at Graph whatever else this app watches in the mailbox, unless another connection has taken the account over. */
async function stopWatches(parts: LeaveParts, connection: Connection, asked: Pick<Step, 'endsAt' | 'trace'>): Promise<StepEnd> {
  const calendars = calendarsOf(parts, connection, { ...asked, gated: false });
  const known = connection.watches.map(({ id, resource_id, expires_at = 0 }) => ({ id, expiresAt: expires_at, ...(resource_id !== undefined && { resourceId: resource_id }) }));
  // One whose answer never came has no name at the provider: Graph's list tells it, Google's ends within a week.
  const google = connection.calendar_provider === 'google';
  const alone = !google && (await parts.connections.idsOfAccount(connection.account)).every((id) => id === connection.connection_id);
  const named = alone ? [...((await calendars.listWatches()) ?? [])] : known.filter(({ expiresAt, resourceId }) => (google ? resourceId !== undefined : expiresAt > 0));
  for (const watch of named) await calendars.stop(watch);
  return done;
}

/**
 * Google's revocation ends every grant of the account to the whole project: only the last connection of the account makes it. Microsoft
 * has no such endpoint: there the tokens are erased, and the person may take the consent back on their account page.
 */
async function revoke(parts: LeaveParts, connection: Connection): Promise<StepEnd> {
  const dialog = parts.dialog(connection.calendar_provider, await parts.settings.read());
  if (connection.calendar_provider === 'microsoft' || connection.tokens === undefined) return done;
  if (dialog?.revoke === undefined) throw new CalendarError('unavailable', { reason: 'the OAuth client is not known' });
  if (await neededByOthers(parts, connection)) return done;
  await dialog.revoke(await parts.tokens(connection)(), AbortSignal.timeout(seconds(10)));
  return done;
}

/** Others that leave too need it until they have come as far as this; then any of them may revoke, twice is once. */
async function neededByOthers({ connections, leaving }: LeaveParts, { connection_id: own, account }: Connection): Promise<boolean> {
  const ids = (await connections.idsOfAccount(account)).filter((id) => id !== own);
  for (const other of await connections.getAll(ids)) {
    if (other.account !== account || other.tokens === undefined) continue;
    const row = await leaving.get(leaveKey(other.connection_id));
    if (row === undefined || row.step < revokeStep) return true;
  }
  return false;
}

/** The message goes before the last rows do: a crash in between tells it again under the same id. */
async function erase({ rows, changes, clock }: LeaveParts, connection: Connection, row: LeavingRow): Promise<StepEnd> {
  const { connection_id, provider_id } = connection;
  await rows.eraseTokens(connection_id);
  await rows.eraseBusy(provider_id, connection_id);
  await rows.eraseClaim(connection_id, claimOf(connection));
  await changes.tell({ type: 'connection.removed', connection_id, provider_id, cause: String(row.since) }, clock());
  return done;
}
