// POST /webhooks/microsoft → one write on each connection's inbox row → inbound queue; and Graph's validation handshake.
// Refused: 4xx, nothing written. Our failure: 503, and Graph tries again, up to four hours.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { readMicrosoftNotices } from '../lib/ingest/read-microsoft-notices.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { webhook } from './parts/webhook.ts';

const { receive, logger } = webhook('microsoft-webhook', 'microsoft', readMicrosoftNotices);

export const handler = middy(receive).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
