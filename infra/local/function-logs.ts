import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from './function-process.ts';

/** Lines that functions wrote: the newest kept for the runner, all of them in `<folder>/<function>.log`, one JSON object a line. */
export interface FunctionLogs {
  add(line: LogLine): void;
  of(functionName: string): readonly LogLine[];
  close(): Promise<void>;
}

const kept = 20_000;

export function functionLogs(folder: string): FunctionLogs {
  const lines = new Map<string, LogLine[]>();
  const files = new Map<string, WriteStream>();
  const file = (name: string): WriteStream => {
    const open = files.get(name) ?? createWriteStream(join(folder, `${name}.log`));
    files.set(name, open);
    return open;
  };
  return {
    add: (line) => {
      const own = lines.get(line.function) ?? [];
      lines.set(line.function, own);
      own.push(line);
      if (own.length > kept) own.splice(0, own.length - kept);
      file(line.function).write(`${JSON.stringify({ at: new Date(line.at).toISOString(), requestId: line.requestId, line: line.line })}\n`);
    },
    of: (name) => lines.get(name) ?? [],
    close: async () => void (await Promise.all([...files.values()].map((open) => new Promise<void>((resolve) => open.end(() => resolve()))))),
  };
}
