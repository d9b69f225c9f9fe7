// A snapshot as JSON, and as Prometheus' text exposition format 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
import { metricCatalog, seriesOf, type MetricKind, type Series } from '../../platform/metric-catalog.ts';
import type { MetricName } from '../../platform/names.ts';
import { keyOf, quantiles, type Snapshot } from './snapshot.ts';

interface Line {
  readonly suffix: '' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const catalog = Object.entries<MetricKind>(metricCatalog) as [MetricName, MetricKind][];

/** Counters that nothing was added to are 0, gauges that were not sent are left out, quantiles of no run are NaN. */
function linesOf(series: Series, kind: MetricKind['kind'], { served, newest }: Snapshot): Line[] {
  const { dimensions: labels } = series;
  if (kind === 'counter') return [{ suffix: '', labels, value: served[keyOf(series, 'Sum')] ?? 0 }];
  if (kind === 'gauge') {
    const value = newest[keyOf(series, 'Maximum')];
    return value === undefined ? [] : [{ suffix: '', labels, value }];
  }
  return [
    ...quantiles.map((share) => ({ suffix: '' as const, labels: { ...labels, quantile: String(share) }, value: newest[keyOf(series, `p${share * 100}`)] ?? Number.NaN })),
    { suffix: '_sum', labels, value: served[keyOf(series, 'Sum')] ?? 0 },
    { suffix: '_count', labels, value: served[keyOf(series, 'SampleCount')] ?? 0 },
  ];
}

export function prometheusText(snapshot: Snapshot): string {
  const metrics = catalog.map(([name, { kind, help }]) => {
    const lines = seriesOf(name).flatMap((series) => linesOf(series, kind, snapshot));
    return [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`, ...lines.map(({ suffix, labels, value }) => `${name}${suffix}${labelText(labels)} ${value}`)];
  });
  return `${metrics.flat().join('\n')}\n`;
}

const labelText = (labels: Line['labels']): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

export function jsonMetrics(snapshot: Snapshot, stage: string): object {
  const { served, newest } = snapshot;
  const metrics = catalog.map(([name, { kind, help }]) => ({
    name,
    kind,
    help,
    series: seriesOf(name).flatMap((series): object[] => {
      if (kind !== 'summary') return linesOf(series, kind, snapshot).map(({ labels, value }) => ({ labels, value }));
      const at = quantiles.map((share) => [String(share), newest[keyOf(series, `p${share * 100}`)] ?? null]);
      return [{ labels: series.dimensions, quantiles: Object.fromEntries(at) as object, sum: served[keyOf(series, 'Sum')] ?? 0, count: served[keyOf(series, 'SampleCount')] ?? 0 }];
    }),
  }));
  return { stage, as_of: new Date(snapshot.at).toISOString(), counted_since: new Date(snapshot.since).toISOString(), metrics };
}
