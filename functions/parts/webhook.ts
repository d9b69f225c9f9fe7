// What both webhooks are made of.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import type { RawRequest } from '../../lib/ingest/raw-request.ts';
import type { Reading } from '../../lib/ingest/reading.ts';
import { receiveWebhook } from '../../lib/ingest/receive-webhook.ts';
import { dynamoClient, sqsClient, ssmClient, swift } from '../../lib/platform/clients.ts';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Env, functionSettings, Metric, type FunctionName } from '../../lib/platform/names.ts';
import { settings } from '../../lib/platform/settings.ts';
import { safeError, tellSettingsNotRead } from '../../lib/platform/telemetry.ts';
import { telemetry } from './telemetry.ts';

export function webhook(name: FunctionName, provider: CalendarProvider, read: (request: RawRequest) => Reading) {
  const env = readEnvironment([Env.syncStateTable, Env.inboundQueueUrl, Env.settingsPath]);
  const { logger, measure, log } = telemetry();
  const receive = receiveWebhook({
    provider,
    read,
    settings: settings({ ssm: ssmClient(swift), path: env.SETTINGS_PATH, names: functionSettings[name], clock: Date.now, onFailure: tellSettingsNotRead({ measure, log }) }),
    inbox: inbox(dynamoClient(swift), env.SYNC_STATE_TABLE),
    hints: hintQueue<InboundHint>(sqsClient(swift), env.INBOUND_QUEUE_URL, ({ connection_id }) => connection_id),
    clock: Date.now,
    told: (outcome, { failure, coalesced = 0 } = {}) => {
      measure(Metric.webhooks, 1, { calendar_provider: provider, outcome });
      if (coalesced > 0) measure(Metric.hintsCoalesced, coalesced, { calendar_provider: provider });
      if (failure !== undefined) log.error('webhook answered 503', { outcome, error: safeError(failure) });
    },
  });
  return { receive, logger };
}
