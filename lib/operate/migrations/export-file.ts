// The files of an export, read as a stream: however large one is, a line at a time is held.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationRefused } from './migration.ts';

export const exportFiles = { connections: 'external_calendar_connections.jsonl', events: 'external_calendar_events.jsonl' } as const;

/** How far a file was read. */
export interface FilePlace {
  /** In bytes. */
  readonly offset: number;
  readonly line: number;
}

export interface ReadLine {
  readonly number: number;
  /** Undefined: longer than any line of ours, or no UTF-8. */
  readonly text: string | undefined;
  /** Where the next one begins. */
  readonly place: FilePlace;
}

const longestLine = 64 * 1024;
const newline = 10;

export async function* linesOf(path: string, from: FilePlace = { offset: 0, line: 0 }): AsyncGenerator<ReadLine> {
  let held: Buffer[] = [];
  let size = 0;
  let { offset, line } = from;
  const hold = (bytes: Buffer): void => {
    size += bytes.length;
    if (size <= longestLine) held.push(bytes);
  };
  const finish = (closing: number): ReadLine => {
    const text = size > longestLine ? undefined : decoded(Buffer.concat(held));
    offset += size + closing;
    line += 1;
    [held, size] = [[], 0];
    return { number: line, text, place: { offset, line } };
  };
  for await (const chunk of createReadStream(path, { start: offset }) as AsyncIterable<Buffer>) {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, begin)) {
      hold(chunk.subarray(begin, end));
      yield finish(1);
      begin = end + 1;
    }
    hold(chunk.subarray(begin));
  }
  if (size > 0) yield finish(0);
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Of the content of all files: another export has another. */
export async function fingerprintOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of Object.values(exportFiles)) {
    if (!existsSync(join(folder, file))) throw new MigrationRefused(`There is no ${file} in ${folder}: docs/migrations.md tells what an export holds.`);
    hash.update(`${file}\n`);
    for await (const chunk of createReadStream(join(folder, file)) as AsyncIterable<Buffer>) hash.update(chunk);
  }
  return hash.digest('base64url').slice(0, 22);
}
