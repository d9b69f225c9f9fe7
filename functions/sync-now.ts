// POST /v1/sync/outbound and POST /v1/sync/inbound → does at once what the workers would do. Idempotent. Our failure: 503; what was
// marked is done by upkeep all the same.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { syncNow } from './parts/sync-now.ts';
import { bothParts } from './parts/workers.ts';

const { inbound, outbound } = bothParts('sync-now');

export const handler = middy(syncNow({ inbound, outbound })).use(injectLambdaContext(inbound.logger, { resetKeys: true }));
