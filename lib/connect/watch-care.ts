// Brings a connection's watches in line with the plan, under its pull lease. A watch is on the row before it is asked for: Google's first
// notice can overtake the answer. The new is stored before the old is stopped, and a stop that fails stays on the row to be tried again.
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CalendarError, type CalendarProvider, type Calendars, type Watch } from '../calendars/port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, ConnectionCalendar, Connections, ConnectionWatch } from '../platform/connections.ts';
import { toItem } from '../platform/dynamo.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import { parseKeyRing, signingKey, type KeyRing } from '../platform/key-ring.ts';
import { parseJson } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { signWatchToken } from '../platform/watch-token.ts';
import { usualLife } from '../platform/watched.ts';
import { isWatched, nextRenewal, planWatches, watchesWant, type Step } from './watch-plan.ts';

export interface WatchCareParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly connections: Connections;
  /** Where the webhooks answer, without closing slash. */
  readonly webhookBaseUrl: string;
  readonly clock: Clock;
  /** 1 to 36 of A–Z, a–z, 0–9, _ and -; never the same twice. */
  readonly newId: () => string;
}

export interface WatchesAsked {
  readonly connectionId: string;
  /** Opened for the length of the caller's lease. */
  readonly calendars: Calendars;
  readonly snapshot: SettingsSnapshot;
  /** Keys of calendars that changed without a notice. */
  readonly silent?: ReadonlySet<string>;
  /** A lifecycle notice asked for a look. */
  readonly check?: boolean;
  /** Watches that delivered: those that the connection does not know are stopped. */
  readonly heard?: readonly { readonly id: string; readonly resource_id?: string }[];
}

export interface WatchesKept {
  /** As it stands now; undefined: gone meanwhile. */
  readonly connection: Connection | undefined;
  /** When its watches want a look again, in ms, if nothing failed. */
  readonly nextAt: number;
  readonly done: Readonly<Record<'made' | 'renewed' | 'stopped' | 'orphans', number>>;
  /** What kept one from being made or renewed; a stop that failed is not counted. */
  readonly failure?: CalendarError;
}

/** Throws GateClosed, CalendarError `grant_dead` and `out_of_time`, and whatever the tables throw; the rest is told in `failure`. */
export type EnsureWatches = (asked: WatchesAsked) => Promise<WatchesKept>;

type Done = { -readonly [K in keyof WatchesKept['done']]: number };
interface Care extends WatchCareParts, WatchesAsked {
  connection: Connection;
  readonly ring: KeyRing;
  readonly done: Done;
}

export const ensureWatches =
  (parts: WatchCareParts): EnsureWatches =>
  async (asked) => {
    const done: Done = { made: 0, renewed: 0, stopped: 0, orphans: 0 };
    const connection = await parts.connections.get(asked.connectionId);
    const now = parts.clock();
    if (connection?.state !== 'active') return { connection, nextAt: now + usualLife, done };
    const care: Care = { ...parts, ...asked, connection, done, ring: webhookRing(asked.snapshot) };
    const facts = { now, keyId: signingKey(care.ring, now).id, check: asked.check ?? false, silent: asked.silent ?? new Set<string>() };
    let failure: CalendarError | undefined;
    for (const step of planWatches(connection, facts)) {
      const failed = await attempt(() => take(care, step));
      if (step.kind !== 'stop') failure = failed ?? failure;
    }
    for (const heard of asked.heard ?? []) await attempt(() => stopOrphan(care, heard));
    return { connection: care.connection, nextAt: nextRenewal(care.connection, parts.clock()), done, ...(failure && { failure }) };
  };

/** Throws CalendarError `unavailable` where the ring is missing or damaged: unknown, to be tried again. */
function webhookRing(snapshot: SettingsSnapshot): KeyRing {
  try {
    return parseKeyRing(parseJson(snapshot.secret(Setting.webhookKeys) ?? ''));
  } catch {
    throw new CalendarError('unavailable', { reason: 'the webhook keys are not known' });
  }
}

/** One watch that can't be made does not stop the others. What ends the whole run is thrown. */
async function attempt(work: () => Promise<void>): Promise<CalendarError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof CalendarError) || error.kind === 'grant_dead' || error.kind === 'out_of_time') throw error;
    return error;
  }
}

function take(care: Care, step: Step): Promise<void> {
  if (step.kind === 'create') return make(care, step.calendar, []);
  if (step.kind === 'replace') return make(care, step.calendar, step.watches);
  if (step.kind === 'renew') return renew(care, step);
  return stopOrKeep(care, step.watch);
}

/** `old` is stopped once the new one is there and stored. */
async function make(care: Care, calendar: ConnectionCalendar, old: readonly ConnectionWatch[]): Promise<void> {
  const { connection, clock, newId, ring } = care;
  const google = connection.calendar_provider === 'google';
  const planned: ConnectionWatch = { id: newId(), ...(google && { calendar_key: calendar.key }), key_id: signingKey(ring, clock()).id, made_at: clock() };
  await saveWatches(care, [...connection.watches, planned]);
  // A subscription whose answer never came is known by its absence from the row; only the list names it.
  if (!google && old.some(({ expires_at }) => expires_at === undefined)) await stopTwins(care);
  const made = await asking(care, calendar, planned);
  if (!made) return;
  const standing: ConnectionWatch = { ...planned, id: made.id, expires_at: made.expiresAt, ...(made.resourceId !== undefined && { resource_id: made.resourceId }) };
  // All channels of one calendar share the resource's name: the new one tells it for those whose answer never came.
  const retired = old.map((watch): ConnectionWatch => ({ ...watch, ...(google && standing.resource_id !== undefined && { resource_id: watch.resource_id ?? standing.resource_id }), retired: true }));
  const others = care.connection.watches.filter(({ id }) => id !== planned.id && !old.some((watch) => watch.id === id));
  await saveWatches(care, [...others, standing, ...retired]);
  care.done.made += 1;
  for (const watch of retired) await attempt(() => stopOrKeep(care, watch));
}

/** Undefined: this calendar can't be watched, which is now on its row. */
async function asking(care: Care, calendar: ConnectionCalendar, planned: ConnectionWatch): Promise<Watch | undefined> {
  const { calendars, connection, clock, ring, webhookBaseUrl } = care;
  const provider = connection.calendar_provider;
  const claim = { provider, connectionId: connection.connection_id, nonce: planned.id };
  const request = { id: planned.id, secret: signWatchToken(ring, claim, planned.made_at ?? clock()), address: webhookAddress(webhookBaseUrl, provider), expiresAt: clock() + usualLife };
  try {
    return await calendars.watch(calendar, request).catch(async (error: unknown) => {
      if (!(error instanceof CalendarError) || error.kind !== 'watch_exists') throw error;
      await stopTwins(care);
      return calendars.watch(calendar, request);
    });
  } catch (error) {
    const refused = error instanceof GateClosed || (error instanceof CalendarError && error.kind !== 'unavailable');
    if (refused) await saveWatches(care, care.connection.watches.filter(({ id }) => id !== planned.id));
    if (!(error instanceof CalendarError) || error.kind !== 'unwatchable') throw error;
    await markUnwatchable(care, calendar);
    return undefined;
  }
}

export const webhookAddress = (baseUrl: string, provider: CalendarProvider): string => `${baseUrl}/webhooks/${provider}`;

/** Graph bears one subscription of an app to the same events: every one that lives, known or not, makes way for the new. */
async function stopTwins({ calendars, done }: Care): Promise<void> {
  for (const twin of (await calendars.listWatches()) ?? []) {
    await calendars.stop(twin);
    done.stopped += 1;
  }
}

async function renew(care: Care, { watch, calendar }: { watch: ConnectionWatch; calendar: ConnectionCalendar }): Promise<void> {
  const renewed = await care.calendars.renew(asWatch(watch), care.clock() + usualLife);
  if (renewed === 'gone' || renewed === undefined) return make(care, calendar, [watch]);
  const standing = { ...watch, expires_at: renewed.expiresAt, made_at: care.clock() };
  await saveWatches(care, care.connection.watches.map((each) => (each.id === watch.id ? standing : each)));
  care.done.renewed += 1;
}

/** Off the row once it is stopped; where that fails it stays there, retired, until it is or has ended by itself. */
async function stopOrKeep(care: Care, watch: ConnectionWatch): Promise<void> {
  const { calendars, clock, connection } = care;
  const now = clock();
  // By then a channel whose answer never came has ended too.
  const ended = (watch.expires_at ?? (watch.made_at ?? now) + 2 * usualLife) <= now;
  // A subscription that was only planned goes by the list; a channel whose resource nobody knows is stopped from its first notice.
  const nameless = watch.expires_at === undefined && (connection.calendar_provider === 'microsoft' || watch.resource_id === undefined);
  if (!ended && !nameless) {
    await calendars.stop(asWatch(watch));
    care.done.stopped += 1;
  }
  await saveWatches(care, care.connection.watches.filter(({ id }) => id !== watch.id));
}

async function stopOrphan(care: Care, heard: { id: string; resource_id?: string }): Promise<void> {
  if (heard.id === '' || care.connection.watches.some(({ id }) => id === heard.id)) return;
  await care.calendars.stop({ id: heard.id, expiresAt: 0, ...(heard.resource_id !== undefined && { resourceId: heard.resource_id }) });
  care.done.orphans += 1;
}

const asWatch = ({ id, resource_id, expires_at = 0 }: ConnectionWatch): Watch => ({ id, expiresAt: expires_at, ...(resource_id !== undefined && { resourceId: resource_id }) });

/** On the condition that nobody else has changed them: two holders of the lease, one of them a zombie, can't lose each other's watches. */
async function saveWatches(care: Care, watches: readonly ConnectionWatch[]): Promise<void> {
  const { dynamo, table, connection } = care;
  const revision = (connection.watches_revision ?? 0) + 1;
  await dynamo.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { connection_id: { S: connection.connection_id } },
      UpdateExpression: 'SET watches = :watches, watches_revision = :next',
      ConditionExpression: connection.watches_revision === undefined ? 'attribute_exists(connection_id) AND attribute_not_exists(watches_revision)' : 'watches_revision = :seen',
      ExpressionAttributeValues: toItem({ ':watches': watches, ':next': revision, ':seen': connection.watches_revision }),
    }),
  );
  care.connection = { ...connection, watches, watches_revision: revision };
}

/** Its place in the list is guarded by its key: calendars may be chosen anew meanwhile. */
async function markUnwatchable(care: Care, calendar: ConnectionCalendar): Promise<void> {
  const { dynamo, table, connection } = care;
  const graph = connection.calendar_provider === 'microsoft';
  for (const [at, each] of connection.calendars.entries()) {
    if (!graph && each.key !== calendar.key) continue;
    await dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: connection.connection_id } },
        UpdateExpression: `SET calendars[${at}].watchable = :no`,
        ConditionExpression: `calendars[${at}].#key = :key`,
        ExpressionAttributeNames: { '#key': 'key' },
        ExpressionAttributeValues: { ':no': { BOOL: false }, ':key': { S: each.key } },
      }),
    );
  }
  care.connection = { ...care.connection, calendars: care.connection.calendars.map((each) => (graph || each.key === calendar.key ? { ...each, watchable: false } : each)) };
}

/** All that a pull asks of this room. */
export const watchKeeper = (parts: WatchCareParts) => ({ want: watchesWant, covers: isWatched, nextAt: nextRenewal, ensure: ensureWatches(parts) });
