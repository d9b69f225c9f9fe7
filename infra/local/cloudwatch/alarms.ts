// The template's own alarms, evaluated every minute as CloudWatch would.
import { arn, number, physicalName, text } from '../template.ts';
import type { LocalStack, Resource } from '../template.ts';
import { parseAlarmRule } from './alarm-rule.ts';
import { comparing, evaluationRange, nextState, samplesNeeded, type AlarmState, type MissingData } from './alarm-state.ts';
import type { MetricStore } from './metric-store.ts';
import { planQueries, type MetricDataQuery, type Queries } from './metric-query.ts';
import { percentileOf } from './statistics.ts';

export interface Transition {
  readonly alarm: string;
  readonly from: AlarmState;
  readonly to: AlarmState;
  /** In ms. */
  readonly at: number;
  readonly reason: string;
}

export interface AlarmPlan {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly string[];
  readonly composite: boolean;
  /** As the template has it, with names and references resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The state at that minute's end, and why. */
  readonly judge: (now: number, current: AlarmState, stateOf: (name: string) => AlarmState) => { readonly state: AlarmState; readonly reason: string };
}

export const alarmArn = (name: string): string => arn('cloudwatch', `alarm:${name}`);

const missingKinds: readonly unknown[] = ['breaching', 'notBreaching', 'ignore', 'missing'];

/** Registers the alarms' names and ARNs; composites come last, as they name the others. Throws for what could never be evaluated here. */
export function planAlarms(stack: LocalStack, store: MetricStore): AlarmPlan[] {
  for (const resource of stack.of('AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm')) {
    const name = physicalName(stack, resource, 'AlarmName');
    stack.register(resource.logicalId, { ref: name, attributes: { Arn: alarmArn(name) } });
  }
  const plain = stack.of('AWS::CloudWatch::Alarm').map((resource) => planAlarm(stack, resource, store));
  const composites = stack.of('AWS::CloudWatch::CompositeAlarm').map((resource) => planComposite(stack, resource));
  const known = new Set([...plain, ...composites].map(({ name }) => name));
  for (const { name, asksFor } of composites) for (const other of asksFor) if (!known.has(other)) throw new Error(`${name} asks for ${other}, which is no alarm of the template.`);
  return [...plain, ...composites];
}

function head(stack: LocalStack, resource: Resource, composite: boolean): Omit<AlarmPlan, 'judge'> {
  const actions = resource.property('AlarmActions');
  const names = composite ? ['AlarmRule'] : ['MetricName', 'Namespace', 'Dimensions', 'Statistic', 'ExtendedStatistic', 'Period', 'Unit', 'Metrics', 'EvaluationPeriods', 'DatapointsToAlarm', 'Threshold', 'ThresholdMetricId', 'ComparisonOperator', 'TreatMissingData', 'EvaluateLowSampleCountPercentile'];
  const properties = Object.fromEntries(names.map((name) => [name, resource.property(name)] as const).filter(([, value]) => value !== undefined));
  return { name: physicalName(stack, resource, 'AlarmName'), description: text(resource, 'AlarmDescription') ?? '', actions: Array.isArray(actions) ? actions.map(String) : [], composite, properties };
}

function planAlarm(stack: LocalStack, resource: Resource, store: MetricStore): AlarmPlan {
  const { queries, watched, ofBand } = queriesOf(resource, store);
  const n = number(resource, 'EvaluationPeriods', 1);
  const terms = { evaluationPeriods: n, datapointsToAlarm: number(resource, 'DatapointsToAlarm', n), missingData: missingOf(resource) };
  const breaches = comparing(text(resource, 'ComparisonOperator') ?? '');
  const threshold = number(resource, 'Threshold', 0);
  const thin = lowSamples(resource, queries);
  const length = queries.period * 1000;
  return {
    ...head(stack, resource, false),
    judge: (now, current) => {
      const spans = Array.from({ length: evaluationRange(n) }, (_, k) => ({ from: now - (k + 1) * length, to: now - k * length })).reverse();
      const values = spans.map((span) => queries.value(watched, span));
      if (thin(spans.slice(-n))) return { state: current, reason: 'Too few samples for a percentile: the state is kept.' };
      const datapoints = values.map((value, k) => {
        const band = ofBand === undefined ? { lower: threshold, upper: threshold } : queries.band(ofBand, spans[k] ?? { from: 0, to: 0 });
        return value === undefined ? undefined : band !== undefined && breaches(value, band);
      });
      const state = nextState(datapoints, terms, current);
      return { state, reason: `${values.slice(-n).map((value) => value ?? 'none').join(', ')} against ${ofBand ?? threshold}: ${terms.datapointsToAlarm} of ${n} must breach.` };
    },
  };
}

function missingOf(resource: Resource): MissingData {
  const kind = text(resource, 'TreatMissingData') ?? 'missing';
  if (!missingKinds.includes(kind)) throw new Error(`${resource.logicalId}: missing data cannot be treated as ${kind}.`);
  return kind as MissingData;
}

interface Watched {
  readonly queries: Queries;
  /** The id that is held against the threshold. */
  readonly watched: string;
  /** The id of the band, where that takes the threshold's place. */
  readonly ofBand: string | undefined;
}

function queriesOf(resource: Resource, store: MetricStore): Watched {
  const metrics = resource.property('Metrics') as readonly (MetricDataQuery & Record<string, unknown>)[] | undefined;
  const ofBand = text(resource, 'ThresholdMetricId');
  if (metrics === undefined) return { queries: planQueries([single(resource)], store), watched: 'it', ofBand };
  const returned = metrics.filter(({ Id, ReturnData }) => ReturnData !== false && Id !== ofBand).map(({ Id }) => Id);
  if (returned.length !== 1) throw new Error(`${resource.logicalId} returns ${returned.length} metrics; an alarm watches one.`);
  return { queries: planQueries(metrics, store), watched: returned[0] ?? '', ofBand };
}

function single(resource: Resource): MetricDataQuery {
  const dimensions = (resource.property('Dimensions') ?? []) as { Name: string; Value: string }[];
  const stat = text(resource, 'ExtendedStatistic') ?? text(resource, 'Statistic') ?? '';
  return { Id: 'it', MetricStat: { Metric: { Namespace: text(resource, 'Namespace') ?? '', MetricName: text(resource, 'MetricName') ?? '', Dimensions: dimensions }, Period: number(resource, 'Period', 60), Stat: stat } };
}

/** Whether a percentile is to be left alone for want of samples: only where the alarm asks for that. */
function lowSamples(resource: Resource, queries: Queries): (spans: readonly { from: number; to: number }[]) => boolean {
  const percent = percentileOf(text(resource, 'ExtendedStatistic') ?? '');
  if (percent === undefined || text(resource, 'EvaluateLowSampleCountPercentile') !== 'ignore') return () => false;
  return (spans) => spans.reduce((sum, span) => sum + (queries.samples('it', span) ?? 0), 0) < samplesNeeded(percent);
}

function planComposite(stack: LocalStack, resource: Resource): AlarmPlan & { readonly asksFor: readonly string[] } {
  const rule = parseAlarmRule(text(resource, 'AlarmRule') ?? '');
  return {
    ...head(stack, resource, true),
    asksFor: rule.names,
    judge: (_, __, stateOf) => {
      const ringing = rule.names.filter((name) => stateOf(name) === 'ALARM');
      return { state: rule.holds(stateOf) ? 'ALARM' : 'OK', reason: ringing.length === 0 ? 'None of its alarms rings.' : `Ringing: ${ringing.join(', ')}.` };
    },
  };
}
