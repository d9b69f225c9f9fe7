// Timers of the template: rules and schedules at a rate, each invoking its function.
import { functionNameOf } from './function-plan.ts';
import type { Functions } from './functions.ts';
import { arn, block, physicalName, place, text } from './template.ts';
import type { LocalStack, Resource } from './template.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Timer {
  readonly name: string;
  readonly everyMs: number;
  readonly functionName: string;
  /** The event, where the template gives one instead of the usual. */
  readonly input?: unknown;
}

export interface TimerOptions {
  readonly functions: Pick<Functions, 'invoke'>;
  readonly clock: VirtualClock;
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export function planTimers(stack: LocalStack): Timer[] {
  const rules = stack.of('AWS::Events::Rule').flatMap((rule) => {
    const targets = (rule.property('Targets') ?? []) as Target[];
    return targets.map((target) => timer(stack, rule, target));
  });
  const schedules = stack.of('AWS::Scheduler::Schedule').map((schedule) => timer(stack, schedule, block(schedule, 'Target')));
  const state = (resource: Resource): boolean => text(resource, 'State') !== 'DISABLED';
  const enabled = new Set(stack.of('AWS::Events::Rule', 'AWS::Scheduler::Schedule').filter(state).map((resource) => physicalName(stack, resource, 'Name')));
  return [...rules, ...schedules].filter(({ name }) => enabled.has(name));
}

interface Target {
  readonly Arn?: unknown;
  readonly Input?: unknown;
}

function timer(stack: LocalStack, resource: Resource, { Arn, Input }: Target): Timer {
  return {
    name: physicalName(stack, resource, 'Name'),
    everyMs: rateMs(text(resource, 'ScheduleExpression') ?? '', resource.logicalId),
    functionName: functionNameOf(String(Arn)),
    ...(typeof Input === 'string' ? { input: JSON.parse(Input) as unknown } : {}),
  };
}

export function rateMs(expression: string, logicalId: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const ms = Number(count) * (units[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new Error(`${logicalId}: only rates run here, such as rate(1 minute), not ${expression || 'event patterns'}.`);
  return ms;
}

/** Ticks until `close`. A tick that finds its function at its reserved concurrency is lost, like one that Lambda throttles for longer than it keeps it. */
export function startTimer(plan: Timer, { functions, clock }: TimerOptions): { close(): void } {
  let n = 0;
  const tick = (): void => {
    n += 1;
    void functions.invoke(plan.functionName, plan.input ?? scheduledEvent(plan, clock.now(), n));
  };
  const interval = setInterval(tick, clock.wall(plan.everyMs));
  return { close: () => clearInterval(interval) };
}

const scheduledEvent = ({ name }: Timer, now: number, n: number): object => ({
  version: '0',
  id: `tick-${n}`,
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: place.account,
  time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
  region: place.region,
  resources: [arn('events', `rule/${name}`)],
  detail: {},
});
