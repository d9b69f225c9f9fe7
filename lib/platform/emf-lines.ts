// Figures as lines of CloudWatch's embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { metricCatalog, unitOf, type Figure, type MetricKind } from './metric-catalog.ts';
import { metricNamespace } from './names.ts';

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: { readonly Name: string; readonly Unit: string }[];
}
interface Line {
  readonly directives: Map<string, Directive>;
  /** Values of dimensions and metrics: each name stands once in a line. */
  readonly values: Record<string, string | number>;
}

/** One line where it can be: every figure with its own sets of dimensions. What would say two things under one name goes into a line of its own. */
export function emfLines(figures: readonly Figure[], { service, at }: { readonly service: string; readonly at: number }): string[] {
  const lines: Line[] = [];
  for (const figure of figures) {
    let line = lines.find((each) => hasRoom(each, figure));
    if (!line) lines.push((line = { directives: new Map(), values: { service } }));
    add(line, figure);
  }
  return lines.map(({ directives, values }) => JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics: [...directives.values()] }, ...values }));
}

const hasRoom = ({ values }: Line, [name, , dimensions]: Figure): boolean => values[name] === undefined && Object.entries(dimensions).every(([dimension, value]) => (values[dimension] ?? value) === value);

function add({ directives, values }: Line, [name, value, dimensions]: Figure): void {
  const { totals = [] }: MetricKind = metricCatalog[name];
  const sets = [Object.keys(dimensions), ...totals].map((set) => ['service', ...set]);
  const alike = directives.get(String(sets)) ?? { Namespace: metricNamespace, Dimensions: sets, Metrics: [] };
  directives.set(String(sets), alike);
  alike.Metrics.push({ Name: name, Unit: unitOf(name) });
  Object.assign(values, dimensions, { [name]: value });
}
