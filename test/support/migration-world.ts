// A stage to migrate to: tables in memory, a clock that moves only when somebody waits, sync off.
import { migrationParts } from '../../infra/commands/ops/migration-parts.ts';
import type { BadLine, MigrationParts, RunOptions } from '../../lib/operate/migrations/migration.ts';
import { migrate, rollback } from '../../lib/operate/migrations/run.ts';
import { verify } from '../../lib/operate/verify/verify.ts';
import type { Finding } from '../../lib/operate/verify/finding.ts';
import { Setting, tableNames, type TableName } from '../../lib/platform/names.ts';
import { live, mortalDynamo, type Life } from './mortal.ts';
import { memoryTables, type MemoryTables } from './memory-tables.ts';
import { aSecret } from './notices.ts';
import { scanning } from './scanning-tables.ts';
import { TurnableSettings } from './small-world.ts';

export const tokenKeys = JSON.stringify({ keys: [{ id: 't1', secret: aSecret('t1'), signsFrom: '2020-01-01T00:00:00Z' }] });

export interface MigrationWorld {
  readonly tables: MemoryTables;
  readonly settings: TurnableSettings;
  readonly bad: BadLine[];
  readonly waits: number[];
  now: number;
  parts(holder?: string, life?: Life): Promise<MigrationParts>;
  migrate(folder: string, options?: RunOptions & { to?: string }, run?: { holder?: string; life?: Life }): ReturnType<typeof migrate>;
  rollback(options?: RunOptions & { to?: string }, run?: { holder?: string; life?: Life }): ReturnType<typeof rollback>;
  /** What the queries find, those with violations. */
  violations(): Promise<Finding[]>;
  /** Everything that lies in the tables, by key; without what names a run or a moment. */
  everything(): Record<TableName, string[]>;
}

export async function aMigrationWorld(): Promise<MigrationWorld> {
  const state = { now: Date.parse('2026-03-27T09:00:00Z') };
  const clock = (): number => state.now;
  const tables = await memoryTables(clock);
  const settings = new TurnableSettings();
  settings.values.set(Setting.syncEnabled, 'false');
  settings.values.set(Setting.tokenKeys, tokenKeys);
  const dynamo = scanning(tables);
  const bad: BadLine[] = [];
  const waits: number[] = [];
  const parts: MigrationWorld['parts'] = (holder = 'operator', life = live()) =>
    migrationParts({ dynamo: mortalDynamo(dynamo, life), tables: tables.named, settings, clock, perSecond: 500, holder, wait: async (ms) => void waits.push(ms) });
  return {
    tables, settings, bad, waits, parts,
    get now() {
      return state.now;
    },
    set now(ms) {
      state.now = ms;
    },
    migrate: async (folder, options = {}, { holder, life } = {}) => migrate(await parts(holder, life), { folder, bad: (line) => bad.push(line), ...options }),
    rollback: async (options = {}, { holder, life } = {}) => rollback(await parts(holder, life), options),
    violations: async () => (await verify({ dynamo, tables: tables.named, clock, wait: async () => undefined, perSecond: 10_000 })).filter(({ violations }) => violations > 0),
    everything: () => Object.fromEntries(tableNames.map((name) => [name, tables.all(name).filter(({ connection_id }) => connection_id !== '!ledger').map(plain).sort()])) as Record<TableName, string[]>,
  };
}

/** Sealing takes a fresh nonce each time. */
const plain = (row: Record<string, unknown>): string => JSON.stringify(Object.entries({ ...row, ...(row['tokens'] !== undefined && { tokens: 'sealed' }) }).sort(([a], [b]) => (a < b ? -1 : 1)));
