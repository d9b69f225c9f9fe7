// Alarms on what AWS counts for us: queues, functions, the API, tables.
import { Metric as Figure } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmName } from '../lib/platform/alarm-names.ts';
import { queueNames, tableNames, type FunctionName, type QueueName, type TableName } from '../lib/platform/names.ts';
import { seconds, type AlarmTerms } from './alarm-terms.ts';

/** By the names that the deployed things bear. */
export interface Watched {
  readonly functionName: (name: FunctionName) => string;
  readonly deadQueueName: (name: QueueName) => string;
  readonly tableName: (name: TableName) => string;
  readonly apiId: string;
}

const quiet = { as: 'notBreaching', because: 'It is only sent when there is something to count: nothing sent is nothing wrong.' } as const;

const broken = {
  'google-webhook': 'Notices from Google are answered 5xx and come again later: changes are seen late.',
  'microsoft-webhook': 'Notices from Microsoft are answered 5xx and come again, until Microsoft gives up on the subscription.',
  'inbound-sync': 'Calendars are read late: a run that breaks off is taken up again after minutes.',
  'booking-sync': 'Bookings reach calendars late; a message that breaks the worker five times becomes a dead letter.',
  availability: 'The booking service does not learn who is free, and cannot offer slots.',
  upkeep: 'Lost hints, polls and renewals are late.',
} as const satisfies Partial<Record<FunctionName, string>>;

const lost = {
  inbound: 'A hint could not be worked on. Nothing is lost, as its mark stays in the table, but something is wrong with it.',
  booking: 'A booking could not be taken in: its calendar event is missing or out of date.',
  'calendar-changes': 'The booking service did not take what happened in calendars: it offers slots or shows bookings that are no more.',
} as const satisfies Record<QueueName, string>;

const full = {
  connections: 'Tokens and watches cannot be saved: pulls fail, and people cannot connect.',
  'sync-state': 'Webhooks answer 503, leases cannot be taken: calendars are read late.',
  'busy-intervals': 'Busy time cannot be written: slots are offered that are taken.',
  'booking-events': 'Bookings cannot be recorded: they wait in the queue.',
} as const satisfies Record<TableName, string>;

export function awsAlarms({ functionName, deadQueueName, tableName, apiId }: Watched): Readonly<Partial<Record<AlarmName, AlarmTerms>>> {
  const terms: Partial<Record<AlarmName, AlarmTerms>> = {
    'api-5xx': {
      impact: 'The API answers 5xx: notices come again later, the booking service gets no answers.',
      runbook: 'docs/runbook.md#api-5xx',
      metric: new Figure({ namespace: 'AWS/ApiGateway', metricName: '5xx', dimensionsMap: { ApiId: apiId }, statistic: 'Sum', period: seconds(300) }),
      threshold: 5,
      datapoints: [1, 1],
      missing: quiet,
      unhealthy: true,
    },
  };
  const ofFunction = (name: FunctionName, metricName: string) => new Figure({ namespace: 'AWS/Lambda', metricName, dimensionsMap: { FunctionName: functionName(name) }, statistic: 'Sum', period: seconds(300) });
  for (const name of Object.keys(broken) as (keyof typeof broken)[]) {
    terms[`${name}-errors`] = { impact: broken[name], runbook: `docs/runbook.md#${name}-errors`, metric: ofFunction(name, 'Errors'), threshold: 2, datapoints: [1, 1], missing: quiet, unhealthy: true };
  }
  for (const name of ['google-webhook', 'microsoft-webhook'] as const) {
    terms[`${name}-throttled`] = { impact: 'More notices come at once than the function may serve: the rest is answered 503 and comes again.', runbook: `docs/runbook.md#${name}-throttled`, metric: ofFunction(name, 'Throttles'), threshold: 10, datapoints: [1, 1], missing: quiet };
  }
  for (const name of queueNames) {
    const metric = new Figure({ namespace: 'AWS/SQS', metricName: 'ApproximateNumberOfMessagesVisible', dimensionsMap: { QueueName: deadQueueName(name) }, statistic: 'Maximum', period: seconds(60) });
    terms[`${name}-dead-letters`] = { impact: lost[name], runbook: `docs/runbook.md#${name}-dead-letters`, metric, threshold: 0, datapoints: [1, 1], missing: { as: 'notBreaching', because: 'SQS sends nothing for a queue that was empty for six hours.' } };
  }
  for (const name of tableNames) {
    const metric = new Figure({ namespace: 'AWS/DynamoDB', metricName: 'WriteThrottleEvents', dimensionsMap: { TableName: tableName(name) }, statistic: 'Sum', period: seconds(300) });
    terms[`${name}-throttled`] = { impact: full[name], runbook: `docs/runbook.md#${name}-throttled`, metric, threshold: 10, datapoints: [1, 1], missing: quiet };
  }
  return terms;
}
