// A small stack in the shape of the real one, for tests of the local run: one route, one queue with a dead-letter
// queue, one table, one timer, one alarm.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CorsHttpMethod, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { readStack } from '../../../infra/local/synthesis.ts';
import type { SynthesizedStack } from '../../../infra/local/synthesis.ts';

/** Answers with what it was given; the queue's worker fails what is told to fail, and notes what it saw. */
const code = `
let calls = 0;
exports.echo = async (event, context) => {
  calls += 1;
  console.log(JSON.stringify({ said: 'echo', path: event.rawPath }));
  if (event.rawPath === '/v1/crash/now') process.exit(3);
  if (event.rawPath === '/v1/throw/now') throw new Error('thrown');
  return { statusCode: 201, headers: { 'X-Calls': String(calls) }, body: JSON.stringify({ event, environment: process.env, left: context.getRemainingTimeInMillis(), now: Date.now(), pid: process.pid }) };
};
exports.work = async (event) => {
  console.log(JSON.stringify({ bodies: event.Records.map((record) => record.body) }));
  const failed = event.Records.filter((record) => record.body.startsWith('bad'));
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
};
exports.tick = async (event) => {
  const metric = { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'Small', Dimensions: [['who']], Metrics: [{ Name: 'ticks' }] }] };
  console.log(JSON.stringify({ tick: event['detail-type'], at: Date.now(), _aws: metric, who: 'upkeep', ticks: 1 }));
};
`;

/** Synthesizes it into a folder of its own. */
export function smallStack(): SynthesizedStack {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'small-stack-')), analyticsReporting: false });
  const stack = new Stack(app, 'small');
  const dead = new Queue(stack, 'Dead', { queueName: 'small-inbound-dead' });
  const queue = new Queue(stack, 'Inbound', { visibilityTimeout: Duration.seconds(5), deadLetterQueue: { queue: dead, maxReceiveCount: 2 } });
  const table = new TableV2(stack, 'State', {
    partitionKey: { name: 'connection_id', type: AttributeType.STRING },
    sortKey: { name: 'row', type: AttributeType.STRING },
    billing: Billing.onDemand({ maxWriteRequestUnits: 100 }),
    globalSecondaryIndexes: [{ indexName: 'dirty', partitionKey: { name: 'dirtyShard', type: AttributeType.STRING } }],
    localSecondaryIndexes: [{ indexName: 'by-start', sortKey: { name: 'start', type: AttributeType.STRING } }],
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new StringParameter(stack, 'Flag', { parameterName: '/small/FLAG', stringValue: 'false' });
  const api = new HttpApi(stack, 'Api', { corsPreflight: { allowMethods: [CorsHttpMethod.ANY] } });
  const environment = { SYNC_STATE_TABLE: table.tableName, INBOUND_QUEUE_URL: queue.queueUrl, GOOGLE_API_URL: 'https://www.googleapis.com', PUBLIC_URL: api.url ?? '' };
  const lambda = (name: string, handler: string, timeout = 5): Function =>
    new Function(stack, name, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      functionName: `small-${name}`,
      handler: `index.${handler}`,
      code: Code.fromInline(code),
      memorySize: 128,
      timeout: Duration.seconds(timeout),
      environment,
      logGroup: new LogGroup(stack, `${name}-log`, { retention: RetentionDays.ONE_WEEK }),
    });
  const echo = lambda('availability', 'echo');
  const echoes = new HttpLambdaIntegration('EchoIntegration', echo);
  api.addRoutes({ path: '/v1/{what}/{id}', methods: [HttpMethod.GET, HttpMethod.POST], integration: echoes });
  api.addRoutes({ path: '/v1/iam/{id}', methods: [HttpMethod.GET], integration: echoes, authorizer: new HttpIamAuthorizer() });
  lambda('inbound-sync', 'work', 1).addEventSource(new SqsEventSource(queue, { batchSize: 5, maxConcurrency: 2, reportBatchItemFailures: true }));
  new Rule(stack, 'Every', { schedule: Schedule.rate(Duration.minutes(1)), targets: [new LambdaFunction(lambda('upkeep', 'tick').addAlias('live') as IFunction)] });
  new Alarm(stack, 'Ticking', { alarmName: 'small-ticking', metric: new Metric({ namespace: 'Small', metricName: 'ticks', dimensionsMap: { who: 'upkeep' }, statistic: 'Sum', period: Duration.minutes(1) }), threshold: 1, evaluationPeriods: 1 });
  return readStack(app.synth().directory);
}
