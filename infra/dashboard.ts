// One page for three in the morning: is it well, then what flows, then what it costs.
import { AlarmStatusWidget, AlarmWidget, Dashboard, GraphWidget, Metric as Figure, PeriodOverride, SingleValueWidget, TextWidget, TextWidgetBackground, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmNames } from '../lib/platform/alarm-names.ts';
import { functionSettings, Metric, queueNames, tableNames, type FunctionName } from '../lib/platform/names.ts';
import { ours, seconds } from './alarm-terms.ts';
import type { Alarms } from './alarms.ts';
import type { Watched } from './aws-alarms.ts';
import { physicalName } from './physical-name.ts';
import type { Stage } from './stages.ts';

const title = (markdown: string): TextWidget => new TextWidget({ markdown, width: 24, height: 1, background: TextWidgetBackground.TRANSPARENT });
const graph = (name: string, left: IMetric[], stacked = false): GraphWidget => new GraphWidget({ title: name, left, stacked, width: 8, height: 6, leftYAxis: { min: 0 } });

export interface Shown extends Watched {
  readonly stage: Stage;
  readonly alarms: Alarms;
  readonly queueName: (name: (typeof queueNames)[number]) => string;
}

/** The dashboard of a stage. */
export class CalendarSyncDashboard extends Construct {
  constructor(scope: Construct, id: string, shown: Shown) {
    super(scope, id);
    new Dashboard(this, 'dashboard', {
      dashboardName: physicalName(shown.stage, 'overview'),
      start: '-PT8H',
      periodOverride: PeriodOverride.INHERIT,
      widgets: [[title('# Health')], ...health(shown), [title('# Flow')], ...flow(shown), [title('# Cost')], ...cost(shown)],
    });
  }
}

function health({ alarms, stage }: Shown): IWidget[][] {
  const gauge = (name: (typeof Metric)['enabled' | 'waiting' | 'connections'], label: string, dimensions = {}) => ours(stage.name, name, { statistic: 'Maximum', period: 60, dimensions }).with({ label });
  const listed = alarmNames.flatMap((name) => (name === 'unhealthy' ? alarms.unhealthy : (alarms.all.get(name) ?? [])));
  return [
    [
      new AlarmStatusWidget({ title: 'Every alarm, what people feel first: docs/runbook.md has a heading for each', alarms: listed, width: 16, height: 6 }),
      new SingleValueWidget({ title: 'Now', metrics: [gauge(Metric.enabled, 'sync is on'), gauge(Metric.waiting, 'waiting'), gauge(Metric.connections, 'connections', { state: 'active' }), gauge(Metric.connections, 'must consent anew', { state: 'reauthorization_required' })], width: 8, height: 6, setPeriodToTimeRange: false }),
    ],
    (['sync-failures', 'sync-latency', 'notices-unread'] as const).flatMap((name) => alarmWidget(alarms, name)),
  ];
}

const alarmWidget = ({ all }: Alarms, name: 'sync-failures' | 'sync-latency' | 'notices-unread'): IWidget[] => {
  const alarm = all.get(name);
  return alarm && 'metric' in alarm ? [new AlarmWidget({ title: name, alarm: alarm as ConstructorParameters<typeof AlarmWidget>[0]['alarm'], width: 8, height: 6, leftYAxis: { min: 0 } })] : [];
};

function flow({ stage, queueName }: Shown): IWidget[][] {
  const sums = (name: Parameters<typeof ours>[1], each: readonly Readonly<Record<string, string>>[]) => each.map((dimensions) => ours(stage.name, name, { statistic: 'Sum', period: 300, dimensions }).with({ label: Object.values(dimensions).join(' ') }));
  const p95 = (name: Parameters<typeof ours>[1], each: readonly Readonly<Record<string, string>>[]) => each.map((dimensions) => ours(stage.name, name, { statistic: 'p95', period: 300, dimensions }).with({ label: `p95 ${Object.values(dimensions).join(' ')}` }));
  const providers = ['google', 'microsoft'].map((calendar_provider) => ({ calendar_provider }));
  const ways = ['inbound', 'outbound'].flatMap((direction) => providers.map((provider) => ({ direction, ...provider })));
  const depth = (name: (typeof queueNames)[number]) => new Figure({ namespace: 'AWS/SQS', metricName: 'ApproximateNumberOfMessagesVisible', dimensionsMap: { QueueName: queueName(name) }, statistic: 'Maximum', period: seconds(60), label: name });
  return [
    [graph('Runs', sums(Metric.runs, ['succeeded', 'failed', 'waiting'].map((outcome) => ({ outcome })))), graph('Failures', sums(Metric.failures, ways)), graph('Rows and events written', sums(Metric.items, ways), true)],
    [graph('From notice to visible, ms', p95(Metric.noticeToVisible, providers)), graph('From booking to event, ms', p95(Metric.bookingToEvent, providers)), graph('Runs take, ms', p95(Metric.latency, ways))],
    [graph('Webhooks', sums(Metric.webhooks, ['accepted', 'duplicate', 'not_authentic', 'not_allowlisted', 'webhooks_off', 'not_durable', 'unknown_settings'].map((outcome) => ({ outcome })))), graph('Queues hold', queueNames.map(depth)), graph('Hints that upkeep sent', sums(Metric.hintsSent, ['dirty', 'due-jobs', 'due-sync', 'pending'].map((why) => ({ why }))), true)],
    [graph('Watches', ['live', 'near_expiry', 'missing'].map((health) => ours(stage.name, Metric.watches, { statistic: 'Maximum', period: 300, dimensions: { health } }).with({ label: health }))), graph('Quota waits', sums(Metric.quotaWaits, ['poll', 'notice', 'booking'].map((purpose) => ({ purpose, whose: 'project' })))), graph('Tokens not renewed', sums(Metric.refreshFailures, [{}]))],
  ];
}

function cost({ functionName, tableName, apiId }: Shown): IWidget[][] {
  const names = Object.keys(functionSettings) as FunctionName[];
  const ofFunction = (metricName: string) => names.map((name) => new Figure({ namespace: 'AWS/Lambda', metricName, dimensionsMap: { FunctionName: functionName(name) }, statistic: 'Sum', period: seconds(300), label: name }));
  const units = (metricName: string) => tableNames.map((name) => new Figure({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName: tableName(name) }, statistic: 'Sum', period: seconds(300), label: name }));
  return [
    [graph('Function time, ms', ofFunction('Duration'), true), graph('Write units', units('ConsumedWriteCapacityUnits'), true), graph('Read units', units('ConsumedReadCapacityUnits'), true)],
    [graph('Invocations', ofFunction('Invocations'), true), graph('Requests', [new Figure({ namespace: 'AWS/ApiGateway', metricName: 'Count', dimensionsMap: { ApiId: apiId }, statistic: 'Sum', period: seconds(300), label: 'requests' })])],
  ];
}
