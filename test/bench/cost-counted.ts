// The counts as they are kept beside the code: `npm run cost -- --count` writes them, a test holds them against a fresh count.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Prices } from './cost-bill.ts';
import type { Counted, Measured } from './cost-ledger.ts';
import { countOperations, type Counting } from './cost-operations.ts';
import { quantile } from './quantiles.ts';

const countedFile = new URL('counted.json', import.meta.url);

export const readPrices = (): Prices => JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')) as Prices;
export const readCounted = (): Counting => JSON.parse(readFileSync(countedFile, 'utf8')) as Counting;

/** Without the processor's time, which no two runs have the same. */
export const countsOf = ({ operations, storedBytes }: Counting): { operations: Record<string, Counted>; storedBytes: number } => ({
  operations: Object.fromEntries(Object.entries(operations).map(([what, { cpuMs: _cpuMs, ...counted }]) => [what, counted])),
  storedBytes,
});

/** The first run only warms up; of the processor's time the median of the others. */
export async function countAnew(times: number): Promise<Counting> {
  const runs: Counting[] = [];
  for (let n = 0; n <= times; n += 1) runs.push(await countOperations());
  const [first, ...rest] = runs;
  if (!first) throw new Error('Nothing was counted.');
  const median = (what: string): number => Math.round((quantile(rest.map(({ operations }) => operations[what]?.cpuMs ?? 0), 0.5) ?? 0) * 100) / 100;
  return { storedBytes: first.storedBytes, operations: Object.fromEntries(Object.entries(first.operations).map(([what, counted]): [string, Measured] => [what, { ...counted, cpuMs: median(what) }])) };
}

export const keepCounted = (counting: Counting): void => writeFileSync(countedFile, `${JSON.stringify(counting, null, 2)}\n`);
