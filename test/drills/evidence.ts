// What drills have shown, kept beside the docs: one file for each drill and stage.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { DrillRecord } from './drill.ts';

/** Of what, when, and where a drill was done. */
export interface Circumstances {
  readonly stage: string;
  /** Hash of the tree that was drilled. */
  readonly tree: string;
  readonly commit: string;
  /** RFC 3339. */
  readonly at: string;
  /** Node's version, the machine's kind. */
  readonly environment: string;
}

export interface Evidence extends DrillRecord, Circumstances {
  readonly schema: 1;
}

const verdict = v.picklist(['PASS', 'FAIL', 'SKIPPED']);
const step = v.object({ step: v.string(), expects: v.string(), verdict, ms: v.number(), seen: v.record(v.string(), v.unknown()), why: v.optional(v.string()) });
const evidence = v.object({
  schema: v.literal(1), drill: v.string(), title: v.string(), verdict, ms: v.number(), steps: v.array(step),
  stage: v.string(), tree: v.string(), commit: v.string(), at: v.pipe(v.string(), v.isoTimestamp()), environment: v.string(),
});

/** Where evidence and reports lie. */
export const opsFolder = fileURLToPath(new URL('../../docs/ops', import.meta.url));
const folderOf = (stage: string, root = opsFolder): string => join(root, 'evidence', stage);

/** Written whole or not at all; where this machine keeps what it throws away is left out. */
export function writeEvidence(record: DrillRecord, circumstances: Circumstances, root?: string): Evidence {
  const whole: Evidence = { schema: 1, ...record, ...circumstances };
  const file = join(folderOf(circumstances.stage, root), `${record.drill}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 2).replaceAll(tmpdir(), '…')}\n`);
  renameSync(`${file}.new`, file);
  return whole;
}

/** All that can be read; a damaged file is no evidence, and is named. */
export function readEvidence(stage: string, root?: string): { readonly found: Evidence[]; readonly damaged: string[] } {
  const folder = folderOf(stage, root);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const read = files.map((name) => ({ name, result: v.safeParse(v.pipe(v.string(), v.parseJson(), evidence), readFileSync(join(folder, name), 'utf8')) }));
  return {
    found: read.flatMap(({ result }) => (result.success ? [result.output as Evidence] : [])),
    damaged: read.flatMap(({ name, result }) => (result.success ? [] : [name])),
  };
}
