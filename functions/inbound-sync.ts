// Inbound queue → pulls each connection named → busy-intervals. A hint always goes: the mark stays until the pull is done, and a delayed
// hint or upkeep rings again. Killed half way: the lease ends, and upkeep rings.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSEvent } from 'aws-lambda';
import { receiveHints } from '../lib/inbound/receive-hints.ts';
import { leaseEnd } from '../lib/platform/clients.ts';
import { deadLetters } from '../lib/platform/dead-letters.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { Env } from '../lib/platform/names.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { inboundParts } from './parts/workers.ts';

const parts = inboundParts('inbound-sync');
const receive = receiveHints({ ...parts, deadLetters: deadLetters(parts.sqs, readEnvironment([Env.inboundDeadQueueUrl]).INBOUND_DEAD_QUEUE_URL) });

export const handler = middy((event: SQSEvent, context: Context) => receive(event, leaseEnd(parts.clock, context)))
  .use(injectLambdaContext(parts.logger, { resetKeys: true })).use(safeFailure(parts.logger));
