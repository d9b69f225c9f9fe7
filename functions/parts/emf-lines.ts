// Figures as lines of CloudWatch's embedded metric format, made by Powertools: figures of one moment share a line, as the format allows.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { EmfOutput } from '@aws-lambda-powertools/metrics/types';
import { metricCatalog, unitOf, type Figure, type MetricKind } from '../../lib/platform/metric-catalog.ts';
import { metricNamespace } from '../../lib/platform/names.ts';

/** Left to itself Powertools warns of each dimension that stands in two sets, as it does in every total; the catalog's types hold the rest of what it warns of. */
const silent = { trace: () => undefined, debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface EmfLines {
  /** One line where it can be, each figure with its own sets of dimensions. What would say two things under one name goes into a line of its own. */
  (figures: readonly Figure[], at: number): string[];
}

export function emfLines(service: string): EmfLines {
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: service, logger: silent });
  const make = ([name, value, dimensions]: Figure): EmfOutput => {
    const { totals = [] }: MetricKind = metricCatalog[name];
    const values = dimensions as Readonly<Record<string, string>>;
    for (const set of [Object.keys(values), ...totals]) metrics.addDimensions(Object.fromEntries(set.map((each) => [each, values[each] ?? ''])));
    metrics.addMetric(name, unitOf(name), value);
    const made = metrics.serializeMetrics();
    metrics.clearMetrics();
    metrics.clearDimensions();
    return made;
  };
  // But for values and time the catalog is closed: each of its series is made once.
  const known = new Map<string, EmfOutput>();
  const document = (figure: Figure): EmfOutput => {
    const [name, value, dimensions] = figure;
    const series = name + JSON.stringify(dimensions);
    const made = known.get(series) ?? make(figure);
    known.set(series, made);
    return { ...made, [name]: value };
  };
  return (figures, at) => {
    const lines: EmfOutput[] = [];
    for (const figure of figures) {
      const made = document(figure);
      const place = lines.findIndex((each) => agree(each, made));
      const line = lines[place];
      if (line) lines[place] = joined(line, made);
      else lines.push(made);
    }
    return lines.map((line) => JSON.stringify({ ...line, _aws: { ...line._aws, Timestamp: at } }));
  };
}

/** Whatever both name has one value. A metric stands once in a line, or its second value would hide the first. */
function agree(line: EmfOutput, { _aws, ...values }: EmfOutput): boolean {
  const told = _aws.CloudWatchMetrics.flatMap(({ Metrics: named }) => named.map(({ Name }) => Name));
  return told.every((name) => line[name] === undefined) && Object.entries(values).every(([name, value]) => (line[name] ?? value) === value);
}

function joined(line: EmfOutput, { _aws, ...values }: EmfOutput): EmfOutput {
  const directives = [...line._aws.CloudWatchMetrics];
  for (const directive of _aws.CloudWatchMetrics) {
    const at = directives.findIndex(({ Dimensions }) => String(Dimensions) === String(directive.Dimensions));
    const alike = directives[at];
    if (alike) directives[at] = { ...alike, Metrics: [...alike.Metrics, ...directive.Metrics] };
    else directives.push(directive);
  }
  return { ...line, ...values, _aws: { ...line._aws, CloudWatchMetrics: directives } };
}
