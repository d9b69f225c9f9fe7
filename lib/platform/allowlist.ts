import { createHash } from 'node:crypto';

/** Who may: parsed once, asked often. `none`, blank or missing admits nobody. */
export interface Allowlist {
  allows(id: string): boolean;
}

/** A stable place of an id in [0, 1): raising a percentage never drops anyone. */
export const placeOf = (id: string): number => createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;

/** Ids split by commas or white space; `*`; and, where `percent` is allowed, shares such as `10%`. They may mix. */
export function parseAllowlist(text: string | undefined, { percent }: { percent: boolean }): Allowlist {
  const ids = new Set<string>();
  let everyone = false;
  let share = 0;
  for (const word of (text ?? '').split(/[\s,]+/)) {
    if (word === '' || word.toLowerCase() === 'none') continue;
    if (word === '*') everyone = true;
    else if (percent && /^\d{1,3}(\.\d+)?%$/.test(word)) share = Math.max(share, Number.parseFloat(word) / 100);
    else ids.add(word);
  }
  return { allows: (id) => everyone || ids.has(id) || (share > 0 && placeOf(id) < share) };
}
