// What both webhooks are made of.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import type { RawRequest } from '../../lib/ingest/raw-request.ts';
import type { Reading } from '../../lib/ingest/reading.ts';
import { receiveWebhook } from '../../lib/ingest/receive-webhook.ts';
import { tellDelivery } from '../../lib/ingest/tell-delivery.ts';
import { dynamoClient, sqsClient, ssmClient, swift } from '../../lib/platform/clients.ts';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Env, functionSettings, type FunctionName } from '../../lib/platform/names.ts';
import { settings } from '../../lib/platform/settings.ts';
import { tellSettingsNotRead } from '../../lib/platform/telemetry.ts';
import { traceOf } from '../../lib/platform/trace.ts';
import { telemetry } from './telemetry.ts';

export function webhook(name: FunctionName, provider: CalendarProvider, read: (request: RawRequest) => Reading) {
  const env = readEnvironment([Env.syncStateTable, Env.inboundQueueUrl, Env.settingsPath]);
  const { logger, ...tracing } = telemetry();
  const { measure, log } = tracing;
  const receive = receiveWebhook({
    provider,
    read,
    settings: settings({ ssm: ssmClient(swift), path: env.SETTINGS_PATH, names: functionSettings[name], clock: Date.now, onFailure: tellSettingsNotRead({ measure, log }) }),
    inbox: inbox(dynamoClient(swift), env.SYNC_STATE_TABLE),
    hints: hintQueue<InboundHint>(sqsClient(swift), env.INBOUND_QUEUE_URL, ({ connection_id }) => connection_id),
    clock: Date.now,
    trace: ({ connectionId, watchId }) => traceOf(tracing, undefined, { connection_id: connectionId, calendar_provider: provider, watch_id: watchId }),
    told: tellDelivery({ measure, log }, provider),
  });
  return { receive, logger };
}
