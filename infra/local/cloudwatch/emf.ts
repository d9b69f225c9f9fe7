// Reads lines of the embedded metric format as CloudWatch Logs does:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

export interface Sample {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** In ms. */
  readonly at: number;
  /** Each with how often it was seen. */
  readonly values: readonly (readonly [value: number, count: number])[];
}

export type EmfReading =
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] }
  /** Ignored by CloudWatch, and counted as a validation error. */
  | { readonly kind: 'invalid'; readonly reason: string };

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const limits = { bytes: 1024 * 1024, metrics: 100, dimensions: 30, values: 100, name: 1024, age: 14 * 86_400_000, ahead: 2 * 3_600_000 };
const units = new Set([
  'Seconds', 'Microseconds', 'Milliseconds', 'Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes', 'Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits', 'Percent', 'Count', 'None',
  ...['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes', 'Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits', 'Count'].map((unit) => `${unit}/Second`),
]);

/** Undefined: an ordinary log line. */
export function readEmf(line: string, now: number): EmfReading | undefined {
  if (!line.includes('"_aws"')) return undefined;
  const root = parse(line);
  if (!isObject(root) || !isObject(root['_aws']) || !('CloudWatchMetrics' in root['_aws'])) return undefined;
  try {
    if (Buffer.byteLength(line) > limits.bytes) throw new Invalid('the line is over 1 MB');
    return { kind: 'samples', samples: samplesOf(root, root['_aws'], now) };
  } catch (error) {
    if (error instanceof Invalid) return { kind: 'invalid', reason: error.message };
    throw error;
  }
}

class Invalid extends Error {}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function samplesOf(root: Json, { Timestamp: at, CloudWatchMetrics: directives }: Json, now: number): Sample[] {
  if (typeof at !== 'number' || !Number.isInteger(at)) throw new Invalid('Timestamp is no whole number of milliseconds');
  if (at < now - limits.age || at > now + limits.ahead) throw new Invalid('Timestamp is more than 14 days ago or 2 hours ahead');
  if (!Array.isArray(directives)) throw new Invalid('CloudWatchMetrics is no list');
  return directives.flatMap((directive: unknown) => {
    if (!isObject(directive)) throw new Invalid('a directive is no object');
    const { Namespace: namespace, Dimensions: sets, Metrics: metrics } = directive;
    if (typeof namespace !== 'string' || namespace.length === 0 || namespace.length > limits.name) throw new Invalid('Namespace is missing');
    if (!Array.isArray(metrics) || metrics.length > limits.metrics) throw new Invalid('Metrics is no list of up to 100');
    const dimensions = dimensionSets(root, sets);
    return metrics.flatMap((metric: unknown) => {
      const { name, values } = readMetric(root, metric);
      return dimensions.map((each) => ({ namespace, name, dimensions: each, at, values }));
    });
  });
}

function dimensionSets(root: Json, sets: unknown): Record<string, string>[] {
  if (!Array.isArray(sets) || sets.length === 0) throw new Invalid('Dimensions is no list of sets');
  return sets.map((set: unknown) => {
    if (!Array.isArray(set) || set.length > limits.dimensions) throw new Invalid('a dimension set is no list of up to 30');
    return Object.fromEntries(
      set.map((name: unknown) => {
        const value = typeof name === 'string' ? root[name] : undefined;
        if (typeof name !== 'string' || typeof value !== 'string' || value.length === 0 || value.length > limits.name) throw new Invalid(`dimension ${String(name)} has no text of up to 1,024 characters at the root`);
        return [name, value] as const;
      }),
    );
  });
}

function readMetric(root: Json, metric: unknown): Pick<Sample, 'name' | 'values'> {
  if (!isObject(metric) || typeof metric['Name'] !== 'string') throw new Invalid('a metric has no Name');
  const { Name: name, Unit: unit } = metric;
  if (unit !== undefined && !units.has(String(unit))) throw new Invalid(`${name} has no such unit: ${String(unit)}`);
  return { name, values: valuesOf(name, root[name]) };
}

/** A number, a list of numbers, or distinct values with how often each was seen. */
function valuesOf(name: string, value: unknown): Sample['values'] {
  const isNumber = (one: unknown): one is number => typeof one === 'number' && Number.isFinite(one);
  if (isNumber(value)) return [[value, 1]];
  const [list, counts] = isObject(value) ? [value['Values'], value['Counts']] : [value, undefined];
  if (!Array.isArray(list) || list.length === 0 || list.length > limits.values || !list.every(isNumber)) throw new Invalid(`${name} has no number, nor a list of up to 100`);
  if (counts !== undefined && (!Array.isArray(counts) || counts.length !== list.length || !counts.every((one: unknown) => isNumber(one) && one >= 0))) throw new Invalid(`${name} has not as many Counts as Values`);
  const times = (counts ?? []) as number[];
  return list.map((one, n) => [one, times[n] ?? 1] as const);
}
