// POST /webhooks/google → one write on the connection's inbox row → inbound queue.
// Refused: 4xx, nothing written. Our failure: 503, and Google tries again.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { readGoogleNotice } from '../lib/ingest/read-google-notice.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { webhook } from './parts/webhook.ts';

const { receive, logger } = webhook('google-webhook', 'google', readGoogleNotice);

export const handler = middy(receive).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
