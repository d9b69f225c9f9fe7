import { randomBytes } from 'node:crypto';
import { GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { InvalidArgumentError } from 'commander';
import { walkConnections, type Walked } from '../../../lib/operate/connection-list.ts';
import { badDocument, clientTold, isRing, keysTold, lostKeys, rotateRing, withClientSecret, type KeyUse, type RingName, type SecretName } from '../../../lib/operate/secret-documents.ts';
import { secretNames, Setting } from '../../../lib/platform/names.ts';
import { ago, iso, until } from './ages.ts';
import type { AddCommand, Answer, Job, Section } from './command.ts';
import { Failure } from './failure.ts';

interface Kept {
  readonly document: string;
  readonly changedAt: number | undefined;
}

function secretNamed(text: string): SecretName {
  const found = secretNames.find((name) => name === text.toUpperCase());
  if (found === undefined) throw new InvalidArgumentError(`Secrets: ${secretNames.join(', ')}.`);
  return found;
}

async function readSecrets({ place }: Job): Promise<ReadonlyMap<SecretName, Kept>> {
  const { Parameters = [] } = await place.ssm.send(new GetParametersCommand({ Names: secretNames.map((name) => place.settingsPath + name), WithDecryption: true }));
  return new Map(
    secretNames.flatMap((name) => {
      const found = Parameters.find(({ Name }) => Name === place.settingsPath + name);
      return found?.Value === undefined ? [] : [[name, { document: found.Value, changedAt: found.LastModifiedDate?.getTime() }] as const];
    }),
  );
}

/** What lies sealed or signed under each key, counted over the whole connections table. */
function useOf(name: RingName, { connections, starts }: Walked, now: number): KeyUse {
  const ids = name === Setting.webhookKeys ? connections.flatMap(({ watches }) => watches.map(({ key_id }) => key_id)) : [...connections.flatMap(({ key }) => key ?? []), ...starts.flatMap(({ key, endsAt }) => (endsAt > now ? [key] : []))];
  const use = new Map<string, number>();
  for (const id of ids) use.set(id, (use.get(id) ?? 0) + 1);
  return use;
}

const walked = ({ place }: Job): Promise<Walked> => walkConnections(place.dynamo, place.tables.connections);

async function save({ place }: Job, name: SecretName, document: string): Promise<void> {
  if (Buffer.byteLength(document) > 4096) throw new Failure(`${name} would be ${Buffer.byteLength(document)} bytes, and a parameter holds 4096: drop keys first, with secrets rotate ${name} --drop.`);
  await place.ssm.send(new PutParameterCommand({ Name: place.settingsPath + name, Value: document, Type: 'SecureString', Overwrite: true }));
}

async function show(job: Job): Promise<Answer> {
  const [secrets, table] = [await readSecrets(job), await walked(job)];
  const now = job.clock();
  const told = secretNames.map((name) => {
    const kept = secrets.get(name);
    const bad = kept && badDocument(name, kept.document);
    const keys = kept && bad === undefined && isRing(name) ? keysTold(kept.document, useOf(name, table, now), now) : undefined;
    return { name, changedAt: kept?.changedAt, is: kept === undefined ? 'missing' : (bad ?? 'set'), keys, client: kept && bad === undefined && !isRing(name) ? clientTold(kept.document) : undefined };
  });
  const rings = told.flatMap(({ name, keys }): Section[] => (keys === undefined ? [] : [{ title: name, rows: keys.map(({ id, signsFrom, is, inUse, droppable }) => ({ key: id, is, 'signs from': is === 'signs later' ? until(signsFrom, now) : ago(signsFrom, now), 'in use': inUse, droppable: droppable ? 'yes' : 'no' })) }]));
  const rows = told.map(({ name, is, changedAt, client }) => ({ secret: name, is, changed: ago(changedAt, now), client: client?.client_id ?? '–' }));
  return {
    data: Object.fromEntries(told.map(({ name, is, changedAt, keys, client }) => [name, { is, changed_at: iso(changedAt), ...(client && { client }), ...(keys && { keys: keys.map(({ signsFrom, ...key }) => ({ ...key, signs_from: iso(signsFrom) })) }) }])),
    text: [{ title: `Secrets on ${job.place.name}`, rows }, ...rings],
    bad: told.some(({ is }) => is !== 'set'),
  };
}

interface InputOptions {
  readonly file?: string;
  readonly force?: true;
}

async function input({ terminal }: Job, file: string | undefined, what: string): Promise<string> {
  // What is typed would stand on the screen; and who is to be asked afterwards cannot be, once stdin was read to its end.
  const given = file === undefined && terminal.attended ? '' : (await terminal.input(file)).trim();
  if (given === '') throw new Failure(`Nothing came. Give ${what} through a pipe or with --file; never on the command line.`);
  return given;
}

async function set(job: Job, name: SecretName, { file, force }: InputOptions): Promise<Answer> {
  const document = await input(job, file, `the JSON document of ${name}`);
  const bad = badDocument(name, document);
  if (bad !== undefined) throw new Failure(bad);
  const lost = isRing(name) ? lostKeys(document, useOf(name, await walked(job), job.clock())) : [];
  if (lost.length > 0 && force !== true) throw new Failure(`This ring lacks ${lost.join(', ')}, under which something still lies: it could not be opened or verified. Rotate instead, or say --force.`);
  await job.agree([`${name} is replaced${lost.length > 0 ? `, without ${lost.join(', ')}, which is in use` : ''}`]);
  await save(job, name, document);
  return { data: { secret: name, set: true, lost }, text: [`${name} is set; functions know within 30 s.`] };
}

async function rotate(job: Job, name: SecretName, { file, drop }: { file?: string; drop?: true }): Promise<Answer> {
  const kept = (await readSecrets(job)).get(name);
  const bad = kept && badDocument(name, kept.document);
  if (bad !== undefined) throw new Failure(`What is stored cannot be rotated. ${bad} Set it whole: secrets set ${name}`);
  return isRing(name) ? rotateKeys(job, name, { kept, drop: drop === true }) : rotateClient(job, name, { kept, ...(file !== undefined && { file }) });
}

async function rotateKeys(job: Job, name: RingName, { kept, drop }: { kept: Kept | undefined; drop: boolean }): Promise<Answer> {
  if (kept === undefined && drop) throw new Failure(`${name} is missing: secrets rotate ${name} makes its first key.`);
  const now = job.clock();
  const use = useOf(name, await walked(job), now);
  const lost = kept === undefined ? [...use.keys()] : lostKeys(kept.document, use);
  const { document, added, dropped } = rotateRing(name, kept?.document, { use, now, ...(!drop && { secret: randomBytes(32) }) });
  const changes = [
    ...(added === undefined ? [] : [`${name}: key ${added} is added, and signs ${kept === undefined ? 'at once' : 'in 10 minutes'}`]),
    ...dropped.map((id) => `${name}: key ${id} is dropped; nothing lies under it`),
    ...(lost.length > 0 ? [`${lost.join(', ')} is missing already, though something lies under it`] : []),
  ];
  const data = { secret: name, added: added ?? null, dropped };
  if (added === undefined && dropped.length === 0) return { data, text: [`Nothing is to be dropped. ${stillNeeded(name)}`] };
  await job.agree(changes);
  await save(job, name, document);
  return { data, text: [`${name} is changed; functions know within 30 s.`, ...(dropped.length > 0 || kept === undefined ? [] : [`Older keys stay while they are needed. ${stillNeeded(name)} Then: secrets rotate ${name} --drop`])] };
}

const stillNeeded = (name: RingName): string => (name === Setting.tokenKeys ? 'npm run reseal brings every connection under the newest key.' : 'Watches come under the newest key as they are renewed, within a week.');

async function rotateClient(job: Job, name: SecretName, { kept, file }: { kept: Kept | undefined; file?: string }): Promise<Answer> {
  if (kept === undefined) throw new Failure(`${name} is missing: secrets set ${name}`);
  const secret = await input(job, file, `the new client_secret of ${name}`);
  await job.agree([`${name}: the client_secret of ${clientTold(kept.document).client_id} is replaced; the old one must work until functions know, 30 s`]);
  await save(job, name, withClientSecret(kept.document, secret));
  return { data: { secret: name, rotated: true }, text: [`${name} has its new client_secret; functions know within 30 s.`] };
}

export const secrets: AddCommand = (program, act) => {
  const group = program.command('secrets').description('the four secrets; values come from stdin or a file and are never shown');
  const naming = secretNames.join(', ');
  group.command('show').description('ids and ages of keys, and what lies under them').action(act(show));
  group
    .command('set')
    .description('replace one with the JSON document on stdin')
    .argument('<secret>', naming, secretNamed)
    .option('--file <file>', 'read it from here instead')
    .option('--force', 'also where keys go that are still in use')
    .action(act((job, options, [name]) => set(job, name as SecretName, options)));
  group
    .command('rotate')
    .description('a ring: add a key that signs in 10 minutes, and drop those that are needed no more; an OAuth client: a new client_secret from stdin')
    .argument('<secret>', naming, secretNamed)
    .option('--file <file>', 'read the new client_secret from here')
    .option('--drop', 'a ring: add none, only drop')
    .action(act((job, options, [name]) => rotate(job, name as SecretName, options)));
};
