// npm run sabotage -- [--only id,…] [--list] [--json]: does a test notice each of these small sabotages of the product? Fails below 95 %.
// Mutants made by a machine (StrykerJS) are left out: most of them change nothing that was promised, its runner for Jest has no way with
// ESM under --experimental-vm-modules, and each entry here names the promise that it breaks.
import { Command } from 'commander';
import { sabotages } from './list.ts';
import type { Sabotage } from './sabotage.ts';
import { attempt, copyOf, runSuites, type Outcome } from './trial.ts';

const wanted = 0.95;
/** A sabotage may make a test wait for what never comes. */
const withinMs = 180_000;
const baselineMs = 900_000;

const { only, list, json } = new Command('npm run sabotage --')
  .description(`Breaks the product in small ways, one at a time, in a copy of the tree, and shows which test notices. At least ${wanted * 100} % must be noticed.`)
  .option('--only <ids>', 'these alone, split by commas')
  .option('--list', 'only says what there is')
  .option('--json', 'prints JSON')
  .allowExcessArguments(false)
  .parse()
  .opts<{ only?: string; list?: true; json?: true }>();

function chosen(): readonly Sabotage[] {
  if (only === undefined) return sabotages;
  const ids = only.split(',');
  const unknown = ids.filter((id) => !sabotages.some((one) => one.id === id));
  if (unknown.length > 0) throw new Error(`There is no sabotage ${unknown.join(', ')}: see --list.`);
  return sabotages.filter(({ id }) => ids.includes(id));
}

const print = (rows: readonly object[]): void => (json ? console.log(JSON.stringify(rows, undefined, 2)) : console.table(rows));

/** In a copy without any sabotage everything must pass, or a kill would mean nothing. */
async function soundly(folder: string, each: readonly Sabotage[]): Promise<void> {
  const suites = [...new Set(each.flatMap((one) => one.suites))];
  process.stderr.write(`${suites.length} suites, without any sabotage …\n`);
  const { end, by } = await runSuites(folder, { suites, file: '' }, baselineMs);
  if (end !== 'passed') throw new Error(`Without any sabotage a suite fails already: ${by}`);
}

async function tryAll(each: readonly Sabotage[]): Promise<Outcome[]> {
  const copy = copyOf(process.cwd());
  const outcomes: Outcome[] = [];
  try {
    await soundly(copy.folder, each);
    for (const one of each) {
      const outcome = await attempt(copy.folder, one, withinMs);
      outcomes.push(outcome);
      process.stderr.write(`${outcomes.length} of ${each.length}: ${outcome.id}: ${outcome.end} ${outcome.by}\n`);
    }
  } finally {
    copy.close();
  }
  return outcomes;
}

function tell(outcomes: readonly Outcome[]): void {
  print(outcomes);
  const count = (end: Outcome['end']): number => outcomes.filter((one) => one.end === end).length;
  const rate = count('killed') / outcomes.length;
  process.stderr.write(`${count('killed')} of ${outcomes.length} killed (${(rate * 100).toFixed(1)} %), ${count('survived')} survived, ${count('failed')} could not be tried\n`);
  for (const { id } of outcomes.filter(({ end }) => end === 'survived')) process.stderr.write(`SURVIVED ${id}: ${sabotages.find((one) => one.id === id)?.breaks ?? ''}\n`);
  if (rate < wanted || count('failed') > 0) process.exitCode = 1;
}

try {
  const each = chosen();
  if (list) print(each.map(({ id, file, breaks, gate = '' }) => ({ id, file, breaks, gate })));
  else tell(await tryAll(each.filter(({ suites }) => suites.length > 0)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
