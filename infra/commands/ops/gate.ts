import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly stage?: string;
  readonly run: boolean;
  readonly only?: readonly string[];
  readonly provider?: string;
  readonly parallel: number;
}

async function decide(job: Job, { stage, run, only, provider, parallel }: Options): Promise<Answer> {
  const { criteria } = await import('../../../test/drills/gate/criteria.ts');
  const { runGate } = await import('../../../test/drills/gate/run-gate.ts');
  const unknown = (only ?? []).filter((id) => !criteria.some((criterion) => criterion.id === id));
  if (unknown.length > 0) throw new Failure(`There is no criterion ${unknown.join(', ')}. Criteria: ${criteria.map(({ id }) => id).join(', ')}.`);
  if (run && stage !== undefined) await job.agree(['do every drill whose evidence is missing or outdated, as far as that may be done there']);
  const { report, written } = await runGate({ ...(stage !== undefined && { stage }), ...(only && { only }), ...(provider !== undefined && { providerId: provider }), run, parallel, now: job.clock, note: job.terminal.note });
  const rows = report.criteria.map(({ criterion, verdict, because }) => ({ criterion, verdict, because: verdict === 'GO' ? because.map((each) => each.replace(': PASS', '')).join(', ') : because.join('; ') }));
  const told = written.length > 0 ? `Written: ${written.join(', ')}.` : 'A part of the gate: no report is written.';
  return { data: report, text: [{ title: `The gate on ${report.stage}, commit ${report.commit.slice(0, 12)}, tree ${report.tree.slice(0, 12)}`, rows }, '', report.verdict, told], bad: report.verdict !== 'GO' };
}

export const gate: AddCommand = (program, act) =>
  void program
    .command('gate')
    .description('decide GO or NO-GO by evidence: drills what is missing or outdated, judges every criterion, writes docs/ops/report.json and .md; exit code 0 only for GO')
    .option('--no-run', 'judge what there is, and drill nothing')
    .option('--only <criteria...>', 'these criteria alone; writes no report')
    .option('--provider <id>', 'on a stage: the professional whose calendar may be written to')
    .option('--parallel <n>', 'local runs at once', wholeNumber(1, 8), 3)
    .action(act((job, options) => decide(job, options as unknown as Options)));
