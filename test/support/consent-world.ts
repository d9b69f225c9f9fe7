// Consents in one process: the real handlers behind a small HTTP server, the simulated consent pages, an engine in memory, a clock that
// only moves when told, and settings that a test turns at will.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { apiAnswer, apiEvent } from '../../infra/local/api-event.ts';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { claimAccount } from '../../lib/connect/account-claims.ts';
import { connect, type ConsentParts } from '../../lib/connect/consent-handler.ts';
import { consentStarts } from '../../lib/connect/consent-starts.ts';
import { keepGrant } from '../../lib/connect/keep-grant.ts';
import { consentDialogs } from '../../lib/connect/oauth-clients.ts';
import { startConsent } from '../../lib/connect/start-consent.ts';
import { seconds } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { isBeingErased, leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting } from '../../lib/platform/names.ts';
import type { GoogleSimulator } from '../simulators/google/simulator.ts';
import { startGoogleSimulator } from '../simulators/google/simulator.ts';
import { startMicrosoftSimulator, type MicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { countedTables } from './counted-tables.ts';
import { browser, consent, type Browser, type ConsentEnding, type Decides } from './browser.ts';
import { searchWorld } from './leaks.ts';
import { seededRandom } from './seeded-random.ts';
import { sendJson } from './send-json.ts';
import { TurnableSettings } from './small-world.ts';
import type { CountedTables } from './tables.ts';

export const returnUrl = 'https://platform.example/calendars?tab=mine';
export const clientOf = { google: { clientId: 'g-client', clientSecret: 'g-secret' }, microsoft: { clientId: 'm-client', clientSecret: 'm-secret' } } as const;

interface StartWanted {
  readonly providerId?: string;
  readonly returns?: boolean;
}

export interface ConsentWorld {
  readonly tables: CountedTables;
  readonly google: GoogleSimulator;
  readonly microsoft: MicrosoftSimulator;
  readonly settings: TurnableSettings;
  readonly hints: InboundHint[];
  readonly lines: string[];
  readonly url: string;
  readonly home: readonly string[];
  readonly parts: ConsentParts;
  advance(ms: number): void;
  post(body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  link(provider: CalendarProvider, wanted?: StartWanted): Promise<string>;
  /** From a new link to the end, in a browser of its own. */
  consents(provider: CalendarProvider, decides: Decides & StartWanted): Promise<ConsentEnding>;
  follow(at: Browser, link: string, decides: Decides): Promise<ConsentEnding>;
  /** Connections alone. */
  connections(): Promise<Connection[]>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startConsentWorld(): Promise<ConsentWorld> {
  let now = Date.parse('2026-03-02T09:00:00Z');
  const clock = (): number => now;
  const [tables, google, microsoft] = await Promise.all([
    countedTables(),
    startGoogleSimulator({ clock, random: seededRandom(3) }),
    startMicrosoftSimulator({ clock, random: seededRandom(4), behaviour: { latencyMs: 0 } }),
  ]);
  const settings = new TurnableSettings();
  const [hints, lines]: [InboundHint[], string[]] = [[], []];
  const parts = partsOf({ tables, google, microsoft, settings, clock, hints, lines });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const startId = /^\/connect\/([^/?]+)/.exec(request.url ?? '')?.[1];
      const pathParameters: Record<string, string> = startId === undefined || startId === 'callback' ? {} : { start_id: startId };
      const event = apiEvent({ request, body, match: { route: { routeKey: request.method ?? '', authorization: 'NONE', functionName: '', timeoutMs: 30_000 }, pathParameters }, apiId: 'a', stage: '$default', clock });
      void answerOf(parts, event).then((answer) => {
        const { status, headers, body: text } = apiAnswer(JSON.stringify(answer));
        response.writeHead(status, headers as Record<string, string | string[]>).end(text);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  parts.address(url);
  for (const [provider, simulator] of [['google', google], ['microsoft', microsoft]] as const) simulator.addClient({ ...clientOf[provider], redirectUris: [`${url}/connect/callback`] });

  const home = [url, google.url, microsoft.url];
  const post = (body: unknown) => sendJson(url, 'POST', '/v1/connections', body);
  const link = async (provider: CalendarProvider, { providerId = 'p-1', returns = false }: StartWanted = {}): Promise<string> =>
    String((await post({ provider_id: providerId, calendar_provider: provider, zone: 'Europe/Berlin', ...(returns && { return_url: returnUrl }) })).body['url']);
  const follow = (at: Browser, to: string, decides: Decides): Promise<ConsentEnding> => consent(at, to, { home, ...decides });
  const searched = (): Promise<void> => searchWorld({ of: [google, microsoft], tables, also: { hints, logs: lines } });
  const reset = async (): Promise<void> => {
    await searched();
    await Promise.all((['connections', 'sync-state', 'busy-intervals'] as const).map((table) => tables.aClean(table)));
    for (const list of [hints, lines]) list.length = 0;
    turnOn(settings);
    google.clearFaults();
    microsoft.clearFaults();
  };
  turnOn(settings);
  return {
    tables, google, microsoft, settings, hints, lines, url, home, parts, post, link, follow, reset,
    advance: (ms) => void (now += ms),
    consents: async (provider, decides) => follow(browser(), await link(provider, decides), decides),
    connections: async () => (await tables.all('connections')).filter(({ connection_id }) => !String(connection_id).includes('#')) as unknown as Connection[],
    async close() {
      await searched();
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), google.close(), microsoft.close()]);
    },
  };
}

export const tokenKeys = (ids: readonly string[], signsFrom = '2020-01-01T00:00:00Z'): string => JSON.stringify({ keys: ids.map((id) => ({ id, secret: Buffer.alloc(32, id).toString('base64'), signsFrom })) });

function turnOn(settings: TurnableSettings): void {
  settings.reset();
  settings.values.set(Setting.oauthEnabled, 'true');
  settings.values.set(Setting.tokenKeys, tokenKeys(['t1']));
  for (const [provider, name] of [['google', Setting.googleOauth], ['microsoft', Setting.microsoftOauth]] as const) {
    settings.values.set(name, JSON.stringify({ client_id: clientOf[provider].clientId, client_secret: clientOf[provider].clientSecret }));
  }
}

interface Made {
  readonly tables: CountedTables;
  readonly google: GoogleSimulator;
  readonly microsoft: MicrosoftSimulator;
  readonly settings: TurnableSettings;
  readonly clock: () => number;
  readonly hints: InboundHint[];
  readonly lines: string[];
}

function partsOf({ tables, google, microsoft, settings, clock, hints, lines }: Made): ConsentParts & { address(url: string): void } {
  const random = seededRandom(9);
  const randomBytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
  const { dynamo, named } = tables;
  const known = connections(dynamo, named.connections);
  let [apiUrl, count] = ['', 0];
  const log = (level: string) => (message: string, fields: object) => void lines.push(JSON.stringify({ level, message, ...fields }));
  const queue = { send: async (hint: InboundHint) => void hints.push(hint), sendAll: async (all: readonly InboundHint[]) => void hints.push(...all) };
  return {
    address: (url) => void (apiUrl = url),
    get apiUrl() {
      return apiUrl;
    },
    starts: consentStarts(dynamo, named.connections),
    settings, clock, randomBytes,
    isBeingErased: isBeingErased(leavingRows(dynamo, named['sync-state'])),
    telemetry: { measure: (name, value, dimensions) => void lines.push(JSON.stringify({ name, value, ...dimensions })), log: { info: log('info'), warn: log('warn'), error: log('error') } },
    newId: () => `c-${(count += 1)}`,
    dialog: (provider, snapshot) => consentDialogs({ redirectUri: `${apiUrl}/connect/callback`, consentUrl: google.oauthUrl, oauthUrl: google.oauthUrl, loginUrl: microsoft.loginUrl, clock })(provider, snapshot),
    open: { google: openGoogle({ apiUrl: google.url, clock }), microsoft: openMicrosoft({ graphUrl: microsoft.url, clock }) },
    claim: (owner, connectionId) => claimAccount({ dynamo, table: named.connections, connections: known }, owner, { connectionId, now: clock() }),
    ...keepGrant({ dynamo, tables: { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] }, hints: queue, clock }),
    markFutureBookings: async () => undefined,
  };
}

function answerOf(parts: ConsentParts, event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  if (event.rawPath.startsWith('/connect/')) return connect(parts)(event, parts.clock() + seconds(24));
  return startConsent({ ...parts, apiUrl: parts.apiUrl, failed: (failure) => parts.telemetry.log.error('failed', { reason: String(failure) }) })(event);
}
