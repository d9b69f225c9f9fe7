// npm run sabotage -- [--gate] [--only id,…] [--list] [--json]: does a test notice each of these small sabotages of the product? Fails below
// 95 %. With --gate: does the operators' gate say NO-GO, and name the criterion that each of its own breaks? Fails unless all are caught.
// Mutants made by a machine (StrykerJS) are left out: the pure files that it would fit (pull plan, watch token, allowlist) have their tests
// over generated input; elsewhere it makes thousands of mutants at seconds each, of which most break nothing that was promised, while what
// breaks here (an order, a condition, a fence) takes a sentence to say and often two lines at once to do.
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { wholeNumber } from '../../../infra/commands/whole-number.ts';
import { gateTrials } from './against-gate.ts';
import { tryAgainstGate, type GateOutcome } from './gate-trial.ts';
import { sabotages } from './list.ts';
import type { Sabotage } from './sabotage.ts';
import type { Outcome } from './trial.ts';
import { countOf, tryAll } from './try-all.ts';

const wanted = 0.95;

const { gate, parallel, only, list, json } = new Command('npm run sabotage --')
  .description(`Breaks the product in small ways, one at a time, in a copy of the tree, and shows which test notices. At least ${wanted * 100} % must be noticed.`)
  .option('--gate', 'by the operators’ gate in place of the tests; every one must be caught')
  .option('--parallel <n>', 'copies of the tree side by side, with --gate', wholeNumber(1, 8), Math.max(1, Math.floor(availableParallelism() / 2)))
  .option('--only <ids>', 'these alone, split by commas')
  .option('--list', 'only says what there is')
  .option('--json', 'prints JSON')
  .allowExcessArguments(false)
  .parse()
  .opts<{ gate?: true; parallel: number; only?: string; list?: true; json?: true }>();

function chosen<T>(all: readonly T[], idOf: (one: T) => string): readonly T[] {
  if (only === undefined) return all;
  const ids = only.split(',');
  const unknown = ids.filter((id) => !all.some((one) => idOf(one) === id));
  if (unknown.length > 0) throw new Error(`There is no sabotage ${unknown.join(', ')}: see --list.`);
  return all.filter((one) => ids.includes(idOf(one)));
}

const print = (rows: readonly object[]): void => (json ? console.log(JSON.stringify(rows, undefined, 2)) : console.table(rows));

function tell(outcomes: readonly Outcome[]): void {
  print(outcomes);
  const rate = countOf(outcomes, 'killed') / outcomes.length;
  process.stderr.write(`${countOf(outcomes, 'killed')} of ${outcomes.length} killed (${(rate * 100).toFixed(1)} %), ${countOf(outcomes, 'survived')} survived, ${countOf(outcomes, 'failed')} could not be tried\n`);
  for (const { id } of outcomes.filter(({ end }) => end === 'survived')) process.stderr.write(`SURVIVED ${id}: ${sabotages.find((one) => one.id === id)?.breaks ?? ''}\n`);
  if (rate < wanted || countOf(outcomes, 'failed') > 0) process.exitCode = 1;
}

function tellOfGate(outcomes: readonly GateOutcome[]): void {
  print(outcomes);
  const caught = outcomes.filter(({ end }) => end === 'caught').length;
  process.stderr.write(`${caught} of ${outcomes.length} caught\n`);
  if (caught < outcomes.length || caught === 0) process.exitCode = 1;
}

async function byGate(): Promise<void> {
  const trials = chosen(gateTrials(), ({ sabotage }) => sabotage.id);
  if (list) return print(trials.map(({ sabotage: { id, file, breaks }, criterion, drill }) => ({ id, file, breaks, criterion, drill })));
  tellOfGate(await tryAgainstGate(trials, { parallel, note: (line) => void process.stderr.write(`${line}\n`) }));
}

async function byTests(): Promise<void> {
  const each: readonly Sabotage[] = chosen(sabotages, ({ id }) => id);
  if (list) return print(each.map(({ id, file, breaks }) => ({ id, file, breaks })));
  tell(await tryAll(each.filter(({ suites }) => suites.length > 0)));
}

try {
  await (gate ? byGate() : byTests());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
