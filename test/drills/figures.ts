import type { Sandbox } from '../../infra/local/sandbox.ts';
import { metricNamespace, metricService, type MetricName } from '../../lib/platform/names.ts';

/** What a metric of ours has added up to since the run began, as CloudWatch would answer. */
export const total = ({ metrics, clock }: Sandbox, name: MetricName, dimensions: Readonly<Record<string, string>> = {}): number =>
  metrics.figure({ namespace: metricNamespace, name, dimensions: { service: metricService('staging'), ...dimensions } }, 'Sum', { from: 0, to: clock.now() + 3_600_000 }) ?? 0;
