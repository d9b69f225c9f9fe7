import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { standing, walkConnections } from '../../../lib/operate/connection-list.ts';
import { readValues } from '../../../lib/operate/operators-values.ts';
import { readUpkeep, readWaiting, type Waiting } from '../../../lib/operate/waiting.ts';
import { allowlistNames, flagNames, queueNames } from '../../../lib/platform/names.ts';
import { admits } from './allow.ts';
import { ago, iso, lengthOf } from './ages.ts';
import type { AddCommand, Answer, Job, Section } from './command.ts';
import { depthOf, type Depth } from './dlq.ts';
import { isOn } from './flags.ts';
import type { AnyQueueName, Place } from './place.ts';

const waitingTold = ({ count, oldest }: Waiting, now: number) => ({ count, oldest_since: iso(oldest), oldest_ms: oldest === undefined ? 0 : now - oldest });

async function depths(place: Place): Promise<ReadonlyMap<AnyQueueName, Depth>> {
  const names = queueNames.flatMap((name): AnyQueueName[] => [name, `${name}-dead`]);
  return new Map(await Promise.all(names.map(async (name) => [name, await depthOf(place, name)] as const)));
}

/** Names of the stage's alarms that ring now; undefined: nothing watches here. */
async function ringing({ cloudwatch, stage }: Place): Promise<string[] | undefined> {
  if (cloudwatch === undefined) return undefined;
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await cloudwatch.send(new DescribeAlarmsCommand({ StateValue: 'ALARM', AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], ...(stage && { AlarmNamePrefix: `calendar-sync-${stage}` }), ...(NextToken !== undefined && { NextToken }) }));
    names.push(...[...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])].flatMap(({ AlarmName }) => AlarmName ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return names;
}

async function read({ place, clock }: Job): Promise<Answer> {
  const now = clock();
  const { dynamo, ssm, tables } = place;
  const [values, waiting, upkeep, queues, { connections }, alarms] = await Promise.all([
    readValues(ssm, place.settingsPath),
    readWaiting(dynamo, { syncState: tables['sync-state'], bookingEvents: tables['booking-events'] }, now),
    readUpkeep(dynamo, tables['sync-state']),
    depths(place),
    walkConnections(dynamo, tables.connections),
    ringing(place),
  ]);
  const states = new Map<string, number>();
  for (const connection of connections) states.set(standing(connection), (states.get(standing(connection)) ?? 0) + 1);
  const dead = queueNames.reduce((sum, name) => sum + (queues.get(`${name}-dead`)?.waiting ?? 0), 0);
  const data = {
    place: place.name,
    flags: Object.fromEntries(flagNames.map((name) => [name, isOn(values[name])])),
    allowlists: Object.fromEntries(allowlistNames.map((name) => [name, { value: values[name] ?? null, admits: admits(values[name]) }])),
    connections: Object.fromEntries(states),
    waiting: { dirty: waitingTold(waiting.dirty, now), pending: waitingTold(waiting.pending, now), due_any: waitingTold(waiting.due.any, now), due_sync: waitingTold(waiting.due.sync, now), due_jobs: waitingTold(waiting.due.jobs, now) },
    gates_sweep: upkeep.sweeping,
    queues: Object.fromEntries(queues),
    alarms: alarms ?? null,
  };
  const row = (what: string, one: Waiting) => ({ what, count: one.count, oldest: one.oldest === undefined ? '–' : lengthOf(now - one.oldest) });
  const sections: (string | Section)[] = [
    { title: `Gates on ${place.name}`, rows: [...flagNames.map((name) => ({ setting: name, is: isOn(values[name]) ? 'on' : 'off' })), ...allowlistNames.map((name) => ({ setting: name, is: `admits ${admits(values[name])}` }))] },
    { title: 'Connections', rows: [...states].sort().map(([state, count]) => ({ state, count })), none: 'none yet' },
    { title: 'Waiting', rows: [row('connections with unread notices', waiting.dirty), row('bookings not applied', waiting.pending), row('due whatever the flags (leaving)', waiting.due.any), row('due under SYNC', waiting.due.sync), row('due under JOBS', waiting.due.jobs)] },
    { title: 'Queues', rows: [...queues].map(([queue, { waiting: count, taken, delayed }]) => ({ queue, waiting: count, taken, delayed })) },
    { title: 'Alarms that ring', rows: (alarms ?? []).map((alarm) => ({ alarm })), none: alarms === undefined ? 'nobody watches here' : 'none' },
    ...(upkeep.sweeping ? ['', 'A gate or a list changed lately: whom it concerns is being marked, over ten minutes.'] : []),
    ...(upkeep.countedAt === undefined ? [] : ['', `Upkeep last counted ${upkeep.connections ?? 0} connections, ${ago(upkeep.countedAt, now)}.`]),
  ];
  return { data, text: sections, bad: dead > 0 || (alarms?.length ?? 0) > 0 };
}

export const status: AddCommand = (program, act) =>
  void program
    .command('status')
    .description('gates, connections, what waits, queues, alarms; exit code 1 where a dead letter lies or an alarm rings')
    .action(act(read));
