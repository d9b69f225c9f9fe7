// What alarms and GetMetricData ask of the store: metrics, expressions over them, and bands around them, each at one span of time.
import { anomalyBand } from './anomaly-band.ts';
import type { Band } from './alarm-state.ts';
import { parseExpression, type Expression } from './metric-math.ts';
import type { MetricKey, MetricStore } from './metric-store.ts';
import { knownStatistic } from './statistics.ts';

/** As CloudFormation and the API write it: MetricDataQuery. */
export interface MetricDataQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: { readonly Namespace?: string; readonly MetricName?: string; readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[] };
    readonly Period: number;
    readonly Stat: string;
  };
  readonly ReturnData?: boolean;
  readonly Label?: string;
  readonly Period?: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Queries {
  /** In seconds. */
  readonly period: number;
  readonly value: (id: string, span: Span) => number | undefined;
  /** How many figures came for a metric. */
  readonly samples: (id: string, span: Span) => number;
  /** Of an ANOMALY_DETECTION_BAND. */
  readonly band: (id: string, span: Span) => Band | undefined;
}

type Part =
  | { readonly kind: 'metric'; readonly read: (span: Span) => number | undefined; readonly samples: (span: Span) => number | undefined }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'band'; readonly of: string; readonly width: number };

/** Throws for whatever is not known here, so that an alarm which could never ring is seen at the start. */
export function planQueries(queries: readonly MetricDataQuery[], store: MetricStore): Queries {
  const parts = new Map(queries.map((query) => [query.Id, partOf(query, store)] as const));
  for (const [id, part] of parts) {
    const names = part.kind === 'expression' ? part.expression.names : part.kind === 'band' ? [part.of] : [];
    for (const name of names) if (!parts.has(name)) throw new Error(`${id} refers to ${name}, which is not among its metrics.`);
  }
  const period = queries.map(({ MetricStat, Period }) => MetricStat?.Period ?? Period).find((found) => found !== undefined) ?? 300;
  const value = (id: string, span: Span): number | undefined => {
    const part = parts.get(id);
    if (part?.kind === 'metric') return part.read(span);
    return part?.kind === 'expression' ? part.expression.at((name) => value(name, span)) : undefined;
  };
  const band = (id: string, { from, to }: Span): Band | undefined => {
    const part = parts.get(id);
    if (part?.kind !== 'band') return undefined;
    const before = Array.from({ length: 96 }, (_, n) => value(part.of, { from: from - (n + 1) * (to - from), to: from - n * (to - from) }));
    return anomalyBand(before.reverse().filter((one) => one !== undefined), part.width);
  };
  const samples = (id: string, span: Span): number => {
    const part = parts.get(id);
    return part?.kind === 'metric' ? (part.samples(span) ?? 0) : 0;
  };
  return { period, value, samples, band };
}

function partOf({ Id, Expression: text, MetricStat: stat }: MetricDataQuery, store: MetricStore): Part {
  if (stat !== undefined) {
    knownStatistic(stat.Stat);
    const { Namespace: namespace = '', MetricName: name = '', Dimensions: dimensions = [] } = stat.Metric;
    const key: MetricKey = { namespace, name, dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])) };
    return { kind: 'metric', read: store.reader(key, stat.Stat), samples: store.reader(key, 'SampleCount') };
  }
  const [, of, width] = /^\s*ANOMALY_DETECTION_BAND\(\s*([A-Za-z]\w*)\s*(?:,\s*([\d.]+)\s*)?\)\s*$/.exec(text ?? '') ?? [];
  if (of !== undefined) return { kind: 'band', of, width: Number(width ?? 2) };
  if (text === undefined) throw new Error(`${Id} is neither a metric nor an expression.`);
  return { kind: 'expression', expression: parseExpression(text) };
}
