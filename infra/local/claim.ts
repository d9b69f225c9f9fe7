import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** What this very process holds: a file with its own id that it does not hold is left of an older process of the same id. */
const held = new Set<string>();

/** Takes a file for this process, unless a living process holds it: what lets go of it again, or undefined. */
export function claim(file: string): (() => void) | undefined {
  const owner = readOwner(file);
  if (owner !== undefined && !(owner === process.pid ? held.has(file) : alive(owner))) rmSync(file, { force: true });
  if (!create(file)) return undefined;
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

function create(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Signal 0 only asks; EPERM means that it lives and is another user's. */
function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
