import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { claim } from './claim.ts';
import type { Template } from './intrinsics.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** A stack as synthesized: its template, and where each asset of it lies, by the asset's hash. */
export interface SynthesizedStack {
  readonly name: string;
  readonly template: Template;
  readonly assets: Readonly<Record<string, string>>;
}

const sources = ['infra/*.ts', 'lib/**/*', 'functions/**/*', 'package-lock.json', 'cdk.json', 'tsconfig.json'];
const dayMs = 86_400_000;

/** Synthesizes the app into a folder named by a hash of all that goes into it; the next call with the same sources finds it there, a call meanwhile waits for it. */
export async function synthesize(folder: string, signal?: AbortSignal): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const assembly = join(folder, `cdk.out-${sourceHash()}`);
  while (!existsSync(assembly)) {
    const release = claim(`${assembly}.pid`);
    if (release === undefined) await setTimeout(100, undefined, signal === undefined ? {} : { signal });
    else await synthesizeInto(assembly, signal).finally(release);
  }
  utimesSync(assembly, new Date(), new Date());
  forgetOld(folder);
  return assembly;
}

/** Renamed at once when it is whole, so that nobody ever finds half an assembly. */
async function synthesizeInto(assembly: string, signal: AbortSignal | undefined): Promise<void> {
  if (existsSync(assembly)) return;
  const folder = dirname(assembly);
  // The bundles are CommonJS in .js files: under the project's own "type": "module" Node would take them for modules. Lambda has no package.json above them.
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  const fresh = mkdtempSync(join(folder, 'new-'));
  try {
    await runApp(fresh, signal);
    renameSync(fresh, assembly);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The only stack of an assembly, or the one named. */
export function readStack(assembly: string, wanted?: string): SynthesizedStack {
  const manifest = readJson(join(assembly, 'manifest.json')) as Manifest;
  const stacks = Object.entries(manifest.artifacts).filter(([id, { type }]) => type === 'aws:cloudformation:stack' && (wanted === undefined || id === wanted));
  const [found, ...others] = stacks;
  const all = Object.keys(manifest.artifacts).join(', ');
  if (found === undefined) throw new Error(`The synthesized app has no stack${wanted === undefined ? '' : ` ${wanted}`}, only: ${all}.`);
  if (others.length > 0) throw new Error(`The synthesized app has ${stacks.length} stacks (${stacks.map(([id]) => id).join(', ')}): say which one to run.`);
  const [id, { properties }] = found;
  const template = readJson(join(assembly, properties?.templateFile ?? `${id}.template.json`)) as Template;
  return { name: properties?.stackName ?? id, template, assets: assetFolders(assembly, manifest) };
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, { readonly type: string; readonly properties?: { readonly templateFile?: string; readonly stackName?: string; readonly file?: string } }>>;
}
interface AssetManifest {
  readonly files?: Readonly<Record<string, { readonly source: { readonly path?: string } }>>;
}

function assetFolders(assembly: string, manifest: Manifest): Record<string, string> {
  const lists = Object.values(manifest.artifacts).filter(({ type }) => type === 'cdk:asset-manifest');
  return Object.fromEntries(
    lists.flatMap(({ properties }) => {
      const { files = {} } = readJson(join(assembly, properties?.file ?? '')) as AssetManifest;
      return Object.entries(files).flatMap(([hash, { source }]) => (source.path === undefined ? [] : [[hash, join(assembly, source.path)] as const]));
    }),
  );
}

/** What `cdk synth` does, without starting the CLI: runs the app of cdk.json with its context. */
async function runApp(outdir: string, signal: AbortSignal | undefined): Promise<void> {
  const { context } = readJson(join(projectRoot, 'cdk.json')) as { context?: object };
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context ?? {}) };
  // A process group of its own: the app starts bundlers, which a signal to it alone would leave running.
  const child = spawn(process.execPath, ['infra/app.ts'], { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', stop, { once: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(`The stack does not synthesize (exit status ${code}):\n${said.slice(-4000)}`);
}

function sourceHash(): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of globSync(sources, { cwd: projectRoot }).sort()) {
    const path = join(projectRoot, file);
    if (statSync(path).isFile()) hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Assemblies that nothing has used for a day: their functions' code may still be loaded by a runner, but not for that long. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/^(cdk\.out|new)-/.test(name) && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > dayMs) rmSync(path, { recursive: true, force: true });
  }
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8')) as unknown;
