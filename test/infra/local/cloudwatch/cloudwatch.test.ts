// The local CloudWatch as a whole, minute by minute, and through the real client.
import { afterEach, describe, expect, it } from '@jest/globals';
import { CloudWatchClient, DescribeAlarmHistoryCommand, DescribeAlarmsCommand, GetMetricDataCommand, ListMetricsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { watchAlarms } from '../../../../infra/local/cloudwatch/alarm-watch.ts';
import { planAlarms, type Transition } from '../../../../infra/local/cloudwatch/alarms.ts';
import { metricStore } from '../../../../infra/local/cloudwatch/metric-store.ts';
import { operations } from '../../../../infra/local/cloudwatch/operations.ts';
import { startCloudWatchServer } from '../../../../infra/local/cloudwatch/server.ts';
import type { TemplateResource } from '../../../../infra/local/intrinsics.ts';
import { localAccess } from '../../../../infra/local/tables.ts';
import { localStack } from '../../../../infra/local/template.ts';

const minute = 60_000;
const began = Date.parse('2026-03-02T09:00:00Z');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const alarm = (name: string, properties: object): TemplateResource => ({ Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: name, Namespace: 'N', MetricName: 'm', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: 'GreaterThanThreshold', ...properties } });

function world(Resources: Record<string, TemplateResource>) {
  const store = metricStore();
  const transitions: Transition[] = [];
  const watch = watchAlarms(planAlarms(localStack({ name: 'small', assets: {}, template: { Resources } }), store), { startedAt: began, onTransition: (each) => void transitions.push(each) });
  let at = began;
  return {
    store, watch, transitions,
    now: () => at,
    state: (name: string) => watch.statuses().find((each) => each.name === name)?.state,
    /** One minute: these values of `m`, then an evaluation. */
    pass(...values: number[]): void {
      for (const value of values) store.add({ namespace: 'N', name: 'm', dimensions: {}, at, values: [[value, 1]] });
      at += minute;
      watch.evaluate(at);
    },
  };
}

describe('alarms', () => {
  it('ring and clear with what is measured, and tell each change with its time', () => {
    const { pass, transitions, state } = world({ A: alarm('a', { TreatMissingData: 'notBreaching' }) });
    pass(1);
    pass(3, 3);
    pass(0);
    expect(state('a')).toBe('OK');
    expect(transitions.map(({ alarm: name, from, to, at }) => [name, from, to, (at - began) / minute])).toEqual([['a', 'INSUFFICIENT_DATA', 'OK', 1], ['a', 'OK', 'ALARM', 2], ['a', 'ALARM', 'OK', 3]]);
  });

  it('of five minutes look at the last five at each minute, not at each five', () => {
    const { pass, state } = world({ A: alarm('a', { Period: 300, TreatMissingData: 'notBreaching' }) });
    pass(4);
    pass();
    expect(state('a')).toBe('OK');
    pass(2);
    expect(state('a')).toBe('ALARM');
  });

  it('leave a percentile of few samples alone where that is asked for', () => {
    const { pass, state } = world({
      Wary: alarm('wary', { Statistic: undefined, ExtendedStatistic: 'p95', EvaluateLowSampleCountPercentile: 'ignore' }),
      Rash: alarm('rash', { Statistic: undefined, ExtendedStatistic: 'p95' }),
    });
    pass(9);
    expect([state('wary'), state('rash')]).toEqual(['INSUFFICIENT_DATA', 'ALARM']);
    pass(...Array.from({ length: 200 }, () => 9));
    expect(state('wary')).toBe('ALARM');
  });

  it('compute with metrics, and hold a metric against its band', () => {
    const m = (Stat: string, Id: string) => ({ Id, ReturnData: false, MetricStat: { Metric: { Namespace: 'N', MetricName: 'm', Dimensions: [] }, Period: 60, Stat } });
    const plain = { Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined };
    const { pass, state } = world({
      Average: alarm('average', { ...plain, Metrics: [{ Id: 'e', Expression: 'IF(n >= 2, s / n, 0)' }, m('Sum', 's'), m('SampleCount', 'n')] }),
      Odd: alarm('odd', { ...plain, Threshold: undefined, ThresholdMetricId: 'band', ComparisonOperator: 'GreaterThanUpperThreshold', Metrics: [{ Id: 'band', Expression: 'ANOMALY_DETECTION_BAND(s, 3)' }, { ...m('Sum', 's'), ReturnData: true }] }),
    });
    for (let n = 0; n < 8; n += 1) pass(9);
    expect([state('average'), state('odd')]).toEqual(['OK', 'OK']);
    pass(20, 20);
    expect([state('average'), state('odd')]).toEqual(['ALARM', 'ALARM']);
  });

  it('made of others follow them within the same minute', () => {
    const { pass, transitions, state } = world({
      A: alarm('a', { TreatMissingData: 'notBreaching' }),
      All: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmName: 'all', AlarmRule: { 'Fn::Join': ['', ['ALARM("', { 'Fn::GetAtt': ['A', 'Arn'] }, '")']] } } },
    });
    pass(9);
    expect([state('all'), transitions.map(({ alarm: name }) => name)]).toEqual(['ALARM', ['a', 'all']]);
  });

  it('that could never be evaluated here are an error at the start', () => {
    const metrics = (Expression: string) => ({ Metrics: [{ Id: 'e', Expression }] });
    expect(() => world({ A: alarm('a', metrics('RATE(m)')) })).toThrow('RATE');
    expect(() => world({ A: alarm('a', metrics('x + 1')) })).toThrow('x, which is not among its metrics');
    expect(() => world({ A: alarm('a', { Statistic: 'Median' }) })).toThrow('Median');
    expect(() => world({ A: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmName: 'all', AlarmRule: 'ALARM(ghost)' } } })).toThrow('ghost');
  });
});

describe('the client of CloudWatch', () => {
  it('reads figures, alarms and their history', async () => {
    const { store, watch, pass, now } = world({ A: alarm('a', { AlarmDescription: 'why' }) });
    const server = await startCloudWatchServer(() => operations(store, watch, now), store.add);
    closing.push(server.close);
    pass(9);
    pass(1, 2);
    const client = new CloudWatchClient({ ...localAccess, endpoint: server.url });
    const asked = { Id: 's', MetricStat: { Metric: { Namespace: 'N', MetricName: 'm' }, Period: 60, Stat: 'Sum' } };
    const data = await client.send(new GetMetricDataCommand({ StartTime: new Date(began), EndTime: new Date(now()), ScanBy: 'TimestampAscending', MetricDataQueries: [asked, { Id: 'twice', Expression: 's * 2' }] }));
    expect(data.MetricDataResults?.map(({ Id, Values, Timestamps }) => [Id, Values, Timestamps?.map((at) => (at.getTime() - began) / minute)])).toEqual([['s', [9, 3], [0, 1]], ['twice', [18, 6], [0, 1]]]);
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'a' }));
    expect(MetricAlarms).toMatchObject([{ AlarmName: 'a', StateValue: 'OK', AlarmDescription: 'why', Threshold: 5, StateUpdatedTimestamp: new Date(began + 2 * minute) }]);
    const { AlarmHistoryItems } = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: 'a' }));
    expect(AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary)).toEqual(['Alarm updated from ALARM to OK', 'Alarm updated from INSUFFICIENT_DATA to ALARM']);
    await client.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'a drill' }));
    expect(watch.statuses()[0]).toMatchObject({ state: 'ALARM', reason: 'a drill' });
    await expect(client.send(new SetAlarmStateCommand({ AlarmName: 'ghost', StateValue: 'OK', StateReason: '' }))).rejects.toMatchObject({ name: 'ResourceNotFound' });
    expect((await client.send(new ListMetricsCommand({}))).Metrics).toEqual([{ Namespace: 'N', MetricName: 'm', Dimensions: [] }]);
    client.destroy();
  });
});
