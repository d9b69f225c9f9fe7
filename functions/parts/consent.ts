// What consents are made of. Rooms don't import each other, so they are joined here.
import { randomBytes, randomUUID } from 'node:crypto';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import { claimAccount } from '../../lib/connect/account-claims.ts';
import type { ConsentParts } from '../../lib/connect/consent-handler.ts';
import { consentStarts } from '../../lib/connect/consent-starts.ts';
import { keepGrant } from '../../lib/connect/keep-grant.ts';
import { markFutureBookings } from '../../lib/connect/mark-future-bookings.ts';
import { consentDialogs } from '../../lib/connect/oauth-clients.ts';
import { dynamoClient, sqsClient, ssmClient, steady } from '../../lib/platform/clients.ts';
import { connections } from '../../lib/platform/connections.ts';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { lateDues } from '../../lib/platform/late-dues.ts';
import { isBeingErased, leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { InboundHint, ProviderHint } from '../../lib/platform/messages.ts';
import { Env, functionSettings } from '../../lib/platform/names.ts';
import { settings } from '../../lib/platform/settings.ts';
import { tellSettingsNotRead } from '../../lib/platform/telemetry.ts';
import { telemetry } from './telemetry.ts';

const clock = Date.now;

export function consentParts(): ConsentParts & Pick<ReturnType<typeof telemetry>, 'logger'> {
  const env = readEnvironment([
    Env.settingsPath, Env.connectionsTable, Env.syncStateTable, Env.busyIntervalsTable, Env.inboundQueueUrl, Env.bookingQueueUrl, Env.apiUrl,
    Env.googleApiUrl, Env.googleOauthUrl, Env.googleConsentUrl, Env.microsoftGraphUrl, Env.microsoftLoginUrl,
  ]);
  const { logger, log, measure } = telemetry();
  const dynamo = dynamoClient(steady);
  const table = env.CONNECTIONS_TABLE;
  const known = connections(dynamo, table);
  const gates = settings({ ssm: ssmClient(steady), path: env.SETTINGS_PATH, names: functionSettings.connect, clock, onFailure: tellSettingsNotRead({ measure, log }) });
  const sqs = sqsClient(steady);
  const providerHints = hintQueue<ProviderHint>(sqs, env.BOOKING_QUEUE_URL, ({ provider_id }) => provider_id);
  const hints = hintQueue<InboundHint>(sqs, env.INBOUND_QUEUE_URL, ({ connection_id }) => connection_id);
  return {
    logger, clock, randomBytes,
    telemetry: { log, measure },
    newId: randomUUID,
    settings: gates,
    isBeingErased: isBeingErased(leavingRows(dynamo, env.SYNC_STATE_TABLE)),
    apiUrl: env.API_URL,
    starts: consentStarts(dynamo, table),
    dialog: consentDialogs({ redirectUri: `${env.API_URL}/connect/callback`, consentUrl: env.GOOGLE_CONSENT_URL, oauthUrl: env.GOOGLE_OAUTH_URL, loginUrl: env.MICROSOFT_LOGIN_URL, clock }),
    open: { google: openGoogle({ apiUrl: env.GOOGLE_API_URL, clock }), microsoft: openMicrosoft({ graphUrl: env.MICROSOFT_GRAPH_URL, clock }) },
    claim: (owner, connectionId) => claimAccount({ dynamo, table, connections: known }, owner, { connectionId, now: clock() }),
    ...keepGrant({ dynamo, tables: { connections: table, syncState: env.SYNC_STATE_TABLE, busyIntervals: env.BUSY_INTERVALS_TABLE }, hints, clock }),
    markFutureBookings: markFutureBookings({ late: lateDues(dynamo, env.SYNC_STATE_TABLE), providerHints, clock }),
  };
}
