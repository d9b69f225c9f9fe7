// GET /connect/{start_id} and GET /connect/callback → a person's consent becomes a connection; the pull that it rings for watches its calendars.
// Whatever does not hold is told in a sentence and leaves nothing. Our failure: a page that says so; the person asks for a new link.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { connect } from '../lib/connect/consent-handler.ts';
import { leaseEnd } from '../lib/platform/clients.ts';
import { consentParts } from './parts/consent.ts';
import { safeFailure } from './parts/safe-failure.ts';

const { logger, ...parts } = consentParts();
const receive = connect(parts);

export const handler = middy((event: APIGatewayProxyEventV2, context: Context) => receive(event, leaseEnd(parts.clock, context))).use(injectLambdaContext(logger, { resetKeys: true })).use(safeFailure(logger));
