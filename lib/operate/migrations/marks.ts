// What a migration writes on every row that it makes, so that it knows its own again and takes away nothing else.
import type { Item } from '../../platform/dynamo.ts';
import type { Ending, Line, Source } from './migration.ts';

export interface Marked {
  /** Name of the migration. */
  readonly migrated: string;
  /** Of the export. */
  readonly migrated_from: string;
  readonly migrated_line: number;
}

export const markOf = (migration: string, source: Source, { number }: Line): Marked => ({ migrated: migration, migrated_from: source.fingerprint, migrated_line: number });

export const isMarked = (item: Item, migration: string): boolean => item['migrated']?.S === migration;

/** A row is there where a line would have made one: this very line's own, that of an earlier export, or that of a line that says the same. */
export function metBefore(found: Partial<Marked>, mine: Marked): Ending {
  if (found.migrated !== mine.migrated) return 'present';
  if (found.migrated_from !== mine.migrated_from) return 'present';
  return found.migrated_line === mine.migrated_line ? 'loaded' : { bad: `it says the same as line ${found.migrated_line}`, counted: 'duplicates' };
}
