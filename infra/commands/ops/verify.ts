import { setTimeout as wait } from 'node:timers/promises';
import { verify as holdAgainstAll } from '../../../lib/operate/verify/verify.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { untilInterrupted } from './interrupted.ts';
import { wholeNumber } from '../whole-number.ts';

async function run({ place, terminal, clock }: Job, perSecond: number): Promise<Answer> {
  const { dynamo, tables } = place;
  const findings = await untilInterrupted((signal) =>
    holdAgainstAll(
      { dynamo, tables, clock, perSecond, wait: async (ms) => void (await wait(ms)) },
      { signal, progress: ({ table, items }) => (terminal.attended ? terminal.note(`${table}: ${items} items`) : undefined) },
    ),
  );
  const violations = findings.reduce((sum, finding) => sum + finding.violations, 0);
  const rows = findings.map(({ check, violations: count, holds }) => ({ check, violations: count, 'what holds': holds }));
  const samples = findings.flatMap(({ check, samples: ids }) => ids.map((id) => ({ check, id })));
  return {
    data: { violations, findings },
    text: [{ title: `Verification on ${place.name}`, rows }, ...(samples.length > 0 ? [{ title: 'Samples', rows: samples }] : []), '', violations === 0 ? 'Everything holds.' : `${violations} violations.`],
    bad: violations > 0,
  };
}

export const verify: AddCommand = (program, act) =>
  void program
    .command('verify')
    .description('hold every row of the tables against what must be true of it; exit code 1 where something is not')
    .option('--per-second <n>', 'items a second, at most', wholeNumber(1, 100_000), 500)
    .action(act((job, { perSecond }) => run(job, perSecond as number)));
