import { GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { InvalidArgumentError } from 'commander';
import { readValues } from '../../../lib/operate/operators-values.ts';
import { flagNames, secretNames, type SettingName } from '../../../lib/platform/names.ts';
import type { AddCommand, Answer, Job } from './command.ts';

type FlagName = (typeof flagNames)[number];
const gates: Readonly<Record<FlagName, string>> = {
  CALENDAR_SYNC_ENABLED: 'reading and writing calendars',
  CALENDAR_OAUTH_ENABLED: 'new connections',
  CALENDAR_JOBS_ENABLED: 'polls, watch renewals, window rolls',
  CALENDAR_WEBHOOK_ENABLED: 'accepting webhooks',
};

/** `sync` as well as CALENDAR_SYNC_ENABLED. */
export function flagNamed(text: string): FlagName {
  const found = flagNames.find((name) => name === text.toUpperCase() || name === `CALENDAR_${text.toUpperCase()}_ENABLED`);
  if (found === undefined) throw new InvalidArgumentError('Flags: sync, oauth, jobs, webhook, or their full names.');
  return found;
}

const severalFlags = (text: string, earlier: unknown): FlagName[] => [...new Set([...(Array.isArray(earlier) ? (earlier as FlagName[]) : []), flagNamed(text)])];
export const isOn = (value: string | undefined): boolean => value?.trim().toLowerCase() === 'true';

/** A parameter that the template planted, and that is the operator's since. */
export const put = async ({ place }: Job, name: SettingName, value: string): Promise<void> =>
  void (await place.ssm.send(new PutParameterCommand({ Name: place.settingsPath + name, Value: value, Type: 'String', Overwrite: true })));

/** Asked for without their values. */
async function missingSecrets({ place }: Job): Promise<string[]> {
  const { InvalidParameters = [] } = await place.ssm.send(new GetParametersCommand({ Names: secretNames.map((name) => place.settingsPath + name) }));
  return InvalidParameters.map((name) => name.slice(place.settingsPath.length));
}

async function turn(job: Job, names: readonly FlagName[], value: 'true' | 'false'): Promise<Answer> {
  const before = await readValues(job.place.ssm, job.place.settingsPath);
  const changing = names.filter((name) => before[name] === undefined || isOn(before[name]) !== (value === 'true'));
  if (changing.length > 0) {
    const missing = value === 'true' ? await missingSecrets(job) : [];
    await job.agree([...changing.map((name) => `${name}: ${before[name] ?? 'missing'} → ${value} (${gates[name]})`), ...missing.map((name) => `${name} is missing: what needs it waits until it is set, with secrets set ${name}`)]);
    for (const name of changing) await put(job, name, value);
  }
  const told = changing.length === 0 ? 'Nothing to change.' : `${changing.length} flag${changing.length === 1 ? '' : 's'} set to ${value}; functions know within 30 s.`;
  return { data: { changed: changing, value }, text: [told] };
}

async function show({ place }: Job): Promise<Answer> {
  const values = await readValues(place.ssm, place.settingsPath);
  const rows = flagNames.map((name) => ({ flag: name, value: values[name] ?? 'missing', is: isOn(values[name]) ? 'on' : 'off', gates: gates[name] }));
  return { data: Object.fromEntries(rows.map(({ flag, value, is }) => [flag, { value, on: is === 'on' }])), text: [{ title: `Flags on ${place.name}`, rows }] };
}

export const flags: AddCommand = (program, act) => {
  const group = program.command('flags').description('the four switches; functions follow within 30 s');
  group.command('show').description('how they stand').action(act(show));
  group.command('enable').description('turn flags on').argument('<flag...>', 'sync, oauth, jobs, webhook', severalFlags).action(act((job, _, names) => turn(job, names as FlagName[], 'true')));
  group.command('disable').description('turn flags off').argument('<flag...>', 'sync, oauth, jobs, webhook', severalFlags).action(act((job, _, names) => turn(job, names as FlagName[], 'false')));
  group.command('all-off').description('turn all four off: nothing is lost, wishes and what is due are kept').action(act((job) => turn(job, flagNames, 'false')));
};
