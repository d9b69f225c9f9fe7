// The booking platform as a local run meets it: it turns flags, connects calendars, publishes bookings and asks for availability. Drives any
// run by its outputs alone.
import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { Clock } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { signWatchToken } from '../../lib/platform/watch-token.ts';
import type { Outputs } from '../../infra/local/outputs.ts';
import { browser, consent } from './browser.ts';
import { eventually } from './eventually.ts';
import { person, type Person, type Somebody } from './person.ts';
import { sendJson } from './send-json.ts';

export interface BookingInput {
  readonly id: string;
  readonly version: number;
  readonly provider_id: string;
  readonly start_time: string;
  readonly end_time: string;
  readonly title?: string;
  readonly description?: string;
  readonly location?: string;
  readonly status?: 'pending' | 'confirmed' | 'cancelled';
}

export interface BusyAnswer {
  readonly busy: readonly { readonly start: string; readonly end: string }[];
  readonly bookable: boolean;
  readonly reasons: readonly string[];
  readonly connections: readonly { readonly connection_id: string; readonly state: string; readonly last_read: string | null; readonly window: { from: string; to: string } | null; readonly reasons: readonly string[] }[];
}

export interface Connected {
  readonly connection: Connection;
  /** Who edits the calendar by hand. */
  readonly person: Person;
  readonly email: string;
  /** Their second calendar, where one was asked for. */
  readonly elsewhere?: Somebody['elsewhere'];
}

export interface ConnectInput {
  readonly provider: CalendarProvider;
  readonly providerId: string;
  /** What stands before the @ of the person's address. */
  readonly account?: string;
  readonly zone?: string;
  /** An export to fill the calendar with first. */
  readonly ics?: string;
  /** False: no watch is made, so that only polls find changes. */
  readonly watched?: boolean;
  /** A second calendar, which nobody has chosen yet. */
  readonly second?: boolean;
}

export interface Platform {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  readonly outputs: Outputs;
  set(name: SettingName, value: string): Promise<void>;
  /** Secrets, flags on, everybody allowed. */
  open(): Promise<void>;
  /** A new key, which signs and seals at once, beside the old ones; or only the newest is left. Functions know within 30 s. */
  rotate(ring: 'WEBHOOK_KEYS' | 'TOKEN_KEYS', how: 'add' | 'drop old'): Promise<void>;
  connect(input: ConnectInput): Promise<Connected>;
  /** The link under which a professional connects a calendar. */
  startConsent(input: Pick<ConnectInput, 'provider' | 'providerId' | 'zone'> & { returnUrl?: string; loginHint?: string }): Promise<string>;
  /** What nobody may write down in clear: links, client secrets, keys. */
  readonly secrets: Set<string>;
  /** What our own links and the consent pages begin with. */
  readonly home: readonly string[];
  busy(providerId: string, from: number, to: number): Promise<BusyAnswer>;
  availability(providerId: string, body: object): Promise<{ status: number; body: Record<string, unknown> }>;
  publish(type: 'created' | 'updated' | 'cancelled', booking: BookingInput): Promise<void>;
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Takes what lies on a queue now, off it. */
  take(queue: keyof Outputs['queues']): Promise<{ body: string; attributes: Record<string, string> }[]>;
  /** A genuine watch token, as the connection's notices carry it. */
  watchToken(provider: CalendarProvider, connectionId: string, nonce: string): string;
}

const key = (id: string, age = 0) => ({ id, secret: randomBytes(32).toString('base64'), signsFrom: new Date(Date.UTC(2020, 0, 1 + age)).toISOString() });

export function platform(outputs: Outputs, clock: Clock = Date.now): Platform {
  const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const dynamo = new DynamoDBClient({ ...local, endpoint: outputs.endpoints.dynamodb });
  const sqs = new SQSClient({ ...local, endpoint: outputs.endpoints.sqs });
  const ssm = new SSMClient({ ...local, endpoint: outputs.endpoints.ssm });
  const rings = { [Setting.webhookKeys]: { keys: [key('w1')] }, [Setting.tokenKeys]: { keys: [key('t1')] } };
  const clients = { google: { clientId: 'google-client', clientSecret: randomUUID() }, microsoft: { clientId: 'microsoft-client', clientSecret: randomUUID() } };

  const secrets = new Set<string>([clients.google.clientSecret, clients.microsoft.clientSecret]);
  const known = connections(dynamo, outputs.tables.connections);
  /** Nobody answers there: where a consent ends is read from the redirect. */
  const returnUrl = 'https://platform.example/settings/calendars';
  const home = [outputs.apiUrl, ...new Set(Object.values(outputs.simulators))];

  const set = async (name: SettingName, value: string, Type: 'String' | 'SecureString' = 'String'): Promise<void> =>
    void (await ssm.send(new PutParameterCommand({ Name: outputs.settingsPath + name, Value: value, Type, Overwrite: true })));
  const setRing = (name: keyof typeof rings): Promise<void> => {
    for (const { secret } of rings[name].keys) secrets.add(secret);
    return set(name, JSON.stringify(rings[name]), 'SecureString');
  };
  const watchToken = (provider: CalendarProvider, connectionId: string, nonce: string): string => signWatchToken(parseKeyRing(rings[Setting.webhookKeys]), { provider, connectionId, nonce }, clock());

  return {
    dynamo, sqs, ssm, outputs,
    set: (name, value) => set(name, value),
    async rotate(ring, how) {
      const { keys } = rings[ring];
      if (how === 'add') keys.push(key(`${ring === Setting.webhookKeys ? 'w' : 't'}${keys.length + 1}`, keys.length));
      else keys.splice(0, keys.length - 1);
      await setRing(ring);
    },
    async open() {
      for (const name of [Setting.webhookKeys, Setting.tokenKeys] as const) await setRing(name);
      for (const [provider, name] of [['google', Setting.googleOauth], ['microsoft', Setting.microsoftOauth]] as const) {
        const { clientId, clientSecret } = clients[provider];
        await set(name, JSON.stringify({ client_id: clientId, client_secret: clientSecret }), 'SecureString');
        await sendJson(provider === 'google' ? outputs.simulators.google : outputs.simulators.graph, 'POST', '/_sim/clients', { ...clients[provider], redirectUris: [`${outputs.apiUrl}/connect/callback`] });
      }
      for (const flag of [Setting.syncEnabled, Setting.jobsEnabled, Setting.webhookEnabled, Setting.oauthEnabled]) await set(flag, 'true');
      for (const list of [Setting.providerAllowlist, Setting.connectionAllowlist]) await set(list, '*');
    },
    async connect({ provider, providerId, account = randomUUID(), zone = 'Europe/Berlin', ics, watched: watch = true, second = false }) {
      if (!watch && provider === 'microsoft') throw new Error('A simulated mailbox can always be watched.');
      const root = provider === 'google' ? outputs.simulators.google : outputs.simulators.graph;
      const { someone, email, elsewhere } = await person({ provider, root, zone, name: account, unwatchable: !watch, second });
      if (ics !== undefined) await someone.load(ics);
      const connectionId = await consented({ provider, providerId, zone }, email);
      return { connection: await (watch ? watched(connectionId) : connectionOf(connectionId)), person: someone, email, ...(elsewhere !== undefined && { elsewhere }) };
    },
    startConsent, home, secrets,
    busy: async (providerId, from, to) => {
      const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      return (await sendJson(outputs.apiUrl, 'GET', `/v1/providers/${encodeURIComponent(providerId)}/busy?${query.toString()}`)).body as unknown as BusyAnswer;
    },
    availability: (providerId, body) => sendJson(outputs.apiUrl, 'POST', `/v1/providers/${encodeURIComponent(providerId)}/availability`, body),
    async publish(type, booking) {
      const event = { id: randomUUID(), type: `booking.${type}`, occurred_at: new Date(clock()).toISOString(), booking: { service_id: 'consultation', title: 'Consultation', status: type === 'cancelled' ? 'cancelled' : 'confirmed', ...booking } };
      await sqs.send(new SendMessageCommand({ QueueUrl: outputs.queues.booking, MessageBody: JSON.stringify(event) }));
    },
    post: (path, body) => sendJson(outputs.apiUrl, 'POST', path, body),
    async take(queue) {
      const QueueUrl = outputs.queues[queue];
      const taken: { body: string; attributes: Record<string, string> }[] = [];
      for (;;) {
        // One at a time, with a wait: the local engine holds a receive of several until it has them all, and answers none without a wait.
        const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] }));
        if (message === undefined) return taken;
        const { Body = '', MessageAttributes = {}, ReceiptHandle } = message;
        taken.push({ body: Body, attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue])) });
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    },
    watchToken,
  };

  async function startConsent({ provider, providerId, zone, returnUrl: to, loginHint }: Parameters<Platform['startConsent']>[0]): Promise<string> {
    const { status, body } = await sendJson(outputs.apiUrl, 'POST', '/v1/connections', { provider_id: providerId, calendar_provider: provider, zone, return_url: to, login_hint: loginHint });
    if (status !== 201) throw new Error(`POST /v1/connections answered ${status}: ${JSON.stringify(body)}`);
    const url = String(body['url']);
    secrets.add(url.split('/').at(-1) ?? '');
    return url;
  }

  /** A provider that does not answer in time, as on a machine with too much to do, is tried again: so the page says. */
  async function consented(input: Pick<ConnectInput, 'provider' | 'providerId' | 'zone'>, email: string, attempts = 4): Promise<string> {
    const { returned, page } = await consent(browser(), await startConsent({ ...input, returnUrl }), { home, account: email });
    const connectionId = returned?.searchParams.get('connection_id');
    if (typeof connectionId === 'string') return connectionId;
    if (attempts > 1 && page?.text.includes('provider_unavailable') === true) return consented(input, email, attempts - 1);
    throw new Error(`The consent ended elsewhere: ${returned?.toString() ?? page?.text.replace(/<style>.*<\/style>/, '')}`);
  }

  async function connectionOf(connectionId: string): Promise<Connection> {
    const connection = await known.get(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    return connection;
  }

  /** The first pull makes the watch. */
  async function watched(connectionId: string): Promise<Connection> {
    return eventually(`a watch of ${connectionId}`, async () => {
      const connection = await known.get(connectionId);
      return connection?.watches.some(({ expires_at }) => expires_at !== undefined) === true && connection;
    });
  }
}
