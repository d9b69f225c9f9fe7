// Runs migrations in order, and rollbacks in reverse, as the ledger has it: each is done once for an export, goes on where it died, and is
// verified before the next begins.
import { Setting } from '../../platform/names.ts';
import { fingerprintOf } from './export-file.ts';
import { foundations } from './foundations.ts';
import { ledgerIn, type HeldLedger, type LedgerEntry } from './ledger.ts';
import { MigrationRefused, type Counts, type Direction, type Migration, type MigrationParts, type MigrationReport, type RunOptions, type Source } from './migration.ts';
import { operational } from './operational.ts';
import { outbound } from './outbound.ts';
import { uniqueness } from './uniqueness.ts';
import { walkPass } from './walk-pass.ts';

/** In order. A change of our own rows that a release needs is added at the end, as kind `layout`. */
export const migrations: readonly Migration[] = [foundations, uniqueness, outbound, operational];

const ledgerOf = ({ dynamo, tables, clock }: MigrationParts) => ledgerIn({ dynamo, table: tables['sync-state'], clock });

/** What was migrated, in the order of the migrations. */
export async function ledger(parts: MigrationParts, all: readonly Migration[] = migrations): Promise<LedgerEntry[]> {
  const entries = await ledgerOf(parts).entries();
  return all.flatMap(({ name }) => entries.find(({ migration }) => migration === name) ?? []);
}

interface Run {
  readonly parts: MigrationParts;
  readonly options: RunOptions;
  readonly source?: Source;
  readonly held?: HeldLedger;
}

/** All up to and including `to`; without a folder only those that need no export. Throws MigrationRefused with what to do. */
export async function migrate(parts: MigrationParts, options: RunOptions & { readonly folder?: string; readonly to?: string }, all: readonly Migration[] = migrations): Promise<MigrationReport[]> {
  const { folder, to } = options;
  const asked = to === undefined ? all : all.slice(0, indexOf(all, to) + 1);
  const wanted = folder === undefined ? asked.filter(({ kind }) => kind === 'layout') : asked;
  const source = folder === undefined ? undefined : { folder, fingerprint: await fingerprintOf(folder) };
  const reports: MigrationReport[] = [];
  await underLock(parts, options, async (held) => {
    for (const migration of wanted) reports.push(await forward(migration, { parts, options, ...(source && { source }), ...(held && { held }) }));
  });
  return reports;
}

/** All after `to`, which stays, the last first; without it, all. */
export async function rollback(parts: MigrationParts, options: RunOptions & { readonly to?: string }, all: readonly Migration[] = migrations): Promise<MigrationReport[]> {
  const wanted = options.to === undefined ? all : all.slice(indexOf(all, options.to) + 1);
  const reports: MigrationReport[] = [];
  await underLock(parts, options, async (held) => {
    for (const migration of [...wanted].reverse()) reports.push(await back(migration, { parts, options, ...(held && { held }) }));
  });
  return reports;
}

function indexOf(all: readonly Migration[], name: string): number {
  const index = all.findIndex((migration) => migration.name === name);
  if (index === -1) throw new MigrationRefused(`There is no migration ${name}: there are ${all.map((migration) => migration.name).join(', ')}.`);
  return index;
}

async function underLock(parts: MigrationParts, { dryRun = false }: RunOptions, work: (held: HeldLedger | undefined) => Promise<void>): Promise<void> {
  if (dryRun) return work(undefined);
  const held = await ledgerOf(parts).take(parts.holder);
  try {
    await work(held);
  } finally {
    await held.release();
  }
}

async function forward(migration: Migration, run: Run): Promise<MigrationReport> {
  const { parts, source, options } = run;
  const { name } = migration;
  const entry = await entryOf(parts, name);
  if (entry?.state === 'rollback') throw new MigrationRefused(`A rollback of ${name} has begun and not ended: finish it first.`);
  const same = entry?.fingerprint === source?.fingerprint || migration.kind === 'layout';
  if (entry?.state === 'done' && same) return { migration: name, direction: 'forward', outcome: 'already', counts: entry.counts };
  const dryRun = options.dryRun ?? false;
  const context = { parts, dryRun, ...(source && { source }) };
  const begun: LedgerEntry = entry?.state === 'forward' && same ? entry : { migration: name, state: 'forward', counts: {}, startedAt: parts.clock(), ...(source && { fingerprint: source.fingerprint }) };
  const counts = await walked(migration, run, { entry: begun, direction: 'forward', pass: await migration.forward(context) });
  if (dryRun) return { migration: name, direction: 'forward', outcome: 'dry_run', counts };
  const { place: _, ...loaded } = { ...begun, counts };
  const checked = await walked(migration, run, { entry: { ...loaded, state: 'verify' }, direction: 'verify', pass: await migration.verify(context) });
  if ((checked['missing'] ?? 0) > 0) throw new MigrationRefused(`${name}: ${checked['missing']} of what it loaded do not stand in the tables. Look at npm run ops -- verify, roll it back, and run it again.`);
  await run.held?.save({ ...loaded, state: 'done', endedAt: parts.clock() });
  return { migration: name, direction: 'forward', outcome: 'done', counts };
}

async function back(migration: Migration, run: Run): Promise<MigrationReport> {
  const { parts, options } = run;
  const { name } = migration;
  const entry = await entryOf(parts, name);
  if (entry === undefined || entry.state === 'rolled_back') return { migration: name, direction: 'rollback', outcome: 'already', counts: entry?.counts ?? {} };
  const dryRun = options.dryRun ?? false;
  const begun: LedgerEntry = entry.state === 'rollback' ? entry : { migration: name, state: 'rollback', counts: {}, startedAt: parts.clock() };
  const counts = await walked(migration, run, { entry: begun, direction: 'rollback', pass: await migration.rollback({ parts, dryRun }) });
  if (dryRun) return { migration: name, direction: 'rollback', outcome: 'dry_run', counts };
  const { place: _, ...ended } = begun;
  await run.held?.save({ ...ended, counts, state: 'rolled_back', endedAt: parts.clock() });
  return { migration: name, direction: 'rollback', outcome: 'done', counts };
}

const entryOf = async (parts: MigrationParts, name: string): Promise<LedgerEntry | undefined> => (await ledgerOf(parts).entries()).find(({ migration }) => migration === name);

/** One pass. The entry is saved before anything is written, and after each batch. */
async function walked(migration: Migration, { parts, options, source, held }: Run, { entry, direction, pass }: { entry: LedgerEntry; direction: Direction; pass: Parameters<typeof walkPass>[0] }): Promise<Counts> {
  const { signal, progress, bad } = options;
  await goOn(parts, migration, signal);
  await held?.save(entry);
  const resumes = direction !== 'verify';
  const { place: _, ...bare } = entry;
  return walkPass(pass, {
    parts,
    folder: source?.folder ?? '',
    ...(resumes && { from: { place: entry.place, counts: entry.counts } }),
    ...(direction === 'forward' && { bad }),
    async saved(place, counts) {
      await held?.save(resumes ? { ...bare, counts, ...(place !== undefined && { place }) } : entry);
      progress?.({ migration: migration.name, direction, counts });
      await goOn(parts, migration, signal);
    },
  });
}

/** Beside live sync an import would load what has just been found gone. */
async function goOn({ settings }: MigrationParts, { name, kind }: Migration, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) throw new MigrationRefused(`${name} was stopped; run it again, and it goes on where it was.`);
  if (kind === 'import' && (await settings.read()).flag(Setting.syncEnabled) !== 'closed') throw new MigrationRefused(`${name} runs while ${Setting.syncEnabled} is off, and known to be: switch it off, wait a minute for the functions to notice, and run it again.`);
}
