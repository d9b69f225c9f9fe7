// What a command of the operator's may do with the person before it.
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  /** Somebody is there to be asked. */
  readonly attended: boolean;
  /** The answer, on stdout. */
  print(text: string): void;
  /** What goes with it, on stderr, so that stdout is the answer alone. */
  note(text: string): void;
  ask(question: string): Promise<string>;
  /** A secret from a file, or from stdin where none is named: never from the command line, which the process list shows. */
  input(file?: string): Promise<string>;
}

export const terminal: Terminal = {
  attended: process.stdin.isTTY === true && process.stdout.isTTY === true,
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  async ask(question) {
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await asking.question(question);
    } finally {
      asking.close();
    }
  },
  input: async (file) => (file === undefined ? readAll(process.stdin) : readFileSync(file, 'utf8')),
};
