// The booking platform as a local run meets it: it turns flags, connects calendars, publishes bookings and asks for availability. Drives any
// run by its outputs alone.
import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import type { Clock } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { seal } from '../../lib/platform/seal.ts';
import { signWatchToken } from '../../lib/platform/watch-token.ts';
import type { Outputs } from '../../infra/local/outputs.ts';
import { eventually } from './eventually.ts';
import { person, type Person } from './person.ts';
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
}

export interface ConnectInput {
  readonly provider: CalendarProvider;
  readonly providerId: string;
  readonly connectionId?: string;
  readonly zone?: string;
  /** An export to fill the calendar with first. */
  readonly ics?: string;
  /** False: no watch is made, so that only polls find changes. */
  readonly watched?: boolean;
}

export interface Platform {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  readonly outputs: Outputs;
  set(name: SettingName, value: string): Promise<void>;
  /** Secrets, flags on, everybody allowed. */
  open(): Promise<void>;
  connect(input: ConnectInput): Promise<Connected>;
  busy(providerId: string, from: number, to: number): Promise<BusyAnswer>;
  availability(providerId: string, body: object): Promise<{ status: number; body: Record<string, unknown> }>;
  publish(type: 'created' | 'updated' | 'cancelled', booking: BookingInput): Promise<void>;
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Takes what lies on a queue now. */
  take(queue: keyof Outputs['queues']): Promise<{ body: string; attributes: Record<string, string> }[]>;
  /** A genuine watch token, as the connection's notices carry it. */
  watchToken(provider: CalendarProvider, connectionId: string, nonce: string): string;
}

const key = (id: string) => ({ id, secret: randomBytes(32).toString('base64'), signsFrom: '2020-01-01T00:00:00Z' });

export function platform(outputs: Outputs, clock: Clock = Date.now): Platform {
  const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const dynamo = new DynamoDBClient({ ...local, endpoint: outputs.endpoints.dynamodb });
  const sqs = new SQSClient({ ...local, endpoint: outputs.endpoints.sqs });
  const ssm = new SSMClient({ ...local, endpoint: outputs.endpoints.ssm });
  const webhookKeys = { keys: [key('w1')] };
  const tokenKeys = { keys: [key('t1')] };
  const clients = { google: { clientId: 'google-client', clientSecret: randomUUID() }, microsoft: { clientId: 'microsoft-client', clientSecret: randomUUID() } };

  const set = async (name: SettingName, value: string, Type: 'String' | 'SecureString' = 'String'): Promise<void> =>
    void (await ssm.send(new PutParameterCommand({ Name: outputs.settingsPath + name, Value: value, Type, Overwrite: true })));
  const watchToken = (provider: CalendarProvider, connectionId: string, nonce: string): string => signWatchToken(parseKeyRing(webhookKeys), { provider, connectionId, nonce }, clock());

  return {
    dynamo, sqs, ssm, outputs,
    set: (name, value) => set(name, value),
    async open() {
      for (const [name, document] of [[Setting.webhookKeys, webhookKeys], [Setting.tokenKeys, tokenKeys]] as const) await set(name, JSON.stringify(document), 'SecureString');
      for (const [provider, name] of [['google', Setting.googleOauth], ['microsoft', Setting.microsoftOauth]] as const) {
        const { clientId, clientSecret } = clients[provider];
        await set(name, JSON.stringify({ client_id: clientId, client_secret: clientSecret }), 'SecureString');
        await sendJson(provider === 'google' ? outputs.simulators.google : outputs.simulators.graph, 'POST', '/_sim/clients', clients[provider]);
      }
      for (const flag of [Setting.syncEnabled, Setting.jobsEnabled, Setting.webhookEnabled]) await set(flag, 'true');
      for (const list of [Setting.providerAllowlist, Setting.connectionAllowlist]) await set(list, '*');
    },
    async connect({ provider, providerId, connectionId = randomUUID(), zone = 'Europe/Berlin', ics, watched: watch = true }) {
      const root = provider === 'google' ? outputs.simulators.google : outputs.simulators.graph;
      const { someone, grant, calendarId } = await person({ provider, root, zone, name: connectionId });
      if (ics !== undefined) await someone.load(ics);
      const now = clock();
      const connection: Connection = {
        v: 1, connection_id: connectionId, provider_id: providerId, calendar_provider: provider, state: 'active', account: connectionId, zone, scopes: [],
        tokens: seal(parseKeyRing(tokenKeys), JSON.stringify(grant), { connectionId, now }),
        calendars: [{ id: calendarId, key: calendarKey(calendarId), blocks: true, receives: true, ...(!watch && { watchable: false }) }],
        watches: [], created_at: now, granted_at: now,
      };
      const hints = hintQueue<InboundHint>(sqs, outputs.queues.inbound, ({ connection_id }) => connection_id);
      const { connections, 'sync-state': syncState, 'busy-intervals': busyIntervals } = outputs.tables;
      await createConnection({ dynamo, tables: { connections, syncState, busyIntervals }, hints, clock }, connection);
      return { connection: watch ? await watched(connectionId) : connection, person: someone };
    },
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
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: outputs.queues[queue], MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }));
      return (Messages ?? []).map(({ Body = '', MessageAttributes = {} }) => ({ body: Body, attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue])) }));
    },
    watchToken,
  };

  /** The first pull makes the watch. */
  async function watched(connectionId: string): Promise<Connection> {
    return eventually(`a watch of ${connectionId}`, async () => {
      const connection = await connections(dynamo, outputs.tables.connections).get(connectionId);
      return connection?.watches.some(({ expires_at }) => expires_at !== undefined) === true && connection;
    });
  }
}
