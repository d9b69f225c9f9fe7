// GET /v1/providers/{provider_id}/busy and POST /v1/providers/{provider_id}/availability → one consistent query of busy-intervals.
// Bad questions: 400 with a sentence. Our failure: 503, and the caller asks again.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { answerAvailability } from '../lib/availability/answer-availability.ts';
import { readProvider } from '../lib/availability/read-provider.ts';
import { dynamoClient, ssmClient, steady } from '../lib/platform/clients.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { Env, functionSettings } from '../lib/platform/names.ts';
import { settings } from '../lib/platform/settings.ts';
import { safeError, tellSettingsNotRead } from '../lib/platform/telemetry.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { telemetry } from './parts/telemetry.ts';

const env = readEnvironment([Env.busyIntervalsTable, Env.settingsPath]);
const { logger, log, measure } = telemetry();
const answer = answerAvailability({
  read: readProvider(dynamoClient(steady), env.BUSY_INTERVALS_TABLE),
  settings: settings({ ssm: ssmClient(steady), path: env.SETTINGS_PATH, names: functionSettings.availability, clock: Date.now, onFailure: tellSettingsNotRead({ measure, log }) }),
  clock: Date.now,
  failed: (failure) => log.error('availability not answered', { error: safeError(failure) }),
});

export const handler = middy(answer).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
