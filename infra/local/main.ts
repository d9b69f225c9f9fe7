// npm start: runs the stack that `cdk deploy` would create on this machine, tells its story, stays up until Ctrl-C.
import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import type { CalendarFile, StoryOptions, TellStory } from './telling.ts';

interface Arguments {
  readonly once?: true;
  readonly clock: number;
  readonly google: readonly CalendarFile[];
  readonly microsoft: readonly CalendarFile[];
  readonly port?: number;
  readonly seed: number;
  readonly shuffle?: true;
  readonly double?: number | true;
  readonly delay: number;
  readonly folder?: string;
}

const began = performance.now();
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const secondsSince = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

function readArguments(argv: readonly string[]): Arguments {
  return new Command('npm start --')
    .description('Runs the synthesized stack on this machine, with simulators of Google Calendar and Microsoft Graph, and tells what happens.')
    .option('--once', 'end after the story: exit status 0 when it held, 1 when not')
    .option('--google <file.ics>', 'fill a simulated Google calendar with this export; may be given several times', calendarFiles, [])
    .option('--microsoft <file.ics>', 'fill a simulated Outlook calendar with this export; may be given several times', calendarFiles, [])
    .option('--clock <n>', 'divide every timer, visibility and delay by n', between(1, 10_000), 1)
    .option('--port <n>', 'port of the HTTP API (default: a free one)', between(1, 65_535))
    .option('--seed <n>', 'for everything left to chance', between(0, 2 ** 31), 1)
    .option('--shuffle', 'deliver messages in another order than sent')
    .option('--double [share]', 'deliver a share of the messages twice (default: 0.5)', between(0, 1))
    .option('--delay <ms>', 'hold messages back for up to so long', between(0, 900_000), 0)
    .option('--folder <path>', 'where outputs.json and logs go (default: .sandbox)')
    .allowExcessArguments(false)
    .parse([...argv], { from: 'user' })
    .opts<Arguments>();
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`);
    return value;
  };
}

function calendarFiles(path: string, earlier: readonly CalendarFile[]): readonly CalendarFile[] {
  try {
    return [...earlier, { path, ics: readFileSync(path, 'utf8') }];
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function startOptions(given: Arguments, signal: AbortSignal): Parameters<typeof startSandbox>[0] {
  const double = given.double === true ? 0.5 : given.double;
  return {
    clock: given.clock,
    seed: given.seed,
    signal,
    disturb: { shuffle: given.shuffle === true, delayMs: given.delay, ...(double === undefined ? {} : { double }) },
    ...(given.port === undefined ? {} : { port: given.port }),
    ...(given.folder === undefined ? {} : { folder: given.folder }),
  };
}

function printUrls({ outputs, folder }: Sandbox): void {
  print('');
  print(`  HTTP API    ${outputs.apiUrl}`);
  for (const [name, url] of Object.entries({ ...outputs.simulators, ...outputs.endpoints })) print(`  ${name.padEnd(11)} ${url}`);
  print(`  everything  ${folder}/outputs.json`);
  print(`  logs        ${folder}/logs/`);
  print('');
}

async function story(sandbox: Sandbox, options: StoryOptions): Promise<boolean> {
  const file = new URL('story.ts', import.meta.url);
  if (!existsSync(file)) throw new Error('There is no infra/local/story.ts to tell what happens.');
  const { tellStory } = (await import(file.href)) as { tellStory: TellStory };
  return await tellStory(sandbox, options);
}

/** Ctrl-C and its kin, once; a second time ends at once, and the children follow as their channel closes. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Error('Interrupted.'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env['npm_lifecycle_event'] !== undefined) whenNpmEnds(stop);
  return stopping.signal;
}

/**
 * npm killed outright passes nothing on. It is our parent, or our shell's, which only Linux tells: either chain changes when it ends.
 * Started by hand, in contrast, a run may outlive its shell.
 */
function whenNpmEnds(stop: () => void): void {
  const chain = (): string => {
    const shell = `/proc/${process.ppid}/stat`;
    // pid (name) state ppid …, and the name may hold anything.
    const above = existsSync(shell) ? readFileSync(shell, 'latin1').split(') ').at(-1)?.split(' ')[1] : undefined;
    return `${process.ppid} ${above}`;
  };
  const first = chain();
  const watch = setInterval(() => {
    if (chain() === first) return;
    clearInterval(watch);
    stop();
  }, 500);
  watch.unref();
}

async function run(given: Arguments, signal: AbortSignal): Promise<boolean> {
  const sandbox = await startSandbox(startOptions(given, signal));
  try {
    sandbox.on('trouble', (trouble) => console.error(`  ! ${trouble}`));
    print(`The stack runs here, ${secondsSince(began)} after it was asked to.`);
    printUrls(sandbox);
    const interrupted = new Promise<false>((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }));
    const once = given.once === true;
    const held = await Promise.race([interrupted, story(sandbox, { once, google: given.google, microsoft: given.microsoft, print, signal })]);
    if (signal.aborted) return !once;
    print(`${held ? 'The story held' : 'The story did not hold'}; ${secondsSince(began)} in all.`);
    if (once) return held;
    printUrls(sandbox);
    print('It stays up until Ctrl-C.');
    await interrupted;
    return true;
  } finally {
    await sandbox.close();
  }
}

const signal = stopSignal();
try {
  process.exitCode = (await run(readArguments(process.argv.slice(2)), signal)) ? 0 : 1;
} catch (error) {
  process.exitCode = signal.aborted ? 130 : 1;
  console.error(error instanceof Error ? error.message : error);
}
// Whatever a library still holds open must not keep the command from ending.
process.exit();
