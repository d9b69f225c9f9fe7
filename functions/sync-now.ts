// POST /v1/sync/outbound and POST /v1/sync/inbound → does at once what the workers would do. Idempotent. Our failure: 503; what was
// marked is done by upkeep all the same. PATCH /v1/connections/{connection_id} → other calendars, read and written from now on.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { patchConnection } from '../lib/connect/patch-connection.ts';
import { byRoute } from './parts/by-route.ts';
import { patchParts } from './parts/patch.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { syncNow } from './parts/sync-now.ts';
import { bothParts } from './parts/workers.ts';

const { inbound, outbound } = bothParts('sync-now');

const sync = syncNow({ inbound, outbound });
const patch = patchConnection(patchParts(inbound));

export const handler = middy(byRoute({ 'POST /v1/sync/outbound': sync, 'POST /v1/sync/inbound': sync, 'PATCH /v1/connections/{connection_id}': patch })).use(injectLambdaContext(inbound.logger, { resetKeys: true })).use(safeFailure(inbound.logger));
