import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { JobFunction } from './job-function.ts';
import { acknowledge } from './nag.ts';

const worthless = Duration.seconds(60);

/** Rings a job every few minutes. A tick that is late or failed is dropped: the next one does the same work. */
export class Upkeep extends Construct {
  constructor(scope: Construct, id: string, { every, job }: { readonly every: Duration; readonly job: JobFunction }) {
    super(scope, id);
    job.live.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: worthless });
    const rule = new Rule(this, 'rule', {
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(job.live, { retryAttempts: 0, maxEventAge: worthless })],
    });
    acknowledge(job.live, 'Serverless-LambdaAsyncFailureDestination');
    acknowledge(rule, 'Serverless-EventBusDLQ');
  }
}
