import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reports describe the tree and are written after it: they are no part of it. */
const reports = 'docs/ops/';

/** A hash of every tracked file as it lies on disk, outside docs/ops/: which tree a report speaks of, committed or not. */
export function treeHash(root: string): string {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const hash = createHash('sha256');
  const paths = tracked.split('\0').filter((path) => path !== '' && !path.startsWith(reports));
  for (const path of paths.sort()) {
    const file = join(root, path);
    hash.update(`${path}\0${existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'gone'}\0`);
  }
  return hash.digest('hex');
}

/** The commit that the working tree stands on. */
export const commitOf = (root: string): string => execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
