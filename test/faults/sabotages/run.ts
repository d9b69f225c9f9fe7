// npm run sabotage -- [--only id,…] [--list] [--json]: does a test notice each of these small sabotages of the product? Fails below 95 %.
// Mutants made by a machine (StrykerJS) are left out: the pure files that it would fit (pull plan, watch token, allowlist) have their tests
// over generated input; elsewhere it makes thousands of mutants at seconds each, of which most break nothing that was promised, while what
// breaks here (an order, a condition, a fence) takes a sentence to say and often two lines at once to do.
import { Command } from 'commander';
import { sabotages } from './list.ts';
import type { Sabotage } from './sabotage.ts';
import type { Outcome } from './trial.ts';
import { countOf, tryAll } from './try-all.ts';

const wanted = 0.95;

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

function tell(outcomes: readonly Outcome[]): void {
  print(outcomes);
  const rate = countOf(outcomes, 'killed') / outcomes.length;
  process.stderr.write(`${countOf(outcomes, 'killed')} of ${outcomes.length} killed (${(rate * 100).toFixed(1)} %), ${countOf(outcomes, 'survived')} survived, ${countOf(outcomes, 'failed')} could not be tried\n`);
  for (const { id } of outcomes.filter(({ end }) => end === 'survived')) process.stderr.write(`SURVIVED ${id}: ${sabotages.find((one) => one.id === id)?.breaks ?? ''}\n`);
  if (rate < wanted || countOf(outcomes, 'failed') > 0) process.exitCode = 1;
}

try {
  const each = chosen();
  if (list) print(each.map(({ id, file, breaks, gate = '' }) => ({ id, file, breaks, gate })));
  else tell(await tryAll(each.filter(({ suites }) => suites.length > 0)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
