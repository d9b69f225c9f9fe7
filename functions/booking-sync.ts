// Booking queue → the wish, then each target calendar. A message that can never be valid goes to the dead letters with its reason; one
// that could not be saved comes back alone; once the wish is saved the message goes, and hints or upkeep bring it about.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSEvent } from 'aws-lambda';
import { receiveBookingBatch } from '../lib/outbound/receive-booking-batch.ts';
import { leaseEnd } from '../lib/platform/clients.ts';
import { deadLetters } from '../lib/platform/dead-letters.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { Env } from '../lib/platform/names.ts';
import { safeFailure } from './parts/safe-failure.ts';
import { outboundParts, providerWork } from './parts/workers.ts';

const parts = outboundParts('booking-sync');
const receive = receiveBookingBatch({ ...parts, forProvider: providerWork(parts), deadLetters: deadLetters(parts.sqs, readEnvironment([Env.bookingDeadQueueUrl]).BOOKING_DEAD_QUEUE_URL) });

export const handler = middy((event: SQSEvent, context: Context) => receive(event, leaseEnd(parts.clock, context)))
  .use(injectLambdaContext(parts.logger, { resetKeys: true })).use(safeFailure(parts.logger));
