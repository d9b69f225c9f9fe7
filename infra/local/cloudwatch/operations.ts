// The calls of CloudWatch that are answered here, as the JSON protocol of the SDK has them: times are seconds since 1970.
import type { AlarmState } from './alarm-state.ts';
import type { AlarmStatus, AlarmWatch } from './alarm-watch.ts';
import { alarmArn } from './alarms.ts';
import { planQueries, type MetricDataQuery } from './metric-query.ts';
import type { MetricStore } from './metric-store.ts';

/** A request that CloudWatch would refuse, by its error's name. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Input = Readonly<Record<string, unknown>>;
export type Operations = Readonly<Record<string, (input: Input) => object>>;

const inSeconds = (ms: number): number => ms / 1000;
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const limits = { queries: 500, datapoints: 100_800 };

export function operations(store: MetricStore, alarms: AlarmWatch, clock: () => number): Operations {
  return {
    GetMetricData: (input) => metricData(store, input as unknown as MetricDataInput),
    ListMetrics: ({ Namespace, MetricName }) => ({
      Metrics: store
        .list()
        .filter(({ namespace, name }) => (Namespace === undefined || Namespace === namespace) && (MetricName === undefined || MetricName === name))
        .map(({ namespace, name, dimensions }) => ({ Namespace: namespace, MetricName: name, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) })),
    }),
    DescribeAlarms: (input) => describeAlarms(alarms, input),
    DescribeAlarmHistory: ({ AlarmName, MaxRecords = 100 }) => ({
      AlarmHistoryItems: alarms
        .history()
        .filter(({ alarm }) => AlarmName === undefined || AlarmName === alarm)
        .slice(-Number(MaxRecords))
        .reverse()
        .map(({ alarm, from, to, at, reason }) => ({ AlarmName: alarm, Timestamp: inSeconds(at), HistoryItemType: 'StateUpdate', HistorySummary: `Alarm updated from ${from} to ${to}`, HistoryData: JSON.stringify({ version: '1.0', oldState: { stateValue: from }, newState: { stateValue: to, stateReason: reason } }) })),
    }),
    SetAlarmState: ({ AlarmName, StateValue, StateReason = '' }) => {
      const known = alarms.set(String(AlarmName), { state: StateValue as AlarmState, reason: String(StateReason), at: clock() });
      if (!known) throw new Refused('ResourceNotFound', `There is no alarm ${String(AlarmName)}.`);
      return {};
    },
  };
}

function describeAlarms(alarms: AlarmWatch, { AlarmNames, AlarmNamePrefix, StateValue, AlarmTypes }: Input): object {
  const names = Array.isArray(AlarmNames) && AlarmNames.length > 0 ? AlarmNames : undefined;
  // As the service: composite alarms only where they are asked for, by type or by name.
  const types = Array.isArray(AlarmTypes) ? AlarmTypes : names ? ['MetricAlarm', 'CompositeAlarm'] : ['MetricAlarm'];
  const wanted = alarms.statuses().filter(({ name, state, composite }) => {
    const named = names === undefined ? name.startsWith(String(AlarmNamePrefix ?? '')) : names.includes(name);
    return named && (StateValue === undefined || StateValue === state) && types.includes(composite ? 'CompositeAlarm' : 'MetricAlarm');
  });
  return { MetricAlarms: wanted.filter(({ composite }) => !composite).map((status) => told(alarms, status)), CompositeAlarms: wanted.filter(({ composite }) => composite).map((status) => told(alarms, status)) };
}

function told({ plans }: AlarmWatch, { name, state, since, reason, description }: AlarmStatus): object {
  const plan = plans.find((each) => each.name === name);
  return { ...plan?.properties, AlarmName: name, AlarmArn: alarmArn(name), AlarmDescription: description, ActionsEnabled: true, AlarmActions: plan?.actions ?? [], StateValue: state, StateReason: reason, StateUpdatedTimestamp: inSeconds(since), StateTransitionedTimestamp: inSeconds(since) };
}

interface MetricDataInput {
  readonly MetricDataQueries: readonly MetricDataQuery[];
  readonly StartTime: number;
  readonly EndTime: number;
  readonly ScanBy?: 'TimestampDescending' | 'TimestampAscending';
}

/** All in one answer, without pages. */
function metricData(store: MetricStore, { MetricDataQueries: queries, StartTime, EndTime, ScanBy = 'TimestampDescending' }: MetricDataInput): object {
  if (queries.length > limits.queries) throw new Refused('ValidationError', `At most ${limits.queries} metrics in one request, not ${queries.length}.`);
  const plan = planned(queries, store);
  const spansOf = (period: number) => {
    const length = period * 1000;
    const first = Math.floor((StartTime * 1000) / length) * length;
    return Array.from({ length: Math.max(0, Math.ceil((EndTime * 1000 - first) / length)) }, (_, n) => ({ from: first + n * length, to: first + (n + 1) * length }));
  };
  const wanted = queries.filter(({ ReturnData }) => ReturnData !== false);
  const results = wanted.map(({ Id, Label, MetricStat, Period }) => {
    const points = spansOf(MetricStat?.Period ?? Period ?? plan.period).flatMap((span) => {
      const value = plan.value(Id, span);
      return value === undefined ? [] : [{ at: inSeconds(span.from), value }];
    });
    if (ScanBy === 'TimestampDescending') points.reverse();
    return { Id, Label: Label ?? MetricStat?.Metric.MetricName ?? Id, Timestamps: points.map(({ at }) => at), Values: points.map(({ value }) => value), StatusCode: 'Complete' };
  });
  const total = results.reduce((sum, { Values }) => sum + Values.length, 0);
  if (total > limits.datapoints) throw new Refused('ValidationError', `${total} datapoints are more than the ${limits.datapoints} of one answer.`);
  return { MetricDataResults: results, Messages: [] };
}

function planned(queries: readonly MetricDataQuery[], store: MetricStore): ReturnType<typeof planQueries> {
  try {
    return planQueries(queries, store);
  } catch (error) {
    throw new Refused('ValidationError', error instanceof Error ? error.message : String(error));
  }
}
