import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claim } from './claim.ts';

export interface RunFolder {
  readonly path: string;
  release(): void;
}

/** Takes `base`, or the first of base/2, base/3 … that no living runner holds. Whatever tells of an earlier run there is removed. */
export function takeFolder(base: string): RunFolder {
  for (let n = 1; n <= 100; n += 1) {
    const path = n === 1 ? base : join(base, String(n));
    mkdirSync(path, { recursive: true });
    const release = claim(join(path, 'runner.pid'));
    if (release === undefined) continue;
    rmSync(join(path, 'outputs.json'), { force: true });
    rmSync(join(path, 'logs'), { recursive: true, force: true });
    mkdirSync(join(path, 'logs'), { recursive: true });
    return {
      path,
      release: () => {
        // Nobody answers at those addresses any more.
        rmSync(join(path, 'outputs.json'), { force: true });
        release();
      },
    };
  }
  throw new Error(`A hundred local runs hold ${base} already.`);
}
