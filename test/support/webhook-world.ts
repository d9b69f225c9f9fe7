// One webhook with everything real behind it but SQS and SSM: tables by whoever starts it, tokens by the real algorithm.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { randomBytes } from 'node:crypto';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { readGoogleNotice } from '../../lib/ingest/read-google-notice.ts';
import { readMicrosoftNotices } from '../../lib/ingest/read-microsoft-notices.ts';
import { receiveWebhook, type Outcome, type ToldMore } from '../../lib/ingest/receive-webhook.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { settingsFrom, unknownSettings, type SettingsSnapshot } from '../../lib/platform/settings.ts';
import { safeReason } from '../../lib/platform/telemetry.ts';
import { scriptedSqs, type Call } from './recorded-calls.ts';
import type { CountedTables } from './tables.ts';
import { keyRing } from './notices.ts';
import { untold } from './traces.ts';

const readers = { google: readGoogleNotice, microsoft: readMicrosoftNotices };
export const theStart = Date.parse('2026-03-02T09:00:00Z');

/** Webhooks on, every connection allowed, one key. */
export const openSettings = (overrides: Partial<Record<SettingName, string | undefined>> = {}): SettingsSnapshot => {
  const values: Partial<Record<SettingName, string | undefined>> = {
    [Setting.webhookEnabled]: 'true',
    [Setting.connectionAllowlist]: '*',
    [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document }),
    ...overrides,
  };
  return settingsFrom(new Map(Object.entries(values).filter((entry): entry is [SettingName, string] => entry[1] !== undefined)));
};

export interface WebhookWorld {
  /** Takes a delivery as API Gateway would hand it over. */
  post(event: APIGatewayProxyEventV2, provider?: CalendarProvider): Promise<APIGatewayProxyStructuredResultV2>;
  readonly tables: CountedTables;
  readonly queue: Call[];
  readonly outcomes: Outcome[];
  /** What the operator reads of the causes of 503s, oldest first. */
  readonly causes: string[];
  /** Bodies of the hints sent, oldest first. */
  hints(): InboundHint[];
  /** Settings as every following delivery finds them. */
  set(overrides: Partial<Record<SettingName, string | undefined>> | 'unknown'): void;
  queueFails(failing: boolean): void;
  pass(ms: number): void;
  now(): number;
  /** A connection that exists, clean. */
  connected(connectionId?: string): Promise<string>;
  inboxOf(connectionId: string): Promise<Record<string, unknown> | undefined>;
}

export function webhookWorld(tables: CountedTables): WebhookWorld {
  let now = theStart;
  let snapshot = openSettings();
  let failing = false;
  const { sqs, calls: queue } = scriptedSqs(() => {
    if (failing) throw new Error('the queue does not answer');
    return { MessageId: 'm' };
  });
  const outcomes: Outcome[] = [];
  const causes: string[] = [];
  const parts = {
    settings: { read: async () => snapshot },
    inbox: inbox(tables.dynamo, tables.named['sync-state']),
    hints: hintQueue<InboundHint>(sqs, 'https://sqs.example/inbound', ({ connection_id }) => connection_id),
    clock: () => now,
    trace: untold,
    told: (outcome: Outcome, { failure }: ToldMore = {}) => {
      outcomes.push(outcome);
      if (failure !== undefined) causes.push(safeReason(failure));
    },
  };
  const receive = { google: receiveWebhook({ ...parts, provider: 'google', read: readers.google }), microsoft: receiveWebhook({ ...parts, provider: 'microsoft', read: readers.microsoft }) };
  return {
    tables, queue, outcomes, causes,
    post: (event, provider = event.rawPath.endsWith('google') ? 'google' : 'microsoft') => receive[provider](event),
    hints: () => queue.map(({ input }) => JSON.parse(String(input['MessageBody'])) as InboundHint),
    set: (overrides) => void (snapshot = overrides === 'unknown' ? unknownSettings : openSettings(overrides)),
    queueFails: (fails) => void (failing = fails),
    pass: (ms) => void (now += ms),
    now: () => now,
    async connected(connectionId = `c-${randomBytes(6).toString('hex')}`) {
      await tables.put('sync-state', { connection_id: connectionId, part: 'inbox', v: 1, generation: 1 });
      return connectionId;
    },
    inboxOf: (connectionId) => tables.get('sync-state', { connection_id: connectionId, part: 'inbox' }),
  };
}
