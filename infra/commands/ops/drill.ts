import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly stage?: string;
  readonly provider?: string;
  readonly parallel: number;
}

/** Drills bring the simulators and the whole local run with them: loaded only where they are wanted. */
const loaded = async () => ({
  ...(await import('../../../test/drills/all.ts')),
  ...(await import('../../../test/drills/run-drills.ts')),
  ...(await import('../../../test/drills/evidence.ts')),
  ...(await import('../../../test/drills/gate/judge.ts')),
});

async function shown({ clock }: Job, { stage }: Options): Promise<Answer> {
  const { drills, circumstances, readEvidence, staleness } = await loaded();
  const now = circumstances(stage);
  const { found } = readEvidence(now.stage);
  const rows = drills.map(({ name, title }) => {
    const last = found.find(({ drill }) => drill === name);
    return { drill: name, last: last === undefined ? 'never' : `${last.verdict}${staleness(last, { ...now, now: clock() }) === undefined ? '' : ', outdated'}`, 'what it shows': title };
  });
  return { data: rows, text: [{ title: `Drills, and what they last showed (${now.stage})`, rows }, '', 'Run one: npm run ops -- drill NAME. All of them: npm run ops -- drill all'] };
}

async function run(job: Job, options: Options, names: readonly string[]): Promise<Answer> {
  const { drills, runDrills } = await loaded();
  const unknown = names.filter((name) => name !== 'all' && !drills.some((drill) => drill.name === name));
  if (unknown.length > 0) throw new Failure(`There is no drill ${unknown.join(', ')}. Drills: ${drills.map(({ name }) => name).join(', ')}, all.`);
  const wanted = names.includes('all') ? drills : drills.filter(({ name }) => names.includes(name));
  if (options.stage !== undefined) await job.agree([`drill ${wanted.map(({ name }) => name).join(', ')}: flags and allowlists are turned, and put back; ${options.provider === undefined ? 'no calendar is written to, as no --provider is named' : `bookings of ${options.provider} are made, moved and cancelled`}`]);
  const evidence = await runDrills(wanted, { ...(options.stage !== undefined && { stage: options.stage }), ...(options.provider !== undefined && { providerId: options.provider }), parallel: options.parallel, note: job.terminal.note });
  const rows = evidence.flatMap(({ drill, steps }) => steps.map(({ step, verdict, ms, expects, why }) => ({ drill, step, verdict, s: (ms / 1000).toFixed(1), expects: why === undefined ? expects : `${expects} ${why.split('\n')[0]}` })));
  const bad = evidence.filter(({ verdict }) => verdict === 'FAIL').map(({ drill }) => drill);
  return { data: evidence, text: [{ title: 'Drilled', rows }, '', bad.length === 0 ? `${evidence.length} drills, none failed.` : `Failed: ${bad.join(', ')}.`, 'Written to docs/ops/evidence/.'], bad: bad.length > 0 };
}

export const drill: AddCommand = (program, act) =>
  void program
    .command('drill')
    .description('do drills and keep what they showed: on local runs of their own, or on a stage as far as that may be done there; without a name, the list')
    .argument('[names...]', 'which; `all` of them')
    .option('--provider <id>', 'on a stage: the professional whose calendar may be written to')
    .option('--parallel <n>', 'local runs at once', wholeNumber(1, 8), 3)
    .action(act((job, options, names) => (names.length === 0 ? shown(job, options as unknown as Options) : run(job, options as unknown as Options, names))));
