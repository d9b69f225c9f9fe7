// Prints a story step by step with the time that each took, and remembers whether all of it held.
import pc from 'picocolors';
import type { StoryOptions } from './telling.ts';

export interface Teller {
  heading(text: string): void;
  line(text: string): void;
  check(text: string, holds: boolean): void;
  /** Asks until the answer is neither false nor undefined; gives it back, or undefined where it never came. */
  step<T>(text: string, ask: () => Promise<T | false | undefined>): Promise<T | undefined>;
  held(): boolean;
}

/** Far beyond what any step takes, near enough to end a broken run. */
const patienceMs = 20_000;
const betweenAsksMs = 10;

export function teller({ print, signal }: Pick<StoryOptions, 'print' | 'signal'>): Teller {
  let failures = 0;
  const tell = (holds: boolean, text: string, ms?: number): void => {
    if (!holds) failures += 1;
    print(`  ${holds ? pc.green('✓') : pc.red('✗')} ${text}${ms === undefined ? '' : pc.dim(`  ${Math.round(ms)} ms`)}`);
  };
  return {
    heading: (text) => print(`\n${pc.bold(text)}`),
    line: (text) => print(pc.dim(text)),
    check: (text, holds) => tell(holds, text),
    async step(text, ask) {
      const began = performance.now();
      for (;;) {
        signal.throwIfAborted();
        const answer = await ask();
        const ms = performance.now() - began;
        if (answer !== false && answer !== undefined) {
          tell(true, text, ms);
          return answer;
        }
        if (ms > patienceMs) {
          tell(false, `${text} — did not happen within ${patienceMs / 1000} s`);
          return undefined;
        }
        await new Promise((resolve) => setTimeout(resolve, betweenAsksMs));
      }
    },
    held: () => failures === 0,
  };
}
