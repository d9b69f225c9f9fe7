// What rings, when, and why. Every alarm says whom it hurts, where to read on, and what it makes of silence.
import { Metric as Figure, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { AlarmName } from '../lib/platform/alarm-names.ts';
import { metricNamespace, metricService, Metric, type MetricName } from '../lib/platform/names.ts';

export interface AlarmTerms {
  /** Whom it hurts, in a sentence for who is woken by it. */
  readonly impact: string;
  /** Where its heading is. */
  readonly runbook: `docs/runbook.md#${AlarmName}`;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Periods that must breach, out of how many. */
  readonly datapoints: readonly [breaching: number, of: number];
  /** What no data means, and why. */
  readonly missing: { readonly as: 'breaching' | 'notBreaching'; readonly because: string };
  /** Default: above the threshold. */
  readonly below?: true;
  /** A deployment is rolled back by it. */
  readonly unhealthy?: true;
}

export const seconds = (length: number): Duration => Duration.seconds(length);

interface Asked {
  readonly statistic: string;
  readonly period: number;
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** A metric of our own, as its catalog has it. */
export const ours = (stage: string, metricName: MetricName, { statistic, period, dimensions = {} }: Asked): Figure =>
  new Figure({ namespace: metricNamespace, metricName, statistic, period: seconds(period), dimensionsMap: { service: metricService(stage), ...dimensions } });

const quiet = { as: 'notBreaching', because: 'It is only sent when it happens: nothing sent is nothing wrong.' } as const;
const offIsQuiet = { as: 'notBreaching', because: 'It is sent every minute while sync is on, and not at all while it is off; that nobody sends it rings upkeep-silent.' } as const;

/** Fewer than these say nothing about one in twenty: one slow calendar would ring. */
const leastRuns = 20;

/** Alarms on what the service itself counts. */
export function ownAlarms(stage: string): Readonly<Partial<Record<AlarmName, AlarmTerms>>> {
  const sum = (name: MetricName, period = 300, dimensions: Readonly<Record<string, string>> = {}) => ours(stage, name, { statistic: 'Sum', period, dimensions });
  return {
    'sync-failures': {
      impact: 'Busy time of some professionals grows old, or their bookings are late in their calendars.',
      runbook: 'docs/runbook.md#sync-failures',
      metric: sum(Metric.failures),
      threshold: 5,
      datapoints: [1, 1],
      missing: quiet,
      unhealthy: true,
    },
    'sync-latency': {
      impact: 'Changes take seconds longer to be seen, and workers carry less than they should.',
      runbook: 'docs/runbook.md#sync-latency',
      metric: new MathExpression({
        label: `p95, from ${leastRuns} runs on`,
        expression: `IF(runs >= ${leastRuns}, p95, 0)`,
        period: seconds(300),
        usingMetrics: { runs: ours(stage, Metric.latency, { statistic: 'SampleCount', period: 300 }), p95: ours(stage, Metric.latency, { statistic: 'p95', period: 300 }) },
      }),
      threshold: 5_000,
      datapoints: [2, 3],
      missing: { as: 'notBreaching', because: `No run is not a slow run. Fewer than ${leastRuns} runs in five minutes count as quick, as one of them alone would be the p95.` },
      unhealthy: true,
    },
    'sync-stalled': {
      impact: 'Nothing is read from or written to any calendar: people can book over busy time.',
      runbook: 'docs/runbook.md#sync-stalled',
      metric: new MathExpression({
        label: 'on, work waiting, no run succeeded',
        expression: 'IF(enabled >= 1 AND waiting >= 1 AND succeeded < 1, 1, 0)',
        period: seconds(300),
        usingMetrics: {
          enabled: ours(stage, Metric.enabled, { statistic: 'Minimum', period: 300 }),
          waiting: ours(stage, Metric.waiting, { statistic: 'Minimum', period: 300 }),
          succeeded: sum(Metric.runs, 300, { outcome: 'succeeded' }),
        },
      }),
      threshold: 0,
      datapoints: [6, 6],
      missing: { as: 'notBreaching', because: 'All three are sent every minute while sync is on, a zero for successes among them; off, the first is 0 and the others are not sent. Quiet half hours in which nothing waits are no stall.' },
      unhealthy: true,
    },
    'notices-unread': {
      impact: 'A change in a calendar has not been read for ten minutes: its busy time is out of date.',
      runbook: 'docs/runbook.md#notices-unread',
      metric: ours(stage, Metric.oldestDirty, { statistic: 'Maximum', period: 60 }),
      threshold: 600_000,
      datapoints: [3, 5],
      missing: offIsQuiet,
      unhealthy: true,
    },
    'bookings-unapplied': {
      impact: 'A booking has not reached its calendar for ten minutes: the professional does not see it.',
      runbook: 'docs/runbook.md#bookings-unapplied',
      metric: ours(stage, Metric.oldestPending, { statistic: 'Maximum', period: 60 }),
      threshold: 600_000,
      datapoints: [3, 5],
      missing: offIsQuiet,
      unhealthy: true,
    },
    'webhook-401-spike': {
      impact: 'Somebody sends forged notices in number. They are refused for one HMAC each; nobody is hurt but the bill.',
      runbook: 'docs/runbook.md#webhook-401-spike',
      metric: sum(Metric.webhooks, 300, { outcome: 'not_authentic' }),
      threshold: 100,
      datapoints: [1, 1],
      missing: quiet,
    },
    'signature-failures': {
      impact: 'Notices are refused quarter of an hour after quarter of an hour: a key may be missing, and genuine ones lost.',
      runbook: 'docs/runbook.md#signature-failures',
      metric: sum(Metric.webhooks, 300, { outcome: 'not_authentic' }),
      threshold: 4,
      datapoints: [3, 3],
      missing: quiet,
    },
    'settings-unknown': {
      impact: 'Flags and secrets cannot be read. After five minutes of it webhooks answer 503 and workers rest.',
      runbook: 'docs/runbook.md#settings-unknown',
      metric: sum(Metric.settingsUnknown),
      threshold: 2,
      datapoints: [1, 1],
      missing: quiet,
      unhealthy: true,
    },
    'upkeep-silent': {
      impact: 'Lost hints are not rung again, nothing is polled and no watch renewed; most other alarms are blind.',
      runbook: 'docs/runbook.md#upkeep-silent',
      metric: sum(Metric.ticks, 60),
      threshold: 1,
      below: true,
      datapoints: [5, 5],
      missing: { as: 'breaching', because: 'Upkeep counts each tick, whatever the flags: silence is the fault. CloudWatch looks two periods further back, so that it rings after about seven minutes.' },
      unhealthy: true,
    },
    'refresh-failures': {
      impact: 'Access to calendars cannot be renewed: within an hour those connections are neither read nor written.',
      runbook: 'docs/runbook.md#refresh-failures',
      metric: sum(Metric.refreshFailures, 900),
      threshold: 10,
      datapoints: [1, 1],
      missing: quiet,
    },
    'oauth-client-refused': {
      impact: 'Our own client is refused by Google or Microsoft: within an hour every connection there stands still.',
      runbook: 'docs/runbook.md#oauth-client-refused',
      metric: sum(Metric.oauthClientRefused),
      threshold: 0,
      datapoints: [1, 1],
      missing: quiet,
    },
    'watches-near-expiry': {
      impact: 'A watch was not renewed in time. Once it ends, changes are seen by polls only, after minutes.',
      runbook: 'docs/runbook.md#watches-near-expiry',
      // Each calendar provider's count goes into this one series: the greater of them, or the one that is well hides the other.
      metric: ours(stage, Metric.watches, { statistic: 'Maximum', period: 300, dimensions: { health: 'near_expiry' } }),
      threshold: 0,
      datapoints: [3, 3],
      missing: offIsQuiet,
    },
  };
}
