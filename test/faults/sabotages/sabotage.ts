// A small sabotage of the product: one text in one file, replaced by another that breaks one promise. Some test must notice.

export interface Edit {
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Sabotage extends Edit {
  readonly id: string;
  /** What it breaks, in one sentence. */
  readonly breaks: string;
  /** From the root. */
  readonly file: string;
  /** Another place of the same file that the sabotage needs. */
  readonly and?: Edit;
  /** Test suites that should see it, the cheapest first, as paths below test/ without `.test.ts`. None: only the operators' gate can, see against-gate.ts. */
  readonly suites: readonly string[];
}

/** Sabotages of one file, seen by the same suites unless they say otherwise. */
export const inFile = (file: string, suites: readonly string[], each: readonly (Omit<Sabotage, 'file' | 'suites'> & Partial<Pick<Sabotage, 'suites'>>)[]): Sabotage[] =>
  each.map((one) => ({ file, suites, ...one }));

/** The file's text with the sabotage in it. Throws where a text to be replaced does not stand there exactly once. */
export function sabotaged(text: string, { id, file, find, replace, and }: Sabotage): string {
  return [{ find, replace }, ...(and ? [and] : [])].reduce((before, edit) => {
    const times = before.split(edit.find).length - 1;
    if (times !== 1) throw new Error(`${id}: its text stands ${times} times in ${file}, not once: ${edit.find}`);
    return before.replace(edit.find, () => edit.replace);
  }, text);
}
