// GET /ops/metrics/calendar → CloudWatch's figures, as JSON or for Prometheus; totals in one row of sync-state.
// Our failure, or CloudWatch's: 503, and the scraper has a gap but no counter that falls.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { answerMetrics } from '../lib/operate/metrics/answer-metrics.ts';
import { readFigures } from '../lib/operate/metrics/figures.ts';
import { snapshotRows } from '../lib/operate/metrics/snapshot-row.ts';
import { cloudWatchClient, dynamoClient, steady } from '../lib/platform/clients.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { Env } from '../lib/platform/names.ts';
import { safeError } from '../lib/platform/telemetry.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { telemetry } from './parts/telemetry.ts';

const env = readEnvironment([Env.stage, Env.syncStateTable]);
const { logger, log } = telemetry();
const answer = answerMetrics({
  read: readFigures(cloudWatchClient(steady), env.STAGE),
  rows: snapshotRows(dynamoClient(steady), env.SYNC_STATE_TABLE),
  stage: env.STAGE,
  clock: Date.now,
  failed: (failure) => log.error('metrics not answered', { error: safeError(failure) }),
});

export const handler = middy(answer).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
