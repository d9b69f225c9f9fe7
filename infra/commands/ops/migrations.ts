import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import type { BadLine, MigrationReport, RunOptions } from '../../../lib/operate/migrations/migration.ts';
import { ledger, migrate, migrations as all, rollback } from '../../../lib/operate/migrations/run.ts';
import { ago, iso } from './ages.ts';
import type { Act, AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';
import { untilInterrupted } from './interrupted.ts';
import { migrationParts, migrationSettings } from './migration-parts.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly to?: string;
  readonly dryRun?: true;
  /** Changes of our own rows, which need no export. */
  readonly layout?: true;
  readonly perSecond: number;
}

const partsOf = ({ place, clock }: Job, { perSecond }: Options) => migrationParts({ dynamo: place.dynamo, tables: place.tables, settings: migrationSettings(place, clock), clock, perSecond });

const countsOf = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([what, count]) => `${count} ${what.replaceAll('_', ' ')}`).join(', ') || 'nothing';

/** Bad lines are told as they are met, and kept up to a number that a screen can hold. */
const mostBadLines = 1000;

async function run(job: Job, { dryRun }: Options, work: (options: RunOptions) => Promise<MigrationReport[]>): Promise<Answer> {
  const bad: BadLine[] = [];
  const reports = await untilInterrupted((signal) =>
    work({
      signal,
      dryRun: dryRun === true,
      progress: ({ migration, direction, counts }) => job.terminal.note(`${migration} ${direction}: ${countsOf(counts)}`),
      bad(line) {
        job.terminal.note(`${line.file}, line ${line.line}: ${line.reason}`);
        if (bad.length < mostBadLines) bad.push(line);
      },
    }),
  );
  const rows = reports.map(({ migration, direction, outcome, counts }) => ({ migration, direction, outcome: outcome.replaceAll('_', ' '), counts: countsOf(counts) }));
  return { data: { reports, bad_lines: bad }, text: [{ title: `Migrations on ${job.place.name}`, rows }, ...(bad.length > 0 ? [{ title: 'Lines that were not loaded', rows: bad.map(({ file, line, reason }) => ({ file, line, reason })) }] : [])], bad: bad.length > 0 };
}

async function told(job: Job, options: Options): Promise<Answer> {
  const entries = await ledger(await partsOf(job, options));
  const now = job.clock();
  const rows = all.map(({ name, kind }) => {
    const entry = entries.find(({ migration }) => migration === name);
    return { migration: name, kind, state: entry?.state.replaceAll('_', ' ') ?? 'not run', ended: ago(entry?.endedAt, now), counts: entry ? countsOf(entry.counts) : '–' };
  });
  return { data: entries.map(({ migration, state, fingerprint, counts, startedAt, endedAt }) => ({ migration, state, fingerprint: fingerprint ?? null, counts, started_at: iso(startedAt), ended_at: iso(endedAt) })), text: [{ title: `The ledger on ${job.place.name}`, rows }] };
}

async function forward(job: Job, options: Options, folder: string | undefined): Promise<Answer> {
  if (folder === undefined && options.layout !== true) return told(job, options);
  if (folder !== undefined && !existsSync(folder)) throw new Failure(`There is no folder ${folder}. It holds the export's JSON-lines files.`);
  const parts = await partsOf(job, options);
  const wanted = (options.to === undefined ? all : all.slice(0, all.findIndex(({ name }) => name === options.to) + 1)).filter(({ kind }) => folder !== undefined || kind === 'layout');
  if (wanted.length === 0 && folder === undefined) return { data: { reports: [], bad_lines: [] }, text: ['There is no change of our own rows to make.'] };
  if (options.dryRun !== true) await job.agree([`${wanted.map(({ name }) => name).join(', ')}${folder === undefined ? '' : ` from ${folder}`}, each verified before the next; a dry run (--dry-run) counts without writing`]);
  return run(job, options, (how) => migrate(parts, { ...how, ...(folder !== undefined && { folder }), ...(options.to !== undefined && { to: options.to }) }));
}

async function back(job: Job, options: Options): Promise<Answer> {
  const parts = await partsOf(job, options);
  const done = (await ledger(parts)).filter(({ state }) => state !== 'rolled_back').map(({ migration }) => migration);
  const wanted = options.to === undefined ? done : done.slice(done.indexOf(options.to) + 1);
  if (options.dryRun !== true && wanted.length > 0) await job.agree([`rolled back, in this order: ${wanted.toReversed().join(', ')}; what the live system wrote since stays`]);
  return run(job, options, (how) => rollback(parts, { ...how, ...(options.to !== undefined && { to: options.to }) }));
}

function withOptions(command: Command, toMeans: string): Command {
  return command
    .option('--to <migration>', toMeans)
    .option('--dry-run', 'count, and write nothing')
    .option('--per-second <n>', 'lines or items a second, at most', wholeNumber(1, 10_000), 100);
}

export const migrations: AddCommand = (program, act: Act) => {
  const names = all.map(({ name }) => name).join(', ');
  withOptions(program.command('migrate').description(`bring an export of the system before over, in order: ${names}; without a folder it shows the ledger`).argument('[folder]', 'with the export’s JSON-lines files'), 'up to and including this one').option('--layout', 'without an export: only changes of our own rows').action(
    act((job, options, [folder]) => forward(job, options as unknown as Options, folder)),
  );
  withOptions(program.command('rollback').description('take migrations back, the last first'), 'this one stays, and those before it').action(act((job, options) => back(job, options as unknown as Options)));
};
