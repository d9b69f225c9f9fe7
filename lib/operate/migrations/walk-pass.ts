// Goes over the lines of a file or the items of a table, a batch at a time, no faster than asked, and says after each batch how far it has come.
import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { join } from 'node:path';
import { seconds } from '../../platform/clock.ts';
import { eachConcurrently } from '../../platform/concurrently.ts';
import { linesOf, type FilePlace, type ReadLine } from './export-file.ts';
import type { BadLine, Counts, Ending, ItemPass, LinePass, MigrationParts } from './migration.ts';

export interface PassRun {
  readonly parts: MigrationParts;
  readonly folder: string;
  /** Where an attempt before stopped, and what it had counted. */
  readonly from?: { readonly place: string | undefined; readonly counts: Counts };
  readonly bad?: ((line: BadLine) => void) | undefined;
  /** After each batch, with where to go on if there is more; whatever it throws ends the pass. */
  readonly saved: (place: string | undefined, counts: Counts) => Promise<void>;
}

const batchSize = 50;
const usualAtOnce = 10;

export async function walkPass(pass: LinePass | ItemPass, run: PassRun): Promise<Counts> {
  const counts: Record<string, number> = { ...run.from?.counts };
  const count = (end: Ending, line?: { file: string; line: number }): void => {
    if (end === undefined) return;
    const word = typeof end === 'string' ? end : (end.counted ?? 'bad');
    counts[word] = (counts[word] ?? 0) + 1;
    if (typeof end !== 'string' && line) run.bad?.({ ...line, reason: end.bad });
  };
  const batches = 'file' in pass ? lineBatches(pass, run, count) : itemBatches(pass, run, count);
  for await (const place of batches) await run.saved(place, { ...counts });
  return counts;
}

type Count = (end: Ending, line?: { file: string; line: number }) => void;

async function* lineBatches(pass: LinePass, { parts, folder, from }: PassRun, count: Count): AsyncGenerator<string> {
  const { file, each, atOnce = usualAtOnce } = pass;
  const begin = from?.place === undefined ? undefined : (JSON.parse(from.place) as FilePlace);
  let batch: ReadLine[] = [];
  let place: FilePlace | undefined;
  const run = async (): Promise<string> => {
    const startedAt = parts.clock();
    const ends = new Map<number, Ending>();
    await eachConcurrently(batch, atOnce, async ({ number, text }) => void ends.set(number, await each({ number, text })));
    for (const [line, end] of [...ends].sort(([a], [b]) => a - b)) count(end, { file, line });
    await pace(parts, batch.length, startedAt);
    batch = [];
    return JSON.stringify(place);
  };
  for await (const line of linesOf(join(folder, file), begin)) {
    place = line.place;
    if (line.text?.trim() !== '') batch.push(line);
    if (batch.length >= sizeOf(parts)) yield await run();
  }
  if (place) yield await run();
}

async function* itemBatches({ table, each, atOnce = usualAtOnce }: ItemPass, { parts, from }: PassRun, count: Count): AsyncGenerator<string | undefined> {
  let after = from?.place === undefined ? undefined : (JSON.parse(from.place) as Record<string, AttributeValue>);
  do {
    const startedAt = parts.clock();
    const { Items = [], LastEvaluatedKey } = await parts.dynamo.send(
      new ScanCommand({ TableName: parts.tables[table], Limit: sizeOf(parts), ConsistentRead: true, ...(after && { ExclusiveStartKey: after }) }),
    );
    await eachConcurrently(Items, atOnce, async (item) => count(await each(item)));
    after = LastEvaluatedKey;
    await pace(parts, Items.length, startedAt);
    yield after && JSON.stringify(after);
  } while (after);
}

const sizeOf = ({ perSecond }: MigrationParts): number => Math.max(1, Math.min(batchSize, perSecond));

async function pace({ perSecond, clock, wait }: MigrationParts, done: number, startedAt: number): Promise<void> {
  const rest = seconds(done / perSecond) - (clock() - startedAt);
  if (rest > 0) await wait(rest);
}
