// GET /v1/providers/{provider_id}/connections and GET /v1/connections/{connection_id} → who is connected and how it stands, without secrets.
// POST /v1/connections → the start of a consent, and the link to it. DELETE /v1/connections/{connection_id} and
// DELETE /v1/providers/{provider_id} → saved and rung for; inbound-sync and booking-sync bring it about.
import { randomBytes } from 'node:crypto';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { disconnect, erase } from '../lib/connect/begin-leaving.ts';
import { readStandings } from '../lib/connect/connection-standing.ts';
import { connectionRows } from '../lib/connect/connection-rows.ts';
import { consentStarts } from '../lib/connect/consent-starts.ts';
import { readConnections } from '../lib/connect/read-connections.ts';
import { startConsent } from '../lib/connect/start-consent.ts';
import { dynamoClient, sqsClient, ssmClient, steady } from '../lib/platform/clients.ts';
import { connections } from '../lib/platform/connections.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { hintQueue } from '../lib/platform/hint-queue.ts';
import { isBeingErased, leavingRows } from '../lib/platform/leaving-rows.ts';
import type { InboundHint, ProviderHint } from '../lib/platform/messages.ts';
import { Env, functionSettings } from '../lib/platform/names.ts';
import { settings } from '../lib/platform/settings.ts';
import { safeError, tellSettingsNotRead } from '../lib/platform/telemetry.ts';
import { byRoute } from './parts/by-route.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { telemetry } from './parts/telemetry.ts';

const env = readEnvironment([Env.connectionsTable, Env.syncStateTable, Env.busyIntervalsTable, Env.inboundQueueUrl, Env.bookingQueueUrl, Env.settingsPath, Env.apiUrl]);
const { logger, log, measure } = telemetry();
const dynamo = dynamoClient(steady);
const failed = (failure: unknown): void => log.error('a request about connections was not answered', { error: safeError(failure) });
const read = readConnections({
  connections: connections(dynamo, env.CONNECTIONS_TABLE),
  standings: readStandings(dynamo, { syncState: env.SYNC_STATE_TABLE, busyIntervals: env.BUSY_INTERVALS_TABLE }),
  failed,
});
const leaving = leavingRows(dynamo, env.SYNC_STATE_TABLE);
const start = startConsent({
  starts: consentStarts(dynamo, env.CONNECTIONS_TABLE),
  settings: settings({ ssm: ssmClient(steady), path: env.SETTINGS_PATH, names: functionSettings.connections, clock: Date.now, onFailure: tellSettingsNotRead({ measure, log }) }),
  isBeingErased: isBeingErased(leaving),
  apiUrl: env.API_URL,
  clock: Date.now,
  randomBytes,
  failed,
});

const sqs = sqsClient(steady);
const goodbye = {
  connections: connections(dynamo, env.CONNECTIONS_TABLE),
  leaving,
  rows: connectionRows(dynamo, { connections: env.CONNECTIONS_TABLE, syncState: env.SYNC_STATE_TABLE, busyIntervals: env.BUSY_INTERVALS_TABLE }),
  hints: hintQueue<InboundHint>(sqs, env.INBOUND_QUEUE_URL, ({ connection_id }) => connection_id),
  providerHints: hintQueue<ProviderHint>(sqs, env.BOOKING_QUEUE_URL, ({ provider_id }) => provider_id),
  clock: Date.now,
  failed,
};

export const handler = middy(byRoute({ 'POST /v1/connections': start, 'GET /v1/connections/{connection_id}': read, 'GET /v1/providers/{provider_id}/connections': read, 'DELETE /v1/connections/{connection_id}': disconnect(goodbye), 'DELETE /v1/providers/{provider_id}': erase(goodbye) })).use(
  injectLambdaContext(logger, { resetKeys: true }),
).use(safeFailure(logger));
