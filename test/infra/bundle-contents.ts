// What is in each function's bundle: built here with the stack's own options, all at once.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { bundleMainFields, bundleTarget, leftOut } from '../../infra/bundling.ts';
import { functionSettings } from '../../lib/platform/names.ts';

export interface BundleContents {
  readonly bytes: number;
  /** Files that are loaded at a cold start, ours and others'. */
  readonly modules: number;
  /** Packages among them, by name. */
  readonly packages: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function bundleContents(): Promise<Record<string, BundleContents>> {
  const { metafile } = await build({
    absWorkingDir: root, entryPoints: Object.keys(functionSettings).map((name) => `functions/${name}.ts`), outdir: '.sandbox/contents', write: false, metafile: true,
    bundle: true, minify: true, platform: 'node', format: 'cjs', target: bundleTarget, mainFields: bundleMainFields, alias: { ...leftOut }, logLevel: 'silent',
  });
  return Object.fromEntries(Object.values(metafile.outputs).map(({ entryPoint = '', bytes, inputs }) => [/([^/]+)\.ts$/.exec(entryPoint)?.[1] ?? '?', contentsOf(bytes, inputs)]));
}

/** What shaking has left nothing of is not loaded. */
function contentsOf(bytes: number, inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): BundleContents {
  const files = Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
  const packages = new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  return { bytes, modules: files.length, packages: [...packages].sort() };
}
