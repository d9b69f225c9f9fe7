import { join } from 'node:path';
import type { Template } from '../../../infra/local/intrinsics.ts';
import { projectRoot, readStack, synthesize } from '../../../infra/local/synthesis.ts';
import { physicalAlarmName } from '../../../lib/platform/alarm-names.ts';
import { settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { clears, rings } from '../alarm-watch.ts';
import type { Drill, Seen } from '../drill.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { shift, withTwoVersions } from './two-versions.ts';

const providers = ['google', 'microsoft'] as const;
const synthesized = async () => readStack(await synthesize(join(projectRoot, '.sandbox', 'assemblies')));

interface Group {
  readonly AlarmConfiguration?: { readonly Enabled?: boolean; readonly Alarms?: readonly { readonly Name?: { readonly Ref?: string } }[] };
  readonly AutoRollbackConfiguration?: { readonly Enabled?: boolean; readonly Events?: readonly string[] };
  readonly DeploymentConfigName?: string;
}

/** That each function that is deployed step by step is taken back where `unhealthy` rings. */
function guarded({ Resources }: Template): Seen {
  const all = Object.entries(Resources);
  const [composite] = all.find(([, { Type, Properties }]) => Type === 'AWS::CloudWatch::CompositeAlarm' && Properties?.['AlarmName'] === physicalAlarmName('staging', 'unhealthy')) ?? [];
  expectThat(composite !== undefined, 'the template has no composite unhealthy');
  const groups = all.filter(([, { Type }]) => Type === 'AWS::CodeDeploy::DeploymentGroup').map(([id, { Properties }]) => [id, (Properties ?? {}) as Group] as const);
  const aliases = all.filter(([, { Type }]) => Type === 'AWS::Lambda::Alias');
  expectThat(groups.length > 0 && groups.length === aliases.length, `${groups.length} deployment groups for ${aliases.length} functions`);
  for (const [id, { AlarmConfiguration: alarms, AutoRollbackConfiguration: back }] of groups) {
    expectThat(alarms?.Enabled === true && alarms.Alarms?.some(({ Name }) => Name?.Ref === composite) === true, `${id} does not look at unhealthy`);
    expectThat(back?.Enabled === true && back.Events?.includes('DEPLOYMENT_STOP_ON_ALARM') === true, `${id} is not rolled back on an alarm`);
  }
  return { groups: groups.length, alarm: composite, steps: [...new Set(groups.map(([, { DeploymentConfigName }]) => DeploymentConfigName))] };
}

export const deploymentRollback: Drill = {
  name: 'deployment-rollback',
  title: 'A new version that breaks makes `unhealthy` ring; the version before, put back, does all that was wished meanwhile.',
  clock: 20,
  stack: async (folder) => withTwoVersions(await synthesized(), 'inbound-sync', folder),
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    let people: Professional[] = [];

    await step({ name: 'guarded', expects: 'By the template each function is deployed in steps and taken back where unhealthy rings.', act: async () => guarded((await synthesized()).template) });
    await step({
      name: 'broken-version',
      expects: 'A version of inbound-sync that dies at each call goes live: changes of calendars are not seen; bookings are still brought about.',
      localOnly: true,
      act: async () => {
        people = await Promise.all(providers.map((provider) => professional(platform, provider)));
        shift(sandbox.folder, 'inbound-sync', 'broken');
        for (const { person } of people) await person.add('Meanwhile', hour(0));
        const bookings = people.map(({ providerId }) => bookingOf(providerId, hour(2)));
        for (const booking of bookings) await platform.publish('created', booking);
        for (const { id } of bookings) await applied(platform, id, 1);
        return { bookings: bookings.length };
      },
    });
    await step({
      name: 'rings',
      expects: 'inbound-sync-errors rings, and with it unhealthy, on which a deployment is taken back.',
      localOnly: true,
      act: async () => {
        const errors = await rings(sandbox, 'inbound-sync-errors');
        const unhealthy = await rings(sandbox, 'unhealthy', 2);
        for (const { providerId } of people) expectThat((await platform.busy(providerId, hour(0).start, hour(0).end)).busy.length === 0, 'the change was seen by a broken version');
        return { errors, unhealthy };
      },
    });
    await step({
      name: 'taken-back',
      expects: 'The alias names the version before again: all that changed meanwhile is seen, once.',
      localOnly: true,
      act: async () => {
        shift(sandbox.folder, 'inbound-sync', 'before');
        for (const { providerId, connection } of people) {
          await becomesBusy(platform, providerId, { within: hour(0), at: [hour(0)], patience: { withinMs: 60_000 } });
          await settled(platform, connection.connection_id, { withinMs: 30_000 });
        }
        return { 'changes seen': people.length };
      },
    });
    await step({
      name: 'clears',
      expects: 'Both alarms clear, no message died, and each calendar holds what its person and the bookings put there, once.',
      localOnly: true,
      act: async () => {
        const [errors, unhealthy] = await Promise.all([clears(sandbox, 'inbound-sync-errors'), clears(sandbox, 'unhealthy', 30)]);
        const dead = await platform.take('inbound-dead');
        expectThat(dead.length === 0, `${dead.length} dead letters`);
        for (const { person } of people) {
          const events = await person.events();
          expectThat(events.length === 2, `the calendar holds ${JSON.stringify(events)}`);
        }
        return { errors, unhealthy };
      },
    });
  },
};
