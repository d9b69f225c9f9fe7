// Tries sabotages one after the other in one copy of the tree, after everything passed in it without any.
import type { Sabotage } from './sabotage.ts';
import { attempt, copyOf, runSuites, type Outcome } from './trial.ts';

/** A sabotage may make a test wait for what never comes. */
const withinMs = 180_000;
const baselineMs = 1_200_000;

/** A line for each goes to the error output. Throws where a suite fails without any sabotage: a kill would mean nothing. */
export async function tryAll(each: readonly Sabotage[]): Promise<Outcome[]> {
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

async function soundly(folder: string, each: readonly Sabotage[]): Promise<void> {
  const suites = [...new Set(each.flatMap((one) => one.suites))];
  process.stderr.write(`${suites.length} suites, without any sabotage …\n`);
  const { end, by } = await runSuites(folder, { suites, file: '' }, baselineMs);
  if (end !== 'passed') throw new Error(`Without any sabotage a suite fails already: ${by}`);
}

export const countOf = (outcomes: readonly Outcome[], end: Outcome['end']): number => outcomes.filter((one) => one.end === end).length;
