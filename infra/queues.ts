import { AccountPrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { QueueName } from '../lib/platform/names.ts';
import { acknowledge } from './nag.ts';
import { physicalName } from './physical-name.ts';
import type { FunctionNumbers, Stage } from './stages.ts';

/** A message is hidden for six tries of its function: below that, Lambda's own retries of a throttled batch would deliver it twice. */
export const visibilitySeconds = ({ timeoutSeconds }: FunctionNumbers): number => 6 * timeoutSeconds;

export interface QueuePair {
  readonly live: Queue;
  /** Where a message goes that was delivered too often, or that can never be valid. */
  readonly dead: Queue;
}

/** The queues, each with its dead-letter queue. They hold pointers and bookings; the tables hold the truth. */
export class Queues extends Construct {
  private readonly pairs: Readonly<Record<QueueName, QueuePair>>;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    this.pairs = {
      inbound: this.pair('inbound', visibilitySeconds(stage.functions['inbound-sync']), stage),
      booking: this.pair('booking', visibilitySeconds(stage.functions['booking-sync']), stage),
      'calendar-changes': this.pair('calendar-changes', stage.queues.changesVisibilitySeconds, stage),
    };
    if (stage.bookingServiceAccount !== undefined) this.admit(new AccountPrincipal(stage.bookingServiceAccount));
  }

  named(name: QueueName): QueuePair {
    return this.pairs[name];
  }

  private pair(name: QueueName, visibility: number, stage: Stage): QueuePair {
    const both = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy: stage.dataRemoval };
    const dead = new Queue(this, `${name}-dead`, {
      ...both,
      queueName: physicalName(stage, `${name}-dead`),
      retentionPeriod: Duration.days(stage.queues.deadRetentionDays),
    });
    acknowledge(dead, 'Serverless-SQSRedrivePolicy');
    const live = new Queue(this, name, {
      ...both,
      queueName: physicalName(stage, name),
      visibilityTimeout: Duration.seconds(visibility),
      retentionPeriod: Duration.days(stage.queues.retentionDays),
      deadLetterQueue: { queue: dead, maxReceiveCount: stage.queues.deliveries },
    });
    return { live, dead };
  }

  /** Lets the booking service's own account publish bookings and take what happened in calendars. Its IAM decides who there. */
  private admit(bookingService: AccountPrincipal): void {
    this.named('booking').live.grantSendMessages(bookingService);
    this.named('calendar-changes').live.grantConsumeMessages(bookingService);
  }
}
