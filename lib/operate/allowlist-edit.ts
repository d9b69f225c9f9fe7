// Changes of an allowlist's text, decided without a call. A list that would admit nobody says so with `none`: SSM stores no empty value, and
// whatever is blank admits nobody too.

export interface Edit {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  /** A share of all providers, 0 to 100; 0 takes the share away. */
  readonly percent?: number;
}

export interface ListRules {
  /** The list understands shares such as `10%`. */
  readonly percent: boolean;
}

export type Edited =
  | { readonly text: string; readonly notes: readonly string[] }
  /** Why it cannot be, in a sentence. */
  | { readonly refused: string };

/** What a standard SSM parameter holds, in bytes. */
const longest = 4096;
const share = /^\d{1,3}(\.\d+)?%$/;

export const wordsOf = (text: string | undefined): string[] => [...new Set((text ?? '').split(/[\s,]+/).filter((word) => word !== '' && word.toLowerCase() !== 'none'))];

export function editAllowlist(text: string | undefined, { add = [], remove = [], percent }: Edit, rules: ListRules): Edited {
  const bad = add.find((id) => !isId(id));
  if (bad !== undefined) return { refused: `${JSON.stringify(bad)} is no id: ids have no commas, white space or %, and none is called none.` };
  if (percent !== undefined && !rules.percent) return { refused: 'This list holds ids or *; a share of providers is on the list of providers alone.' };
  if (percent !== undefined && !(percent >= 0 && percent <= 100)) return { refused: 'A share is a number from 0 to 100.' };
  const kept = wordsOf(text).filter((word) => !remove.includes(word) && !(percent !== undefined && share.test(word)));
  const words = [...new Set([...kept, ...add, ...(percent === undefined || percent === 0 ? [] : [`${percent}%`])])];
  const after = words.length === 0 ? 'none' : words.join(',');
  if (Buffer.byteLength(after) > longest) return { refused: `That would be ${Buffer.byteLength(after)} bytes, and a parameter holds ${longest}, about 100 ids.${rules.percent ? ' Admit a share instead: allow percent providers 10' : ''}` };
  return { text: after, notes: notesOn(words, remove) };
}

/** Nothing that could be read as anything else than one id; `*` admits everybody. */
const isId = (id: string): boolean => id === '*' || (/^[^\s,%]{1,256}$/.test(id) && id.toLowerCase() !== 'none');

function notesOn(words: readonly string[], removed: readonly string[]): string[] {
  const notes: string[] = [];
  if (words.length === 0) notes.push('It admits nobody.');
  if (words.includes('*')) notes.push(`It admits everybody${removed.length > 0 ? ', also whom you remove: remove * too' : ''}.`);
  else if (removed.length > 0 && words.some((word) => share.test(word))) notes.push(`A share stays on the list, and may hold whom you remove.`);
  return notes;
}
