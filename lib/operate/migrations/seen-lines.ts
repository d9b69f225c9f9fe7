import { createHash } from 'node:crypto';
import type { Ending } from './migration.ts';

/** So many keys are held at most, some 60 MB; duplicates of later ones a dry run does not find. */
const mostKeys = 1_000_000;

/** Which keys a dry run has met: where rows are written, the table itself tells. */
export class SeenLines {
  readonly #lines = new Map<number, number>();

  meet(key: string, line: number): Ending {
    const hash = createHash('sha256').update(key).digest().readUIntBE(0, 6);
    const before = this.#lines.get(hash);
    if (before !== undefined && before !== line) return { bad: `it says the same as line ${before}`, counted: 'duplicates' };
    if (this.#lines.size < mostKeys) this.#lines.set(hash, line);
    return 'loaded';
  }
}
