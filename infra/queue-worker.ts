import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Duration } from 'aws-cdk-lib/core';
import type { JobFunction } from './job-function.ts';
import { acknowledge } from './nag.ts';
import type { QueuePair } from './queues.ts';
import type { WorkerNumbers } from './stages.ts';

/** Lets a job work a queue off: in batches of which only the failed messages come back. */
export function workOff({ live }: QueuePair, job: JobFunction, { batchSize, windowSeconds, maxConcurrency }: WorkerNumbers): void {
  job.live.addEventSource(
    new SqsEventSource(live, {
      batchSize,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      maxConcurrency,
      reportBatchItemFailures: true,
    }),
  );
  acknowledge(job.live, 'Serverless-LambdaEventSourceMappingDestination');
}
