// Log lines of a local run, from the files that it writes: one for each function, one JSON object a line.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byTime, inJson, readLogLine, type LogSource } from './log-line.ts';

interface Written {
  readonly at: string;
  readonly line: string;
}

export function localLines(folder: string): LogSource {
  const files = (): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')) : []);
  const linesOf = (name: string): string[] => readFileSync(join(folder, name), 'utf8').split('\n').filter((line) => line !== '');
  return {
    // The run's own clock, which may go faster than this shell's.
    newest: async () => Math.max(0, ...files().flatMap((name) => linesOf(name).slice(-1).map((line) => Date.parse((JSON.parse(line) as Written).at)))),
    async find({ words, since, until }) {
      // A line of JSON within a line of JSON: quoted twice.
      const wanted = words.map((word) => inJson(inJson(word)));
      const found = files().flatMap((name) =>
        linesOf(name).flatMap((text) => {
          if (!wanted.some((word) => text.includes(word))) return [];
          const { at, line } = JSON.parse(text) as Written;
          const read = readLogLine(line, { at: Date.parse(at), from: name.replace(/^calendar-sync-[a-z]+-/, '').slice(0, -'.log'.length) });
          return read && read.at >= since && read.at <= until ? [read] : [];
        }),
      );
      return byTime(found);
    },
  };
}
