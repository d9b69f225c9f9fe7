// A small world whose connections are really watched: the webhooks answer on a port of this process, and pulls keep the watches.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { watchKeeper } from '../../lib/connect/watch-care.ts';
import { syncConnection, type InboundParts, type PullEnd } from '../../lib/inbound/sync-connection.ts';
import type { Rang } from '../../lib/inbound/watching.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { readGoogleNotice } from '../../lib/ingest/read-google-notice.ts';
import { readMicrosoftNotices } from '../../lib/ingest/read-microsoft-notices.ts';
import { receiveWebhook, type Outcome } from '../../lib/ingest/receive-webhook.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { toItem } from '../../lib/platform/dynamo.ts';
import type { HintQueue } from '../../lib/platform/hint-queue.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting } from '../../lib/platform/names.ts';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { aPost, aSecret } from './notices.ts';
import { untold } from './traces.ts';
import { startSmallWorld, type Connected, type ConnectOptions, type SmallWorld } from './small-world.ts';
import { inbound, leaseLength } from './workers.ts';

export interface WatchedWorld extends SmallWorld {
  readonly webhookUrl: string;
  /** How each delivery ended. */
  readonly outcomes: Outcome[];
  /** One pull; `rang`: which watches rang, where hints told. */
  pull(connectionId: string, rang?: readonly Rang[]): Promise<PullEnd>;
  /** As the queue would: every hint of the webhooks, taken in order. Gives back how the pulls ended. */
  takeHints(): Promise<PullEnd[]>;
  /** Resolves once every notice that is due has come. */
  noticesCame(): Promise<void>;
  row(connectionId: string): Promise<Connection>;
  pullRow(connectionId: string): Promise<Record<string, unknown>>;
  /** Sets members of the connection's row. */
  amend(connectionId: string, watches: Connection['watches']): Promise<void>;
  /** A ring of these keys, the last the newest; a key named here before stays the same. */
  setKeys(...ids: readonly string[]): void;
  /** While it is false, the receiver answers 503 to everything. */
  reachable: boolean;
}

export async function startWatchedWorld(seed?: number): Promise<WatchedWorld> {
  const world = await startSmallWorld(seed);
  const hints: InboundHint[] = [];
  const outcomes: Outcome[] = [];
  const bell: HintQueue<InboundHint> = { send: async (hint) => void hints.push(hint), sendAll: async (all) => void hints.push(...all) };
  const parts = { settings: world.settings, inbox: inbox(world.tables.dynamo, world.tables.named['sync-state']), hints: bell, clock: world.clock, trace: untold, told: (outcome: Outcome) => void outcomes.push(outcome) };
  const receive = { google: receiveWebhook({ ...parts, provider: 'google', read: readGoogleNotice }), microsoft: receiveWebhook({ ...parts, provider: 'microsoft', read: readMicrosoftNotices }) };
  const state = { reachable: true };
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const provider: CalendarProvider = url.pathname.endsWith('google') ? 'google' : 'microsoft';
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const answer = state.reachable ? await receive[provider](aPost(provider, { headers, rawQueryString: url.search.slice(1), body: await bodyOf(request) })) : { statusCode: 503 };
      response.writeHead(answer.statusCode ?? 500, answer.headers as Record<string, string> | undefined).end(answer.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const table = world.tables.named.connections;
  const known = connections(world.tables.dynamo, table);
  let ids = 0;
  const watches = watchKeeper({ dynamo: world.tables.dynamo, table, connections: known, webhookBaseUrl: webhookUrl, clock: world.clock, newId: () => `watch-${seed ?? 0}-${(ids += 1)}` });
  const workers = (): InboundParts => ({ ...inbound(world), hints: bell, watches });
  const pull: WatchedWorld['pull'] = (connectionId, rang = []) => syncConnection(workers(), connectionId, { endsAt: world.clock() + leaseLength, rang });
  const setKeys = (...keyIds: readonly string[]): void => {
    const keys = keyIds.map((id, index) => ({ id, secret: aSecret(id), signsFrom: new Date(Date.parse('2020-01-01') + index).toISOString() }));
    world.settings.values.set(Setting.webhookKeys, JSON.stringify({ keys }));
  };
  setKeys('k1');
  const amend: WatchedWorld['amend'] = async (connectionId, list) =>
    void (await world.tables.dynamo.send(new UpdateItemCommand({ TableName: table, Key: { connection_id: { S: connectionId } }, UpdateExpression: 'SET watches = :watches REMOVE watches_revision', ExpressionAttributeValues: toItem({ ':watches': list }) })));
  return {
    ...world,
    webhookUrl, outcomes, pull, amend, setKeys,
    async connect(provider: CalendarProvider, options?: ConnectOptions): Promise<Connected> {
      const connected = await world.connect(provider, options);
      await amend(connected.id, []);
      return connected;
    },
    async takeHints() {
      const ends: PullEnd[] = [];
      for (let hint = hints.shift(); hint; hint = hints.shift()) ends.push(await pull(hint.connection_id, hint.watch ? [hint.watch] : []));
      return ends;
    },
    async noticesCame() {
      await Promise.all([world.google.notices.idle(), world.microsoft.notices.idle()]);
    },
    async row(connectionId) {
      const found = await known.get(connectionId);
      if (!found) throw new Error(`There is no connection ${connectionId}.`);
      return found;
    },
    pullRow: async (connectionId) => (await world.tables.get('sync-state', { connection_id: connectionId, part: 'pull' })) ?? {},
    get reachable() {
      return state.reachable;
    },
    set reachable(value) {
      state.reachable = value;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await world.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
