// What every bench has in common: its command line, progress, a readable report or JSON, a time limit, and an exit status that tells
// whether the promises were kept.
import { Command } from 'commander';
import { columns, type Row } from '../../infra/commands/columns.ts';
import { wholeNumber } from '../../infra/commands/whole-number.ts';

export { wholeNumber };

/** One promise, held against what was measured. */
export interface Finding {
  readonly promise: string;
  readonly measured: string | number;
  readonly kept: boolean;
  /** Printed as met or not met; does not fail the bench. */
  readonly aim?: true;
}

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface Report {
  readonly tables: readonly Table[];
  readonly findings: readonly Finding[];
}

export interface Bench<Options> {
  readonly name: string;
  readonly description: string;
  /** Adds its own options. */
  readonly options: (command: Command) => Command;
  readonly measure: (options: Options, progress: (line: string) => void) => Promise<Report>;
  /** Seconds, after which it gives up and fails. */
  readonly limit: number;
}

/** Runs it and ends the process: 0 where every counted promise was kept, else 1. Progress goes to stderr, so that stdout is the report alone. */
export async function runBench<Options extends object>({ name, description, options, measure, limit }: Bench<Options>): Promise<never> {
  const command = options(new Command(`npm run ${name} --`).description(description))
    .option('--json', 'print the report as JSON')
    .option('--limit <seconds>', 'give up after so long', wholeNumber(10, 7200), limit)
    .allowExcessArguments(false)
    .parse();
  const given = command.opts<Options & { json?: true; limit: number }>();
  const began = performance.now();
  const progress = (line: string): void => void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
  const late = setTimeout(() => {
    progress(`Not done after ${given.limit} s: given up.`);
    // Children of the run end with their channel to this process.
    process.exit(1);
  }, given.limit * 1000);
  try {
    const report = await measure(given, progress);
    print(report, { json: given.json === true, seconds: (performance.now() - began) / 1000 });
    process.exit(report.findings.every(({ kept, aim }) => kept || aim === true) ? 0 : 1);
  } catch (error) {
    console.error(error);
    process.exit(1);
  } finally {
    clearTimeout(late);
  }
}

function print({ tables, findings }: Report, { json, seconds }: { json: boolean; seconds: number }): void {
  const broken = findings.filter(({ kept, aim }) => !kept && aim !== true).length;
  if (json) return void process.stdout.write(`${JSON.stringify({ held: broken === 0, seconds: Math.round(seconds * 10) / 10, tables, findings }, null, 2)}\n`);
  for (const { title, rows } of tables) process.stdout.write(`\n${title}\n${columns(rows)}\n`);
  const told = findings.map(({ promise, measured, kept, aim }) => ({ '': verdict(kept, aim), promise, measured }));
  process.stdout.write(`\nPromises\n${columns(told)}\n\n${broken === 0 ? 'Every promise was kept' : `${broken} of ${findings.length} promises were broken`}; ${seconds.toFixed(1)} s.\n`);
}

const verdict = (kept: boolean, aim: true | undefined): string => (aim === true ? (kept ? 'aim met' : 'aim not met') : kept ? 'kept' : 'BROKEN');
