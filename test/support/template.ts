// The stack as CloudFormation would get it, without bundles: synthesized once for each state of its sources, and kept in .sandbox.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Template } from '../../infra/local/intrinsics.ts';
import { localStack, type LocalStack } from '../../infra/local/template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, '.sandbox', 'templates');
const stackName = 'calendar-sync-staging';
/** All that the template is made of; of lib/ the stack reads names alone. */
const sources = ['infra/*.ts', 'lib/platform/names.ts', 'lib/platform/alarm-names.ts', 'cdk.json', 'package-lock.json'];

function sourceHash(): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of globSync(sources, { cwd: root }).sort()) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

async function synthesize(kept: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const fresh = mkdtempSync(join(folder, 'new-'));
  try {
    const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: object };
    const env = { ...process.env, CDK_OUTDIR: fresh, CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [] }) };
    await promisify(execFile)(process.execPath, ['infra/app.ts'], { cwd: root, env });
    renameSync(join(fresh, `${stackName}.template.json`), kept);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The synthesized stack, ready for its resources to be made here. */
export async function synthesizedStack(): Promise<LocalStack> {
  const kept = join(folder, `${sourceHash()}.json`);
  if (!existsSync(kept)) await synthesize(kept);
  return localStack({ name: stackName, template: JSON.parse(readFileSync(kept, 'utf8')) as Template, assets: {} });
}
