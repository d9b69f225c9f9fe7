import { readFileSync } from 'node:fs';
import { DescribeAlarmsCommand, type CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { alarmNames, physicalAlarmName } from '../../../lib/platform/alarm-names.ts';
import { becomesBusy, hour, professional } from '../../support/journey.ts';
import { eventually } from '../../support/eventually.ts';
import type { Run } from '../../support/run.ts';
import type { Drill } from '../drill.ts';
import { expectThat } from '../expect-that.ts';

interface Found {
  readonly name: string;
  readonly actions: number;
  readonly description: string;
  readonly state: string;
}

async function describeAll(client: CloudWatchClient, stage: string): Promise<Found[]> {
  const found: Found[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: `calendar-sync-${stage}-`, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], ...(NextToken !== undefined && { NextToken }) }));
    for (const { AlarmName = '', AlarmActions = [], AlarmDescription = '', StateValue = '' } of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) found.push({ name: AlarmName, actions: AlarmActions.length, description: AlarmDescription, state: StateValue });
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

export const alarms: Drill = {
  name: 'alarms',
  title: 'Every alarm is there, goes to somebody, says whom it hurts and stands in the runbook; none rings where nothing is wrong.',
  clock: 20,
  async run({ place, local, step }) {
    const { cloudwatch } = place;
    const stage = place.stage ?? 'staging';
    await step({
      name: 'configured',
      expects: 'Each alarm that the runbook knows exists, has somebody to tell, and names its impact and its heading.',
      act: async () => {
        expectThat(cloudwatch !== undefined, 'nothing watches metrics here');
        const found = await describeAll(cloudwatch, stage);
        const headings = new Set([...readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading));
        const faults = alarmNames.flatMap((name) => {
          const alarm = found.find((each) => each.name === physicalAlarmName(stage, name));
          if (alarm === undefined) return [`${name} is missing`];
          return [...(alarm.actions > 0 ? [] : [`${name} tells nobody`]), ...(alarm.description.includes(`docs/runbook.md#${name}`) ? [] : [`${name} names no runbook`]), ...(headings.has(name) ? [] : [`${name} is no heading of the runbook`])];
        });
        expectThat(faults.length === 0, faults.join('; '));
        return { alarms: found.length };
      },
    });

    await step({
      name: 'quiet',
      expects: 'Twenty minutes of a day on which nothing is wrong, changes and all, and none rings.',
      localOnly: true,
      act: async () => {
        const { platform, sandbox } = local as Run;
        const someone = await professional(platform, 'google');
        await someone.person.add('Dentist', hour(0));
        await becomesBusy(platform, someone.providerId, { within: hour(0), at: [hour(0)] });
        const unhealthy = physicalAlarmName('staging', 'unhealthy');
        // Until the first tick nobody knows whether upkeep lives.
        await eventually('the service is healthy', () => sandbox.alarms().find(({ name }) => name === unhealthy)?.state === 'OK', { withinMs: sandbox.clock.wall(15 * 60_000) });
        const from = sandbox.clock.now();
        await eventually('twenty minutes pass', () => sandbox.clock.now() > from + 20 * 60_000, { withinMs: sandbox.clock.wall(25 * 60_000) });
        const rang = sandbox.metrics.history().filter(({ at, to }) => at > from && to === 'ALARM');
        expectThat(rang.length === 0, rang.map(({ alarm, reason }) => `${alarm}: ${reason}`).join('; '));
        return { minutes: 20, states: Object.fromEntries(sandbox.alarms().map(({ name, state }) => [name, state])) };
      },
    });
  },
};
