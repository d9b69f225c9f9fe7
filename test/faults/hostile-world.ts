// The functions as they are, in this process, with everything that a stranger could aim at: two connections, a booking, consents under way.
// Each call is told by its answer, what it wrote and sent, and every line that it printed.
import type { Context } from 'aws-lambda';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import { Env, Setting, settingsPath, type FunctionName } from '../../lib/platform/names.ts';
import { seal } from '../../lib/platform/seal.ts';
import { defaultClient, startGoogleSimulator } from '../simulators/google/simulator.ts';
import { startMicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { startAwsEndpoint, type SentMessage } from '../support/aws-endpoint.ts';
import { functionEnvironments } from '../support/function-environments.ts';
import { memoryTables, type Written } from '../support/memory-tables.ts';
import { aSecret, googleToken, graphState, keyRing } from '../support/notices.ts';

type Handler = (event: unknown, context: Partial<Context>) => Promise<unknown>;

/** What came of one call. */
export interface Asked {
  readonly answer?: unknown;
  /** It threw: API Gateway would say 500. */
  readonly error?: unknown;
  readonly written: readonly Written[];
  readonly sent: readonly SentMessage[];
  readonly printed: string;
}

export interface HostileWorld {
  ask(name: FunctionName, event: unknown): Promise<Asked>;
  /** Fills a new calendar of each simulator with an export, as the local run does; throws where that fails. */
  load(ics: string): void;
  /** Of a dead-letter queue, as messages sent name it. */
  readonly dead: { readonly inbound: string; readonly booking: string };
  readonly genuine: typeof genuine;
  /** What must stand in no log line. */
  readonly secrets: Set<string>;
  close(): Promise<void>;
}

/** Who is there. `leaver` may be disconnected by whoever asks for it properly. */
export const genuine = {
  provider: 'p-1',
  google: 'alive-google',
  microsoft: 'alive-microsoft',
  leaver: 'leaver',
  booking: 'b-1',
  channel: 'channel-1',
  googleToken: googleToken('alive-google', 'channel-1'),
  graphState: graphState('alive-microsoft'),
} as const;

const tokenKeys = { keys: [{ id: 't1', secret: aSecret('t1'), signsFrom: '2020-01-01T00:00:00Z' }] };
const functions = ['google-webhook', 'microsoft-webhook', 'inbound-sync', 'booking-sync', 'availability', 'connections', 'connect', 'sync-now'] as const satisfies readonly FunctionName[];
const context = { functionName: 'f', functionVersion: '$LATEST', memoryLimitInMB: '256', awsRequestId: 'r', invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f', callbackWaitsForEmptyEventLoop: false, getRemainingTimeInMillis: () => 30_000 };

export async function startHostileWorld(): Promise<HostileWorld> {
  const [tables, google, microsoft] = await Promise.all([memoryTables(Date.now), startGoogleSimulator({}), startMicrosoftSimulator({ behaviour: { latencyMs: 0, batchMs: 0 } })]);
  const aws = await startAwsEndpoint(tables);
  microsoft.addClient({ clientId: 'microsoft-client', clientSecret: aSecret('microsoft') });
  const providers = { [Env.googleApiUrl]: google.url, [Env.googleOauthUrl]: google.oauthUrl, [Env.googleConsentUrl]: google.url, [Env.microsoftGraphUrl]: microsoft.url, [Env.microsoftLoginUrl]: microsoft.loginUrl };
  const environments = await functionEnvironments({ aws: aws.url, providers });
  for (const [name, value] of Object.entries(settingsHere())) aws.parameters.set(settingsPath('staging') + name, value);

  const before = { ...process.env };
  const handlers = new Map<FunctionName, Handler>();
  for (const name of functions) {
    Object.assign(process.env, { NODE_ENV: 'production', POWERTOOLS_DEV: 'false' }, environments.get(name));
    handlers.set(name, ((await import(`../../functions/${name}.ts`)) as { handler: Handler }).handler);
  }
  const written: Written[] = [];
  tables.onWrite = (one) => void written.push(one);
  const ask = async (name: FunctionName, event: unknown): Promise<Asked> => {
    [written.length, aws.sent.length] = [0, 0];
    const listening = listen();
    const end = await (handlers.get(name) ?? refused)(event, context).then((answer) => ({ answer }), (error: unknown) => ({ error }));
    return { ...end, written: [...written], sent: [...aws.sent], printed: listening() };
  };

  const secrets = new Set([aSecret('k1'), aSecret('t1'), aSecret('microsoft'), defaultClient.clientSecret, genuine.googleToken, genuine.graphState]);
  const people = [
    { id: genuine.google, calendar_provider: 'google', calendar: 'a@google.example', ...google.addAccount({ email: 'a@google.example', calendars: [{ id: 'a@google.example', timeZone: 'UTC', primary: true }] }) },
    { id: genuine.leaver, calendar_provider: 'google', calendar: 'l@google.example', ...google.addAccount({ email: 'l@google.example', calendars: [{ id: 'l@google.example', timeZone: 'UTC', primary: true }] }) },
    { id: genuine.microsoft, calendar_provider: 'microsoft', calendar: 'Calendar', ...microsoft.addAccount({ email: 'm@microsoft.example' }) },
  ] as const;
  for (const { id, calendar_provider, accessToken, refreshToken, calendar } of people) {
    secrets.add(accessToken).add(refreshToken);
    const now = Date.now();
    const tokens = seal(parseKeyRing(tokenKeys), JSON.stringify({ access_token: accessToken, expires_at: now + 3_500_000, refresh_token: refreshToken }), { connectionId: id, now });
    const names = { connections: tables.named.connections, syncState: tables.named['sync-state'], busyIntervals: tables.named['busy-intervals'] };
    await createConnection({ dynamo: tables.dynamo, tables: names, hints: { send: async () => undefined, sendAll: async () => undefined }, clock: Date.now }, {
      v: 1, connection_id: id, provider_id: id === genuine.leaver ? 'p-2' : genuine.provider, calendar_provider, state: 'active', account: id, scopes: [], tokens, watches: [], created_at: now, granted_at: now,
      calendars: [{ id: calendar, key: calendarKey(calendar), blocks: true, receives: true }],
    });
  }
  let files = 0;
  return {
    ask, genuine, secrets,
    load(ics) {
      const email = `file-${(files += 1)}@example.com`;
      google.addPerson({ email, calendars: [{ id: email, timeZone: 'UTC', primary: true }] });
      google.load({ account: email, calendar: email, ics });
      microsoft.addAccount({ email });
      microsoft.load({ account: email, ics });
    },
    dead: { inbound: lastPart(environments.get('inbound-sync')?.[Env.inboundDeadQueueUrl]), booking: lastPart(environments.get('booking-sync')?.[Env.bookingDeadQueueUrl]) },
    async close() {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      await Promise.all([aws.close(), google.close(), microsoft.close()]);
    },
  };
}

const refused: Handler = () => Promise.reject(new Error('There is no such function.'));
const lastPart = (url = ''): string => url.split('/').at(-1) ?? '';

const settingsHere = (): Record<string, string> => ({
  [Setting.syncEnabled]: 'true', [Setting.webhookEnabled]: 'true', [Setting.oauthEnabled]: 'true', [Setting.jobsEnabled]: 'true',
  [Setting.providerAllowlist]: '*', [Setting.connectionAllowlist]: '*',
  [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document }),
  [Setting.tokenKeys]: JSON.stringify(tokenKeys),
  [Setting.googleOauth]: JSON.stringify({ client_id: defaultClient.clientId, client_secret: defaultClient.clientSecret }),
  [Setting.microsoftOauth]: JSON.stringify({ client_id: 'microsoft-client', client_secret: aSecret('microsoft') }),
});

/** Everything printed from now on, until the function given back is called. */
function listen(): () => string {
  const lines: string[] = [];
  const usual = [process.stdout.write, process.stderr.write] as const;
  const keep = ((chunk: string | Uint8Array): boolean => {
    lines.push(chunk.toString());
    return true;
  }) as typeof process.stdout.write;
  [process.stdout.write, process.stderr.write] = [keep, keep];
  return () => {
    [process.stdout.write, process.stderr.write] = usual;
    return lines.join('');
  };
}
