// What a stage costs though nobody uses it, from the template and the catalog of metrics.
import { everySeries } from '../../lib/platform/metric-catalog.ts';
import { synthesizedStack } from '../support/template.ts';
import { totalOf, type Bill, type Prices } from './cost-bill.ts';
import { ticksPerMonth } from './cost-month.ts';

export interface FixedLine {
  readonly what: string;
  readonly count: number;
  readonly dollars: number;
}

export async function fixedLines(prices: Prices, idleTick: Bill): Promise<FixedLine[]> {
  const stack = await synthesizedStack();
  const alarmMetrics = stack.of('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm.property('Metrics')), 0);
  const dashboards = stack.of('AWS::CloudWatch::Dashboard').length;
  const polled = stack.of('AWS::Lambda::EventSourceMapping').length;
  const series = everySeries().length;
  const { perMonth } = prices;
  return [
    { what: 'metrics that alarms look at', count: alarmMetrics, dollars: alarmMetrics * perMonth.alarmMetric.price },
    { what: 'custom metrics, were every combination ever sent', count: series, dollars: series * perMonth.metric.price },
    { what: 'dashboards', count: dashboards, dollars: dashboards * perMonth.dashboard.price },
    { what: 'queues polled while empty', count: polled, dollars: polled * perMonth.idleQueue.price },
    { what: 'ticks of upkeep', count: ticksPerMonth, dollars: ticksPerMonth * totalOf(idleTick) },
  ];
}

/** Each metric in an expression counts, expressions do not; a plain alarm looks at one. */
const metricsOf = (metrics: unknown): number => (Array.isArray(metrics) ? metrics.filter((metric: { MetricStat?: unknown }) => metric.MetricStat !== undefined).length : 1);
