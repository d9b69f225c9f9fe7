import { InvalidArgumentError } from 'commander';
import { editAllowlist, wordsOf, type Edit } from '../../../lib/operate/allowlist-edit.ts';
import { readValues } from '../../../lib/operate/operators-values.ts';
import { allowlistNames, Setting } from '../../../lib/platform/names.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';
import { put } from './flags.ts';

type ListName = (typeof allowlistNames)[number];
const lists: Readonly<Record<string, ListName>> = { providers: Setting.providerAllowlist, connections: Setting.connectionAllowlist };

function listNamed(text: string): ListName {
  const found = lists[text] ?? allowlistNames.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError('Lists: providers (whose calendars sync), connections (whose webhooks are accepted).');
  return found;
}

function share(text: string): string {
  const value = Number(text.replace(/%$/, ''));
  if (text.trim() === '' || !(value >= 0 && value <= 100) || !/^\d{1,3}(\.\d+)?%?$/.test(text)) throw new InvalidArgumentError('It is a number from 0 to 100.');
  return String(value);
}

async function edit(job: Job, name: ListName, change: Edit): Promise<Answer> {
  const before = (await readValues(job.place.ssm, job.place.settingsPath))[name];
  const edited = editAllowlist(before, change, { percent: name === Setting.providerAllowlist });
  if ('refused' in edited) throw new Failure(edited.refused);
  const same = wordsOf(before).join(',') === wordsOf(edited.text).join(',') && before !== undefined;
  if (!same) {
    await job.agree([`${name}: ${before ?? 'missing'} → ${edited.text}`, ...edited.notes]);
    await put(job, name, edited.text);
  }
  return { data: { list: name, before: before ?? null, after: same ? before : edited.text, changed: !same, notes: edited.notes }, text: [same ? 'Nothing to change.' : `${name} is ${edited.text}; functions know within 30 s.`] };
}

async function show({ place }: Job): Promise<Answer> {
  const values = await readValues(place.ssm, place.settingsPath);
  const rows = allowlistNames.map((name) => ({ list: name, value: values[name] ?? 'missing', admits: admits(values[name]), bytes: Buffer.byteLength(values[name] ?? '') }));
  return { data: Object.fromEntries(rows.map(({ list, ...rest }) => [list, rest])), text: [{ title: `Allowlists on ${place.name}`, rows }] };
}

export function admits(text: string | undefined): string {
  const words = wordsOf(text);
  if (words.length === 0) return 'nobody';
  return words.includes('*') ? 'everybody' : `${words.length} ${words.length === 1 ? 'entry' : 'entries'}`;
}

export const allow: AddCommand = (program, act) => {
  const group = program.command('allow').description('the two allowlists: providers (whose calendars sync), connections (whose webhooks are accepted)');
  const naming = 'providers or connections';
  group.command('show').description('how they stand').action(act(show));
  group.command('add').description('admit ids, or * for everybody').argument('<list>', naming, listNamed).argument('<id...>').action(act((job, _, [list, ...add]) => edit(job, list as ListName, { add })));
  group.command('remove').description('admit them no more; an empty list is written none, and admits nobody').argument('<list>', naming, listNamed).argument('<id...>').action(act((job, _, [list, ...remove]) => edit(job, list as ListName, { remove })));
  group
    .command('percent')
    .description('admit a stable share of all providers: raising it never drops anyone; 0 takes the share away')
    .argument('<list>', 'providers', listNamed)
    .argument('<share>', '0 to 100', share)
    .action(act((job, _, [list, percent]) => edit(job, list as ListName, { percent: Number(percent) })));
};
