// What all commands of the operator's share: where they act, how they answer, and how they ask before they change anything.
import type { Command } from 'commander';
import { columns, type Row } from '../columns.ts';
import { ExitCode, Failure } from './failure.ts';
import type { Place, PlaceOptions } from './place.ts';
import type { Terminal } from './terminal.ts';

/** What a command found or did. */
export interface Answer {
  /** The whole of it, for --json. */
  readonly data: unknown;
  /** The same for people: lines, and tables with a title. */
  readonly text: readonly (string | Section)[];
  /** Something is not as it should be: exit code 1. */
  readonly bad?: boolean;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Said where there are no rows. */
  readonly none?: string;
}

/** A command at work. */
export interface Job {
  /** Opened when it is first asked for: drills bring places of their own. */
  readonly place: Place;
  readonly terminal: Terminal;
  readonly clock: () => number;
  /** Says what is about to change, and goes on only where the operator wants it: --yes, or an answer. */
  agree(changes: readonly string[]): Promise<void>;
}

/** What the commands are run with. */
export interface Surroundings {
  readonly open: (options: PlaceOptions) => Place;
  readonly terminal: Terminal;
  readonly clock: () => number;
}

/** Runs a command's work on the place that the command line names, and prints its answer. */
export type Act = (work: (job: Job, options: Readonly<Record<string, unknown>>, args: readonly string[]) => Promise<Answer>) => (...given: unknown[]) => Promise<void>;

interface GlobalOptions extends PlaceOptions {
  readonly json?: true;
  readonly yes?: true;
}

/** `ended` is told the exit code of an answer. */
export const actor =
  ({ open, terminal, clock }: Surroundings, ended: (code: ExitCode) => void): Act =>
  (work) =>
  async (...given) => {
    const command = given.at(-1) as Command;
    const { json, yes, ...options } = command.optsWithGlobals<GlobalOptions>();
    let place: Place | undefined;
    const opened = (): Place => (place ??= open(options));
    try {
      const job: Job = {
        get place() {
          return opened();
        },
        terminal,
        clock,
        agree: (changes) => agree({ place: opened(), terminal, yes: yes === true }, changes),
      };
      const answer = await work(job, options as Readonly<Record<string, unknown>>, command.processedArgs.flat() as string[]);
      terminal.print(json === true ? JSON.stringify(answer.data, null, 2) : answer.text.map(textOf).join('\n'));
      ended(answer.bad === true ? ExitCode.no : ExitCode.done);
    } finally {
      place?.close();
    }
  };

async function agree({ place, terminal, yes }: { place: Place; terminal: Terminal; yes: boolean }, changes: readonly string[]): Promise<void> {
  terminal.note([`On ${place.name}:`, ...changes.map((change) => `  ${change}`)].join('\n'));
  if (yes) return;
  if (!terminal.attended) throw new Failure('Nothing was changed: nobody is here to be asked. Say --yes to do it.');
  const answer = await terminal.ask('Do it? (yes/no) ');
  if (answer.trim().toLowerCase() !== 'yes') throw new Failure('Nothing was changed.');
}

const textOf = (part: string | Section): string => (typeof part === 'string' ? part : `\n${part.title}\n${part.rows.length > 0 ? columns(part.rows) : `  ${part.none ?? 'none'}`}`);

/** One command, or one group of them: adds itself to the program. */
export type AddCommand = (program: Command, act: Act) => void;
