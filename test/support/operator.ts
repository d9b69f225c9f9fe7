// An operator at a terminal that keeps what it shows, before a place of this process: real commands, parsed and run, without a shell.
import type { Answer } from '../../infra/commands/ops/command.ts';
import type { Place } from '../../infra/commands/ops/place.ts';
import { runOps } from '../../infra/commands/ops/program.ts';
import type { Terminal } from '../../infra/commands/ops/terminal.ts';

export interface Shown {
  readonly code: number;
  /** On stdout. */
  readonly out: string;
  /** On stderr. */
  readonly notes: string;
  /** Where --json was said. */
  readonly data: Answer['data'];
}

export interface OperatorOptions {
  readonly open: (options: { stage?: string; outputs?: string }) => Place;
  readonly clock?: () => number;
  /** What comes on stdin. */
  readonly stdin?: string;
  /** Absent: nobody is there to be asked. */
  readonly answers?: string;
}

export async function operate(line: readonly string[], { open, clock = Date.now, stdin = '', answers }: OperatorOptions): Promise<Shown> {
  const [out, notes]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    attended: answers !== undefined,
    print: (text) => void out.push(text),
    note: (text) => void notes.push(text),
    ask: async () => answers ?? '',
    input: async () => stdin,
  };
  const code = await runOps(line, { open, terminal, clock });
  const printed = out.join('\n');
  return { code, out: printed, notes: notes.join('\n'), data: line.includes('--json') && printed !== '' ? (JSON.parse(printed) as unknown) : undefined };
}
