import { Alarm, AlarmRule, AlarmState, AnomalyDetectionAlarm, ComparisonOperator, CompositeAlarm, TreatMissingData, type AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { physicalAlarmName, type AlarmName } from '../lib/platform/alarm-names.ts';
import { Metric } from '../lib/platform/names.ts';
import { ours, ownAlarms, type AlarmTerms } from './alarm-terms.ts';
import { awsAlarms, type Watched } from './aws-alarms.ts';
import { acknowledge } from './nag.ts';
import { physicalName } from './physical-name.ts';
import type { Stage } from './stages.ts';

const unhealthy = {
  impact: 'Calendar sync does not do its work. A deployment under way is rolled back.',
  runbook: 'docs/runbook.md#unhealthy',
} as const;
const itemsAnomaly = {
  impact: 'Far more, or far fewer, calendar rows and events are written than at this hour on other days.',
  runbook: 'docs/runbook.md#items-anomaly',
} as const;

/** Every alarm of a stage, and the topic that operators subscribe to. */
export class Alarms extends Construct {
  /** Rings while calendar sync does not do its work. */
  readonly unhealthy: CompositeAlarm;
  /** By name, the composite left out. */
  readonly all: ReadonlyMap<AlarmName, AlarmBase>;
  private readonly topic: Topic;
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, { stage, ...watched }: Watched & { readonly stage: Stage }) {
    super(scope, id);
    this.stage = stage;
    this.topic = this.makeTopic();
    const terms: readonly (readonly [string, AlarmTerms])[] = Object.entries({ ...ownAlarms(stage.name), ...awsAlarms(watched) });
    const all = new Map<AlarmName, AlarmBase>(terms.map(([name, each]) => [name as AlarmName, this.ring(name as AlarmName, each)]));
    all.set('items-anomaly', this.anomaly('items-anomaly'));
    this.all = all;
    const sick = terms.flatMap(([name, each]) => (each.unhealthy ? (all.get(name as AlarmName) ?? []) : []));
    this.unhealthy = this.told(
      new CompositeAlarm(this, 'unhealthy', {
        compositeAlarmName: physicalAlarmName(stage.name, 'unhealthy'),
        alarmDescription: describe(unhealthy),
        alarmRule: AlarmRule.anyOf(...sick.map((each) => AlarmRule.fromAlarm(each, AlarmState.ALARM))),
      }),
    );
  }

  private ring(name: AlarmName, terms: AlarmTerms): Alarm {
    const [datapointsToAlarm, evaluationPeriods] = terms.datapoints;
    return this.told(
      new Alarm(this, name, {
        alarmName: physicalAlarmName(this.stage.name, name),
        alarmDescription: describe({ ...terms, silence: terms.missing.because }),
        metric: terms.metric,
        threshold: terms.threshold,
        comparisonOperator: terms.below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
        datapointsToAlarm,
        evaluationPeriods,
        treatMissingData: terms.missing.as === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      }),
    );
  }

  private anomaly(name: 'items-anomaly'): AnomalyDetectionAlarm {
    return this.told(
      new AnomalyDetectionAlarm(this, name, {
        alarmName: physicalAlarmName(this.stage.name, name),
        alarmDescription: describe({ ...itemsAnomaly, silence: 'A quiet hour is for the band to know, not for us: no data rings nothing.' }),
        metric: ours(this.stage.name, Metric.items, { statistic: 'Sum', period: 900 }),
        stdDevs: 4,
        datapointsToAlarm: 3,
        evaluationPeriods: 4,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
    );
  }

  private told<A extends AlarmBase>(alarm: A): A {
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }

  private makeTopic(): Topic {
    const topic = new Topic(this, 'topic', { topicName: physicalName(this.stage, 'alarms'), enforceSSL: true });
    // A policy of our own takes the place of the one that lets the account's alarms publish.
    topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } } }));
    for (const email of this.stage.alarmEmails ?? []) topic.addSubscription(new EmailSubscription(email));
    acknowledge(topic, 'AwsSolutions-SNS2');
    return topic;
  }
}

/** What is read by who is woken. */
const describe = ({ impact, runbook, silence }: { impact: string; runbook: string; silence?: string }): string => [impact, ...(silence === undefined ? [] : [`Silence: ${silence}`]), `Runbook: ${runbook}`].join('\n');
