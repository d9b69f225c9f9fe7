// Every alarm of the template, seen to ring on what it is for and to clear afterwards, minute by minute; and none on a good day.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { registerFunctions } from '../../infra/local/function-plan.ts';
import { watchAlarms } from '../../infra/local/cloudwatch/alarm-watch.ts';
import { planAlarms } from '../../infra/local/cloudwatch/alarms.ts';
import { metricStore } from '../../infra/local/cloudwatch/metric-store.ts';
import { physicalName } from '../../infra/local/template.ts';
import { alarmNames, physicalAlarmName, type AlarmName } from '../../lib/platform/alarm-names.ts';
import { metricCatalog, type MetricKind } from '../../lib/platform/metric-catalog.ts';
import { Metric, metricNamespace, metricService, queueNames, tableNames, type MetricName } from '../../lib/platform/names.ts';
import { tellCensus, type Census } from '../../lib/upkeep/census.ts';
import { synthesizedStack } from '../support/template.ts';

const minute = 60_000;
const stack = await synthesizedStack();
for (const resource of stack.of('AWS::DynamoDB::GlobalTable')) stack.register(resource.logicalId, { ref: physicalName(stack, resource, 'TableName'), attributes: {} });
for (const resource of stack.of('AWS::SQS::Queue')) stack.register(resource.logicalId, { ref: resource.logicalId, attributes: { Arn: resource.logicalId, QueueName: physicalName(stack, resource, 'QueueName') } });
for (const resource of stack.of('AWS::ApiGatewayV2::Api')) stack.register(resource.logicalId, { ref: 'local', attributes: { ApiId: 'local' } });
registerFunctions(stack);

type Send = (world: ReturnType<typeof aWorld>) => void;

function aWorld() {
  const store = metricStore();
  const began = Date.parse('2026-03-02T09:00:00Z');
  const rang = new Set<string>();
  const watch = watchAlarms(planAlarms(stack, store), { startedAt: began, onTransition: ({ alarm, to }) => void (to === 'ALARM' && rang.add(alarm)) });
  let now = began;
  const vended = (namespace: string, name: string, { value, ...dimensions }: { value: number } & Record<string, string | number>): void =>
    store.add({ namespace, name, dimensions: Object.fromEntries(Object.entries(dimensions).map(([key, one]) => [key, String(one)])), at: now, values: [[value, 1]] });
  const world = {
    rang,
    /** A figure of ours, with its totals, as functions send it. */
    own(name: MetricName, value: number, dimensions: Record<string, string> = {}, times = 1): void {
      const { totals = [] }: MetricKind = metricCatalog[name];
      for (const set of [Object.keys(dimensions), ...totals]) {
        const each = Object.fromEntries(set.map((key) => [key, dimensions[key] ?? '']));
        store.add({ namespace: metricNamespace, name, dimensions: { service: metricService('staging'), ...each }, at: now, values: [[value, times]] });
      }
    },
    vended,
    state: (name: AlarmName) => watch.statuses().find((status) => status.name === physicalAlarmName('staging', name))?.state,
    pass(minutes: number, ...sends: Send[]): void {
      for (let n = 0; n < minutes; n += 1) {
        for (const send of sends) send(world);
        now += minute;
        watch.evaluate(now);
      }
    },
  };
  return world;
}

const inbound = { direction: 'inbound', calendar_provider: 'google' };
const fn = (name: string) => ({ FunctionName: `calendar-sync-staging-${name}` });
/** Sync is on, upkeep ticks, nothing waits. */
const upkeepTicks: Send = ({ own }) => {
  own(Metric.ticks, 1);
  own(Metric.enabled, 1);
  own(Metric.runs, 0, { ...inbound, outcome: 'succeeded' });
  own(Metric.oldestDirty, 2_000);
  own(Metric.oldestPending, 0);
};
const idle: Send = ({ own }) => own(Metric.waiting, 0);
const waits: Send = ({ own }) => own(Metric.waiting, 3);
/** Off, upkeep does not even look what waits; but should it ever, that is no stall. */
const off: Send = ({ own }) => {
  own(Metric.ticks, 1);
  own(Metric.enabled, 0);
  own(Metric.waiting, 3);
  own(Metric.runs, 0, { ...inbound, outcome: 'succeeded' });
};
const busy: Send = ({ own, vended }) => {
  own(Metric.runs, 1, { ...inbound, outcome: 'succeeded' }, 40);
  own(Metric.items, 3, inbound, 40);
  own(Metric.latency, 800, inbound, 40);
  own(Metric.webhooks, 1, { calendar_provider: 'google', outcome: 'accepted' }, 40);
  own(Metric.watches, 40, { calendar_provider: 'google', health: 'live' });
  own(Metric.watches, 0, { calendar_provider: 'google', health: 'near_expiry' });
  for (const queue of queueNames) vended('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: `calendar-sync-staging-${queue}-dead`, value: 0 });
  vended('AWS/Lambda', 'Errors', { ...fn('inbound-sync'), value: 0 });
  vended('AWS/ApiGateway', '5xx', { ApiId: 'local', value: 0 });
};
const good: readonly Send[] = [upkeepTicks, idle, busy];

interface Trouble {
  readonly trouble: Send;
  readonly day?: readonly Send[];
  readonly minutes: number;
}
const eachOf = (names: readonly string[], minutes: number, trouble: (name: string) => Send): Record<string, Trouble> => Object.fromEntries(names.map((name) => [name, { trouble: trouble(name), minutes }]));
const called = (name: string): string => name.replace(/-(errors|throttled|dead-letters)$/, '');

/** What makes each ring, sent every minute beside a good day, unless it says what else the day is. */
const troubles: Readonly<Record<string, Trouble>> = {
  'sync-stalled': { trouble: waits, day: [upkeepTicks], minutes: 31 },
  'sync-failures': { trouble: ({ own }) => own(Metric.failures, 1, inbound, 6), minutes: 1 },
  'sync-latency': { trouble: ({ own }) => own(Metric.latency, 6_000, inbound, 10), minutes: 10 },
  'notices-unread': { trouble: ({ own }) => own(Metric.oldestDirty, 601_000), minutes: 3 },
  'bookings-unapplied': { trouble: ({ own }) => own(Metric.oldestPending, 601_000), minutes: 3 },
  'items-anomaly': { trouble: ({ own }) => own(Metric.items, 300, inbound, 40), minutes: 45 },
  'api-5xx': { trouble: ({ vended }) => [1, 2, 3].forEach(() => vended('AWS/ApiGateway', '5xx', { ApiId: 'local', value: 1 })), minutes: 2 },
  'webhook-401-spike': { trouble: ({ own }) => own(Metric.webhooks, 1, { calendar_provider: 'google', outcome: 'not_authentic' }, 101), minutes: 1 },
  'signature-failures': { trouble: ({ own }) => own(Metric.webhooks, 1, { calendar_provider: 'microsoft', outcome: 'not_authentic' }, 1), minutes: 15 },
  'settings-unknown': { trouble: ({ own }) => own(Metric.settingsUnknown, 1), minutes: 3 },
  'upkeep-silent': { trouble: () => undefined, day: [], minutes: 7 },
  'refresh-failures': { trouble: ({ own }) => own(Metric.refreshFailures, 1, { calendar_provider: 'google', reason: 'unavailable' }), minutes: 11 },
  'oauth-client-refused': { trouble: ({ own }) => own(Metric.oauthClientRefused, 1, { calendar_provider: 'google' }), minutes: 1 },
  'watches-near-expiry': { trouble: ({ own }) => own(Metric.watches, 1, { calendar_provider: 'google', health: 'near_expiry' }), day: [upkeepTicks, idle], minutes: 15 },
  ...eachOf(alarmNames.filter((name) => name.endsWith('-dead-letters')), 1, (name) => ({ vended }) => vended('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: `calendar-sync-staging-${called(name)}-dead`, value: 1 })),
  ...eachOf(alarmNames.filter((name) => name.endsWith('-errors')), 3, (name) => ({ vended }) => vended('AWS/Lambda', 'Errors', { ...fn(called(name)), value: 1 })),
  ...eachOf(['google-webhook-throttled', 'microsoft-webhook-throttled'], 1, (name) => ({ vended }) => vended('AWS/Lambda', 'Throttles', { ...fn(called(name)), value: 11 })),
  ...eachOf(tableNames.map((name) => `${name}-throttled`), 1, (name) => ({ vended }) => vended('AWS/DynamoDB', 'WriteThrottleEvents', { TableName: `calendar-sync-staging-${called(name)}`, value: 11 })),
};

let world: ReturnType<typeof aWorld>;
beforeEach(() => {
  world = aWorld();
});

describe('the alarms of the template', () => {
  it('keep still on a good day, and on a day on which nothing happens', () => {
    world.pass(150, ...good);
    world.pass(60, upkeepTicks, idle);
    expect([...world.rang]).toEqual([]);
  });

  it('keep still while sync is off, however much waits; but upkeep may not fall silent', () => {
    world.pass(20, ...good);
    world.pass(90, off);
    expect([...world.rang]).toEqual([]);
    world.pass(8);
    expect([world.state('upkeep-silent'), world.state('unhealthy')]).toEqual(['ALARM', 'ALARM']);
  });

  it('do not take one slow run of a quiet hour for a slow service', () => {
    world.pass(30, upkeepTicks, idle, ({ own }) => own(Metric.latency, 20_000, inbound));
    expect(world.state('sync-latency')).toBe('OK');
  });

  it.each(['google', 'microsoft'] as const)('ring for watches of %s alone as the census tells them, though all of the other calendar provider are well', (provider) => {
    const well = { live: 40, near_expiry: 0, missing: 0 };
    const census = (nearExpiry: number): Census => ({
      states: { active: 80, paused: 0, reauthorization_required: 0, disconnecting: 0 },
      watches: { google: well, microsoft: well, [provider]: { ...well, near_expiry: nearExpiry } },
    });
    const counted = (nearExpiry: number): Send => ({ own }) => tellCensus(census(nearExpiry), (name, value, dimensions) => own(name, value, dimensions as Record<string, string>));
    world.pass(60, upkeepTicks, idle, counted(0));
    expect([...world.rang]).toEqual([]);
    world.pass(20, upkeepTicks, idle, counted(3));
    expect(world.state('watches-near-expiry')).toBe('ALARM');
    world.pass(25, upkeepTicks, idle, counted(0));
    expect(world.state('watches-near-expiry')).toBe('OK');
  });

  it('call it no stall while something succeeds, however much waits', () => {
    world.pass(60, upkeepTicks, waits, ({ own }) => own(Metric.runs, 1, { ...inbound, outcome: 'succeeded' }));
    expect([...world.rang]).toEqual([]);
  });

  it.each(Object.keys(troubles) as AlarmName[])('%s rings on what it is for, not at once where it should wait, and clears when that is over', (name) => {
    const { trouble = idle, day = good, minutes = 0 } = troubles[name] ?? {};
    world.pass(name === 'items-anomaly' ? 150 : 15, ...good);
    expect([...world.rang]).toEqual([]);
    if (minutes > 5) {
      world.pass(Math.floor(minutes / 2) - 1, ...day, trouble);
      expect(world.state(name)).toBe('OK');
    }
    world.pass(minutes, ...day, trouble);
    expect(world.state(name)).toBe('ALARM');
    world.pass(name === 'items-anomaly' ? 60 : 25, ...good);
    expect(world.state(name)).toBe('OK');
  });

  it('are all tried here', () => {
    expect([...Object.keys(troubles), 'unhealthy'].sort()).toEqual([...alarmNames].sort());
  });
});
