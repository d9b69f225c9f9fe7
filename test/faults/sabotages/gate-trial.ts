// Puts sabotages into copies of the tree, does there the drill that must see each, and asks the gate for the criterion that it must name.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeHash } from '../../../infra/commands/deploy/tree.ts';
import { readEvidence } from '../../drills/evidence.ts';
import type { gateTrials } from './against-gate.ts';
import { sabotaged } from './sabotage.ts';
import { copyOf } from './trial.ts';

export type GateTrial = ReturnType<typeof gateTrials>[number];

export interface GateOutcome {
  readonly id: string;
  readonly criterion: string;
  readonly drill: string;
  /** `caught`: the gate says NO-GO for this criterion, by a step of this drill that failed or as the stack is refused. */
  readonly end: 'caught' | 'missed' | 'failed';
  /** What the gate says; or what kept the trial from being one. */
  readonly by: string;
  readonly seconds: number;
}

interface Copy {
  readonly folder: string;
  readonly close: () => void;
}

/** A drill under a sabotage may wait for what never comes, as long as its steps allow. */
const longestDrillMs = 900_000;
/** The stack's own rules forbid it: it can be neither drilled nor deployed. What only does not compile has tried nothing. */
const refusedStack = /Validation failed|Acknowledge with/;
const evidenceOf = (folder: string): string => join(folder, 'docs', 'ops');

/** A repository of its own, since the gate asks git which tree it judges. */
function repositoryOf(root: string): Copy {
  const copy = copyOf(root);
  const git = (...line: string[]): void => void execFileSync('git', ['-c', 'user.name=trial', '-c', 'user.email=trial@localhost', ...line], { cwd: copy.folder, stdio: 'ignore' });
  git('init', '-q');
  // A link is no folder to .gitignore, and no file of the tree.
  appendFileSync(join(copy.folder, '.git', 'info', 'exclude'), 'node_modules\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'The tree as it is');
  return copy;
}

/** One line of the operator's; resolves to what it printed, whatever its exit code. Its children end with it. */
async function ops(folder: string, line: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--no-warnings', join('infra', 'commands', 'ops.ts'), ...line], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, noted] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (noted = `${noted}${chunk.toString()}`.slice(-2000)));
  const timer = setTimeout(() => child.kill('SIGTERM'), longestDrillMs);
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  clearTimeout(timer);
  if (said === '') throw new Error(`npm run ops -- ${line.join(' ')} said nothing: ${noted}`);
  return said;
}

/** The drills that pass without any sabotage: what another sees means nothing. Evidence of this very tree is good enough. */
async function sound({ folder }: Copy, drills: readonly string[], note: (line: string) => void): Promise<ReadonlySet<string>> {
  const passing = (): string[] => {
    const tree = treeHash(folder);
    return readEvidence('local', evidenceOf(folder)).found.filter((each) => each.tree === tree && each.verdict === 'PASS').map(({ drill }) => drill);
  };
  const missing = (): string[] => drills.filter((drill) => !passing().includes(drill));
  note(`${drills.length} drills, ${missing().length} of them now, without any sabotage …`);
  // Once more and one by one, where a busy machine was the reason.
  for (const parallel of ['2', '1']) if (missing().length > 0) await ops(folder, ['drill', ...missing(), '--parallel', parallel, '--json']);
  return new Set(passing());
}

interface Judged {
  readonly criteria: readonly { readonly criterion: string; readonly verdict: string; readonly because: readonly string[] }[];
}

async function attempt(folder: string, { sabotage, criterion, drill }: GateTrial): Promise<GateOutcome> {
  const path = join(folder, sabotage.file);
  const [text, startedAt] = [readFileSync(path, 'utf8'), Date.now()];
  const told = (end: GateOutcome['end'], by: string): GateOutcome => ({ id: sabotage.id, criterion, drill, end, by: by.slice(0, 200), seconds: Math.round((Date.now() - startedAt) / 1000) });
  try {
    writeFileSync(path, sabotaged(text, sabotage));
    rmSync(join(evidenceOf(folder), 'evidence', 'local', `${drill}.json`), { force: true });
    await ops(folder, ['drill', drill, '--json']);
    const { criteria } = JSON.parse(await ops(folder, ['gate', '--no-run', '--only', criterion, '--json'])) as Judged;
    const found = criteria.find((each) => each.criterion === criterion);
    const failed = readEvidence('local', evidenceOf(folder)).found.find((each) => each.drill === drill)?.steps.find(({ verdict }) => verdict === 'FAIL');
    if (failed === undefined) return told('missed', `no step of ${drill} failed`);
    const why = `${drill}/${failed.step}: ${failed.why?.split('\n')[0] ?? ''}`;
    if (failed.step === 'start' && !refusedStack.test(failed.why ?? '')) return told('failed', why);
    // Whatever the other drills of the criterion showed was of another tree, and says nothing here.
    const named = found?.because.some((each) => each.startsWith(`${drill}/`) && /: (FAIL|not reached)/.test(each)) === true;
    return found?.verdict === 'NO-GO' && named ? told('caught', why) : told('missed', `${why}, which ${criterion} does not ask for`);
  } catch (error) {
    return told('failed', error instanceof Error ? error.message : String(error));
  } finally {
    writeFileSync(path, text);
  }
}

/** Tries them in so many copies side by side; a line for each is noted as it ends. */
export async function tryAgainstGate(trials: readonly GateTrial[], { parallel, note }: { parallel: number; note: (line: string) => void }): Promise<GateOutcome[]> {
  const copies: Copy[] = [];
  const outcomes: GateOutcome[] = [];
  const end = (outcome: GateOutcome): void => {
    outcomes.push(outcome);
    note(`${outcomes.length} of ${trials.length}: ${outcome.id}: ${outcome.end}, ${outcome.seconds} s: ${outcome.by}`);
  };
  try {
    for (let n = 0; n < Math.min(parallel, trials.length); n += 1) copies.push(repositoryOf(process.cwd()));
    const [first] = copies;
    const drills = [...new Set(trials.map(({ drill }) => drill))];
    const passing = first === undefined ? new Set<string>() : await sound(first, drills, note);
    const waiting = trials.filter(({ drill, sabotage, criterion }) => {
      if (!passing.has(drill)) end({ id: sabotage.id, criterion, drill, end: 'failed', by: `${drill} does not pass without any sabotage`, seconds: 0 });
      return passing.has(drill);
    });
    await Promise.all(
      copies.map(async ({ folder }) => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) end(await attempt(folder, next));
      }),
    );
  } finally {
    for (const copy of copies) copy.close();
  }
  return outcomes;
}
