/** Values of one span, each with how often it was seen. */
export type Bucket = ReadonlyMap<number, number>;

type Statistic = (values: Bucket) => number;

const sum: Statistic = (values) => total(values, (value, count) => value * count);
const count: Statistic = (values) => total(values, (_, seen) => seen);
const plain: Readonly<Record<string, Statistic>> = {
  Sum: sum,
  SampleCount: count,
  Average: (values) => sum(values) / count(values),
  Minimum: (values) => Math.min(...values.keys()),
  Maximum: (values) => Math.max(...values.keys()),
};

/** Throws for a statistic that is not known here. */
export function knownStatistic(stat: string): Statistic {
  const found = plain[stat];
  if (found !== undefined) return found;
  const percent = percentileOf(stat);
  if (percent === undefined) throw new Error(`The statistic ${stat} is not known here: ${Object.keys(plain).join(', ')} and percentiles such as p95 are.`);
  return (values) => percentile(values, percent);
}

/** 95 for `p95`; undefined for other statistics. */
export const percentileOf = (stat: string): number | undefined => {
  const percent = Number(/^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(stat)?.[1] ?? Number.NaN);
  return Number.isNaN(percent) ? undefined : percent;
};

export function statistic(stat: string, buckets: readonly Bucket[]): number | undefined {
  const of = knownStatistic(stat);
  if (buckets.length === 0) return undefined;
  const all = new Map<number, number>();
  for (const bucket of buckets) for (const [value, seen] of bucket) all.set(value, (all.get(value) ?? 0) + seen);
  return count(all) > 0 ? of(all) : undefined;
}

/** The nearest rank; CloudWatch interpolates in ways that it does not publish, which differ by less than one value's distance. */
function percentile(values: Bucket, percent: number): number {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * count(values)));
  let seen = 0;
  for (const [value, times] of sorted) {
    seen += times;
    if (seen >= rank) return value;
  }
  return sorted.at(-1)?.[0] ?? Number.NaN;
}

const total = (values: Bucket, of: (value: number, count: number) => number): number => [...values].reduce((before, [value, seen]) => before + of(value, seen), 0);
