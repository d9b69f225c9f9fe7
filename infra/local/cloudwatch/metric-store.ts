import type { Sample } from './emf.ts';
import { statistic, type Bucket } from './statistics.ts';

export interface MetricKey {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Figures by metric and minute. A metric is its namespace, name and exact dimensions, as in CloudWatch: nothing is added up over dimensions. */
export interface MetricStore {
  add(sample: Sample): void;
  /** A statistic over from ≤ t < to; undefined where no figure came. */
  read(key: MetricKey, stat: string, span: { readonly from: number; readonly to: number }): number | undefined;
  /** The same, for many spans of one metric. */
  reader(key: MetricKey, stat: string): (span: { readonly from: number; readonly to: number }) => number | undefined;
  list(): MetricKey[];
}

const minute = 60_000;

/** Keeps whatever a local run sends: a year of minutes of one metric is a few MB at most. */
export function metricStore(): MetricStore {
  const reader: MetricStore['reader'] = (key, stat) => {
    const id = idOf(key);
    return ({ from, to }) => {
      const minutes = metrics.get(id)?.minutes;
      return minutes === undefined ? undefined : statistic(stat, bucketsWithin(minutes, Math.floor(from / minute) * minute, to));
    };
  };
  const metrics = new Map<string, { readonly key: MetricKey; readonly minutes: Map<number, Map<number, number>> }>();
  return {
    add({ namespace, name, dimensions, at, values }) {
      const key = { namespace, name, dimensions };
      const id = idOf(key);
      const metric = metrics.get(id) ?? { key, minutes: new Map<number, Map<number, number>>() };
      metrics.set(id, metric);
      const start = Math.floor(at / minute) * minute;
      const bucket = metric.minutes.get(start) ?? new Map<number, number>();
      metric.minutes.set(start, bucket);
      for (const [value, count] of values) bucket.set(value, (bucket.get(value) ?? 0) + count);
    },
    read: (key, stat, span) => reader(key, stat)(span),
    reader,
    list: () => [...metrics.values()].map(({ key }) => key),
  };
}

function bucketsWithin(minutes: ReadonlyMap<number, Bucket>, from: number, to: number): Bucket[] {
  if ((to - from) / minute > minutes.size) return [...minutes].filter(([start]) => start >= from && start < to).map(([, bucket]) => bucket);
  const found: Bucket[] = [];
  for (let start = from; start < to; start += minute) {
    const bucket = minutes.get(start);
    if (bucket !== undefined) found.push(bucket);
  }
  return found;
}

const idOf = ({ namespace, name, dimensions }: MetricKey): string => JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
