// A year, or any span, of connections that live on their own: the real inbound room, watch care and webhooks over tables in memory, under
// a clock that jumps to the next moment at which anything happens.
import type { CalendarProvider, Session } from '../../lib/calendars/port.ts';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { grantDied } from '../../lib/connect/grant-died.ts';
import { tokenRing, tokenVault } from '../../lib/connect/token-vault.ts';
import { watchKeeper } from '../../lib/connect/watch-care.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { syncConnection, type InboundParts } from '../../lib/inbound/sync-connection.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { readGoogleNotice } from '../../lib/ingest/read-google-notice.ts';
import { readMicrosoftNotices } from '../../lib/ingest/read-microsoft-notices.ts';
import { receiveWebhook } from '../../lib/ingest/receive-webhook.ts';
import type { Change } from '../../lib/platform/changes.ts';
import { minutes, seconds, type Random } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import type { HintQueue } from '../../lib/platform/hint-queue.ts';
import { inTurn } from '../../lib/platform/in-turn.ts';
import { leases } from '../../lib/platform/lease.ts';
import { leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { seal } from '../../lib/platform/seal.ts';
import { settingsFrom } from '../../lib/platform/settings.ts';
import { shardOf } from '../../lib/platform/shard.ts';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { memoryTables } from '../support/memory-tables.ts';
import { Moments } from '../support/moments.ts';
import { aSecret } from '../support/notices.ts';
import { quietLog, untold } from '../support/traces.ts';
import { noticeOf } from './year-notices.ts';
import { yearProvider, type LiveWatch, type YearAccount, type YearProvider } from './year-provider.ts';

export interface YearWeather {
  readonly dropped: number;
  readonly doubled: number;
  readonly lostAnswers: number;
}

export interface YearWorld {
  readonly provider: YearProvider;
  readonly moments: Moments;
  /** Reminders left out. */
  readonly told: Change[];
  readonly outcomes: Map<string, number>;
  /** From each change to the pull that showed it, by connections whose grant was good all the while; the longest. */
  readonly worst: { ms: number; connectionId: string; at: number };
  readonly delays: { sum: number; count: number; polled: number };
  readonly clock: () => number;
  readonly random: Random;
  connect(id: string, provider: CalendarProvider): Promise<void>;
  /** Someone changes the calendar by hand, now. */
  change(id: string): void;
  revoke(id: string): void;
  consent(id: string): Promise<void>;
  setKeys(...ids: readonly string[]): void;
  /** The ring that tokens are sealed under. */
  setTokenKeys(...ids: readonly string[]): void;
  row(id: string): Promise<Connection>;
  /** Runs until `end`. */
  until(end: number): Promise<void>;
}

const ringOf = (ids: readonly string[]): string => JSON.stringify({ keys: ids.map((id, n) => ({ id, secret: aSecret(id), signsFrom: new Date(Date.parse('2020-01-01') + n).toISOString() })) });

export async function yearWorld({ begins, random, weather }: { begins: number; random: Random; weather: YearWeather }): Promise<YearWorld> {
  let now = begins;
  const clock = (): number => now;
  const moments = new Moments();
  const { dynamo, named } = await memoryTables(clock);
  const tables = { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] };
  const values = new Map<SettingName, string>([[Setting.syncEnabled, 'true'], [Setting.jobsEnabled, 'true'], [Setting.webhookEnabled, 'true'], [Setting.providerAllowlist, '*'], [Setting.connectionAllowlist, '*']]);
  const setKeys = (...ids: readonly string[]): void => void values.set(Setting.webhookKeys, ringOf(ids));
  setKeys('k1');
  const setTokenKeys = (...ids: readonly string[]): void => void values.set(Setting.tokenKeys, ringOf(ids));
  setTokenKeys('t1');
  let snapshot = settingsFrom(values);
  const settings = { read: () => Promise.resolve(snapshot) };
  const hints: HintQueue<InboundHint> = {
    send: async (hint, delay = 0) => moments.put(now + seconds(delay) + 50, () => pull(hint.connection_id, hint.watch)),
    sendAll: () => Promise.reject(new Error('The timer is played here.')),
  };
  const store = inbox(dynamo, tables.syncState);
  const webhook = { settings, inbox: store, hints, clock, trace: untold, told: () => undefined };
  const receive = { google: receiveWebhook({ ...webhook, provider: 'google', read: readGoogleNotice }), microsoft: receiveWebhook({ ...webhook, provider: 'microsoft', read: readMicrosoftNotices }) };
  let posted = 0;
  const post = (watch: LiveWatch, kind: 'sync' | 'change'): void => {
    watch.number += 1;
    const notice = noticeOf(watch, kind, (posted += 1));
    const copies = random() < weather.dropped ? 0 : random() < weather.doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) moments.put(now + seconds(1 + 4 * random()), async () => void (await receive[watch.provider](notice)));
  };
  const provider = yearProvider({ clock, random, lostAnswers: weather.lostAnswers, post });
  const known = connections(dynamo, tables.connections);
  const told: Change[] = [];
  const accountOf = (id: string): YearAccount => {
    const account = provider.accounts.get(id);
    if (!account) throw new Error(`There is no connection ${id}.`);
    return account;
  };
  const sealedGrant = (connectionId: string): string => seal(tokenRing(snapshot), JSON.stringify(provider.grant(accountOf(connectionId))), { connectionId, now });
  let ids = 0;
  const states = syncStates(dynamo, tables.syncState);
  const open = ({ connectionId, token }: Session) => provider.open(accountOf(connectionId), token);
  const parts: InboundParts = {
    states, settings, hints, clock, random, connections: known,
    leases: leases(dynamo, tables.syncState),
    rows: busyRows(dynamo, tables.busyIntervals),
    open: { google: open, microsoft: open },
    tokens: tokenVault({ dynamo, table: tables.connections, connections: known, settings, refresh: provider.refresh, clock }),
    own: { recognise: () => Promise.resolve(new Map()), report: () => Promise.resolve({ lookAgain: false }), busyChanged: () => Promise.resolve() },
    grantDied: grantDied({ dynamo, connectionsTable: tables.connections, busyIntervalsTable: tables.busyIntervals, clock, log: quietLog, changes: { tell: async (change) => void (change.detail?.['reminder_day'] === undefined && told.push(change)) } }),
    fleet: () => Promise.resolve({ connections: provider.accounts.size, unproven: 0 }),
    watches: watchKeeper({ dynamo, table: tables.connections, connections: known, webhookBaseUrl: 'https://webhooks.example', clock, newId: () => `w${(ids += 1)}` }),
    quota: { meter: () => ({ permit: () => Promise.resolve(), count: () => ({ callsLeft: undefined, callsAt: undefined }) }) },
    listing: inTurn(3),
    windowDays: { back: 1, ahead: 180 },
    leaving: leavingRows(dynamo, tables.syncState),
    leave: () => Promise.reject(new Error('Nobody leaves during the year.')),
  };
  const outcomes = new Map<string, number>();
  const worst = { ms: 0, connectionId: '', at: 0 };
  const delays = { sum: 0, count: 0, polled: 0 };
  const shown = new Map<string, { changes: number; goodSince: number }>();

  /** Every change that this pull showed first; one made while the grant was dead counts from the new consent. */
  const notePull = (id: string): void => {
    const account = accountOf(id);
    const seen = shown.get(id) ?? { changes: 0, goodSince: begins };
    for (const { at } of account.changes.slice(seen.changes, account.given)) {
      const ms = now - Math.max(at, seen.goodSince);
      delays.sum += ms;
      delays.count += 1;
      if (ms > minutes(1)) delays.polled += 1;
      if (ms > worst.ms) Object.assign(worst, { ms, connectionId: id, at });
    }
    shown.set(id, { ...seen, changes: account.given });
  };
  /** The timer comes every minute: it rings at the first tick after anything of it is due. One ring a connection is on its way. */
  const awaited = new Map<string, number>();
  const awaitDue = async (id: string): Promise<void> => {
    const state = await states.read(id);
    if (!state || 'leaving' in state) return;
    const { dueAt = Infinity, backoffUntil = 0 } = state.pull as { dueAt?: number; backoffUntil?: number };
    const at = Math.ceil(Math.max(state.inbox.dirtySince === undefined ? dueAt : now + seconds(10), backoffUntil) / minutes(1)) * minutes(1);
    if (awaited.get(id) === at) return;
    awaited.set(id, at);
    moments.put(at, async () => {
      if (awaited.get(id) !== at) return;
      awaited.delete(id);
      await pull(id);
    });
  };
  const pull = async (id: string, watch?: InboundHint['watch']): Promise<void> => {
    const end = await syncConnection(parts, id, { endsAt: now + seconds(60), rang: watch ? [watch] : [] });
    outcomes.set(end.outcome, (outcomes.get(end.outcome) ?? 0) + 1);
    if (end.outcome === 'pulled') notePull(id);
    await awaitDue(id);
  };
  const row = async (id: string): Promise<Connection> => {
    const found = await known.get(id);
    if (!found) throw new Error(`There is no connection ${id}.`);
    return found;
  };
  return {
    provider, moments, told, outcomes, worst, delays, clock, random, row,
    setKeys: (...keyIds) => {
      setKeys(...keyIds);
      snapshot = settingsFrom(values);
    },
    setTokenKeys: (...keyIds) => {
      setTokenKeys(...keyIds);
      snapshot = settingsFrom(values);
    },
    async connect(id, calendarProvider) {
      provider.accounts.set(id, { provider: calendarProvider, connectionId: id, changes: [], given: 0, revoked: false, calls: 0, lists: 0, refreshes: 0 });
      const calendars = [{ id: `${id}@example.com`, key: calendarKey(`${id}@example.com`), blocks: true, receives: true }];
      const connection: Connection = { v: 1, connection_id: id, provider_id: `p-${id}`, calendar_provider: calendarProvider, state: 'active', account: id, zone: 'Europe/Berlin', scopes: [], tokens: sealedGrant(id), calendars, watches: [], created_at: now, granted_at: now };
      await createConnection({ dynamo, tables, hints, clock }, connection);
    },
    change(id) {
      const account = accountOf(id);
      account.changes.push({ id: `e-${account.changes.length}`, start: now + minutes(60) + Math.floor(random() * 90) * 86_400_000, at: now });
      for (const watch of provider.tellers(account)) post(watch, 'change');
    },
    revoke: (id) => void (accountOf(id).revoked = true),
    async consent(id) {
      accountOf(id).revoked = false;
      shown.set(id, { changes: shown.get(id)?.changes ?? 0, goodSince: now });
      await dynamo.send(
        new UpdateItemCommand({ TableName: tables.connections, Key: { connection_id: { S: id } }, UpdateExpression: 'SET #state = :active, granted_at = :now, tokens = :tokens', ExpressionAttributeNames: { '#state': 'state' }, ExpressionAttributeValues: { ':active': { S: 'active' }, ':now': { N: String(now) }, ':tokens': { S: sealedGrant(id) } } }),
      );
      await states.mark(id, now, shardOf(id));
      await hints.send({ v: 1, hint: 'pull', connection_id: id });
    },
    async until(end) {
      for (let next = moments.take(); next; next = moments.take()) {
        if (next.at > end) return moments.put(next.at, next.act);
        now = Math.max(now, Math.ceil(next.at));
        await next.act();
      }
    },
  };
}
