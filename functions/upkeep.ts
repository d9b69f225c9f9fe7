// Every minute → hints for what is dirty, pending or due and in nobody's hand. A tick that dies is made good by the next.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { dynamoClient, sqsClient, ssmClient, steady } from '../lib/platform/clients.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { hintQueue } from '../lib/platform/hint-queue.ts';
import type { BookingHint, InboundHint, ProviderHint } from '../lib/platform/messages.ts';
import { Env, functionSettings } from '../lib/platform/names.ts';
import { settings } from '../lib/platform/settings.ts';
import { tellSettingsNotRead } from '../lib/platform/telemetry.ts';
import { tick } from '../lib/upkeep/tick.ts';
import { upkeepStates } from '../lib/upkeep/upkeep-state.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { telemetry } from './parts/telemetry.ts';

const env = readEnvironment([Env.connectionsTable, Env.syncStateTable, Env.bookingEventsTable, Env.inboundQueueUrl, Env.bookingQueueUrl, Env.settingsPath]);
const { logger, log, measure, newCorrelation } = telemetry();
const dynamo = dynamoClient(steady);
const sqs = sqsClient(steady);
const parts = {
  dynamo, log, measure, newCorrelation,
  tables: { connections: env.CONNECTIONS_TABLE, syncState: env.SYNC_STATE_TABLE, bookingEvents: env.BOOKING_EVENTS_TABLE },
  states: upkeepStates(dynamo, env.SYNC_STATE_TABLE),
  settings: settings({ ssm: ssmClient(steady), path: env.SETTINGS_PATH, names: functionSettings.upkeep, clock: Date.now, onFailure: tellSettingsNotRead({ measure, log }) }),
  inbound: hintQueue<InboundHint>(sqs, env.INBOUND_QUEUE_URL, ({ connection_id }) => connection_id),
  booking: hintQueue<BookingHint>(sqs, env.BOOKING_QUEUE_URL, ({ booking_id }) => booking_id),
  provider: hintQueue<ProviderHint>(sqs, env.BOOKING_QUEUE_URL, ({ provider_id }) => provider_id),
  clock: Date.now,
};

export const handler = middy(() => tick(parts)).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
