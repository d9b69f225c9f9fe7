import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RunFolder {
  readonly path: string;
  release(): void;
}

/** Takes `base`, or the first of base/2, base/3 … that no living runner holds. Whatever tells of an earlier run there is removed. */
export function takeFolder(base: string): RunFolder {
  for (let n = 1; n <= 100; n += 1) {
    const path = n === 1 ? base : join(base, String(n));
    mkdirSync(path, { recursive: true });
    if (!take(join(path, 'runner.pid'))) continue;
    rmSync(join(path, 'outputs.json'), { force: true });
    rmSync(join(path, 'logs'), { recursive: true, force: true });
    mkdirSync(join(path, 'logs'), { recursive: true });
    return {
      path,
      release: () => {
        // Nobody answers at those addresses any more.
        rmSync(join(path, 'outputs.json'), { force: true });
        rmSync(join(path, 'runner.pid'), { force: true });
      },
    };
  }
  throw new Error(`A hundred local runs hold ${base} already.`);
}

const held = new Set<string>();

function take(file: string): boolean {
  if (held.has(file)) return claim(file);
  const owner = readOwner(file);
  if (owner !== undefined && !alive(owner)) rmSync(file, { force: true });
  const taken = claim(file);
  if (taken) held.add(file);
  return taken;
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Signal 0 only asks; EPERM means that it lives and is another user's. */
function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
