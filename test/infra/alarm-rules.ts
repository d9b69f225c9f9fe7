import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { metricStore } from '../../infra/local/cloudwatch/metric-store.ts';
import { parseAlarmRule } from '../../infra/local/cloudwatch/alarm-rule.ts';
import { planQueries, type MetricDataQuery } from '../../infra/local/cloudwatch/metric-query.ts';
import { alarmNames, physicalAlarmName } from '../../lib/platform/alarm-names.ts';
import { everySeries } from '../../lib/platform/metric-catalog.ts';
import { metricNamespace, metricService } from '../../lib/platform/names.ts';
import { list, object, plain, type Json, type Resource, type Synthesized } from './synthesized.ts';

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const sections = new Map(runbook.split(/^## /m).slice(1).map((section) => [section.split('\n', 1)[0] ?? '', section] as const));

interface Asked {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** What an alarm watches, whether it says so in its own properties or in a list of metrics. */
function metricsOf({ Properties }: Resource): Asked[] {
  const metrics = list(Properties['Metrics'] ?? []).map((each) => object(object(each)['MetricStat'] ?? {})['Metric']);
  const all = metrics.length > 0 ? metrics.filter((each) => each !== undefined) : [Properties];
  return all.map((each) => ({ Namespace: plain(object(each)['Namespace']), MetricName: plain(object(each)['MetricName']), Dimensions: list(object(each)['Dimensions'] ?? []) as unknown as Asked['Dimensions'] }));
}

export function alarmRules(stack: Synthesized): void {
  const stage = stack.stage.name;
  const plainAlarms = stack.of('AWS::CloudWatch::Alarm');
  const composites = stack.of('AWS::CloudWatch::CompositeAlarm');
  const all = [...plainAlarms, ...composites];
  const nameOf = ({ Properties }: Resource): string => plain(Properties['AlarmName']);

  describe('alarms', () => {
    it('are those that are named, each with a heading in the runbook that says what it means, where to look and what to do', () => {
      expect(all.map(nameOf).sort()).toEqual(alarmNames.map((name) => physicalAlarmName(stage, name)).sort());
      expect([...sections.keys()]).toEqual(expect.arrayContaining([...alarmNames]));
      expect(sections.size).toBe(alarmNames.length);
      for (const [name, section] of sections) expect([name, ...(section.match(/^\*\*\w+\*\*/gm) ?? [])]).toEqual([name, '**Means**', '**Look**', '**Do**']);
    });

    it('say whom they hurt and where to read on, and tell the topic when they ring and when they clear', () => {
      const topic = `\${${stack.of('AWS::SNS::Topic')[0]?.id ?? 'none'}}`;
      for (const alarm of all) {
        const short = nameOf(alarm).replace(`calendar-sync-${stage}-`, '');
        const description = plain(alarm.Properties['AlarmDescription']);
        expect(description).toMatch(new RegExp(`^[A-Z].{30,}\\.\n[^]*Runbook: docs/runbook\\.md#${short}$`));
        expect([short, list(alarm.Properties['AlarmActions']).map(plain), list(alarm.Properties['OKActions']).map(plain)]).toEqual([short, [topic], [topic]]);
      }
    });

    it('say what silence means, and why', () => {
      for (const alarm of plainAlarms) {
        const silence = plain(alarm.Properties['TreatMissingData']);
        expect([nameOf(alarm), silence]).toEqual([nameOf(alarm), nameOf(alarm).endsWith('upkeep-silent') ? 'breaching' : 'notBreaching']);
        expect(plain(alarm.Properties['AlarmDescription'])).toContain('\nSilence: ');
      }
    });

    it('watch metrics that are sent, with exactly their dimensions', () => {
      const sent = new Set(everySeries().map(({ name, dimensions }) => JSON.stringify([name, Object.entries({ ...dimensions, service: metricService(stage) }).sort()])));
      const own = plainAlarms.flatMap(metricsOf).filter(({ Namespace }) => Namespace === metricNamespace);
      expect(own.length).toBeGreaterThan(10);
      for (const { MetricName, Dimensions } of own) expect(sent).toContain(JSON.stringify([MetricName, Dimensions.map(({ Name, Value }) => [Name, Value]).sort()]));
    });

    it('watch every dead-letter queue by the name that it has', () => {
      const dead = stack.of('AWS::SQS::Queue').filter(({ Properties }) => plain(Properties['QueueName']).endsWith('-dead'));
      const watched = plainAlarms.flatMap(metricsOf).filter(({ Namespace }) => Namespace === 'AWS/SQS').flatMap(({ Dimensions }) => Dimensions.map(({ Value }) => plain(Value as Json)));
      expect(watched.sort()).toEqual(dead.map(({ id }) => `\${${id}.QueueName}`).sort());
    });

    it('keep to what CloudWatch takes: ten metrics, no search, and math that the local run understands', () => {
      for (const { Properties } of plainAlarms) {
        const metrics = list(Properties['Metrics'] ?? []);
        expect(metrics.length).toBeLessThanOrEqual(10);
        if (metrics.length > 0) expect(() => planQueries(metrics as unknown as MetricDataQuery[], metricStore())).not.toThrow();
      }
    });

    it('are one composite that deployments ask, of what a deployment can break', () => {
      expect(composites).toHaveLength(1);
      const rule = plain(composites[0]?.Properties['AlarmRule'] ?? '');
      const asked = parseAlarmRule(rule.replaceAll(/\$\{(\w+)\.Arn\}/g, (_, id: string) => nameOf(stack.named(id)))).names.map((name) => name.replace(`calendar-sync-${stage}-`, ''));
      expect(asked.sort()).toEqual(
        ['api-5xx', 'availability-errors', 'booking-sync-errors', 'bookings-unapplied', 'google-webhook-errors', 'inbound-sync-errors', 'microsoft-webhook-errors', 'notices-unread', 'settings-unknown', 'sync-failures', 'sync-latency', 'sync-stalled', 'upkeep-errors', 'upkeep-silent'],
      );
    });

    it('may publish to their topic, and nobody else may', () => {
      const statements = stack.of('AWS::SNS::TopicPolicy').flatMap(({ Properties }) => list(object(Properties['PolicyDocument'])['Statement']).map(object));
      expect(statements.filter(({ Effect }) => Effect === 'Allow').map(({ Action, Principal }) => [Action, Principal])).toEqual([['sns:Publish', { Service: 'cloudwatch.amazonaws.com' }]]);
    });

    it('are on one dashboard: health, then flow, then cost', () => {
      const [dashboard, ...others] = stack.of('AWS::CloudWatch::Dashboard');
      const body = plain(dashboard?.Properties['DashboardBody'] ?? '');
      expect(others).toEqual([]);
      expect([...body.matchAll(/"markdown":"# (\w+)"/g)].map(([, heading]) => heading)).toEqual(['Health', 'Flow', 'Cost']);
      for (const alarm of all) expect(body.slice(0, body.indexOf('# Flow'))).toContain(`\${${alarm.id}.Arn}`);
    });
  });
}
