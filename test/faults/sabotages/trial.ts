// A copy of the tree in which a sabotage can be tried: the working tree itself is never touched.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sabotaged, type Sabotage } from './sabotage.ts';

export interface Outcome {
  readonly id: string;
  /** `killed`: a test failed, or the suites did not end in time. */
  readonly end: 'killed' | 'survived' | 'failed';
  /** The first test that failed; or what kept the trial from being one. */
  readonly by: string;
  readonly seconds: number;
}

export interface Ran {
  readonly end: 'passed' | 'failed' | 'late';
  /** The first test that failed, with its suite. */
  readonly by: string;
}

/** Of what Jest says; the names of all tests that failed fit. */
const longestTold = 200_000;
/** On a busy machine a test that is only slow must not count as one that noticed. */
const patienceMs = 120_000;
const left = new Set(['node_modules', '.git', 'cdk.out', '.sandbox', 'coverage']);

/** Copies the tree; modules are linked. Remove it with `close`. */
export function copyOf(root: string) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sabotage-')));
  cpSync(root, folder, { recursive: true, filter: (path) => dirname(path) !== root || !left.has(basename(path)) });
  symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'), 'junction');
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs these suites in the copy until one fails; those of a file, where none are named. */
export async function runSuites(folder: string, { suites, file }: Pick<Sabotage, 'suites' | 'file'>, withinMs: number): Promise<Ran> {
  const chosen = suites.length > 0 ? ['--runTestsByPath', ...suites.map((suite) => `test/${suite}.test.ts`)] : ['--findRelatedTests', file];
  const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, ['--experimental-vm-modules', '--no-warnings', jest, '--runInBand', '--bail', `--testTimeout=${patienceMs}`, ...chosen], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-longestTold)));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, withinMs);
  const code = await new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  clearTimeout(timer);
  if (late) return { end: 'late', by: `no end within ${withinMs / 1000} s` };
  if (code === 0) return { end: 'passed', by: '' };
  const by = firstFailure(said);
  if (by === undefined) throw new Error(`The tests could not be run: ${said.slice(-2000)}`);
  return { end: 'failed', by };
}

/** As Jest tells it; with --bail it ends before it would write a report. */
function firstFailure(said: string): string | undefined {
  const suite = /^FAIL (\S+)\.test\.ts/m.exec(said)?.[1];
  const test = /^ {2}● (.+)$/m.exec(said)?.[1];
  return suite === undefined ? undefined : `${basename(suite)}: ${test ?? 'could not be run'}`;
}

/** Puts one sabotage into the copy, lets the suites look, and takes it out again. */
export async function attempt(folder: string, one: Sabotage, withinMs: number): Promise<Outcome> {
  const path = join(folder, one.file);
  const [text, startedAt] = [readFileSync(path, 'utf8'), Date.now()];
  const told = (end: Outcome['end'], by: string): Outcome => ({ id: one.id, end, by, seconds: Math.round((Date.now() - startedAt) / 100) / 10 });
  try {
    writeFileSync(path, sabotaged(text, one));
    // One by one, the cheapest first: Jest would begin with the longest.
    for (const suites of one.suites.length === 0 ? [[]] : one.suites.map((suite) => [suite])) {
      const { end, by } = await runSuites(folder, { file: one.file, suites }, withinMs);
      if (end !== 'passed') return told('killed', by);
    }
    return told('survived', '');
  } catch (error) {
    return told('failed', error instanceof Error ? error.message : String(error));
  } finally {
    writeFileSync(path, text);
  }
}
