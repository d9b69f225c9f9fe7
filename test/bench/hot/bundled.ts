// Bundles as the stack makes them, for what is loaded or run as it is deployed.
import { build, type BuildOptions } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundleMainFields, bundleTarget, leftOut } from '../../../infra/bundling.ts';
import { projectRoot } from '../../../infra/local/synthesis.ts';

export const bundleOptions: BuildOptions = { absWorkingDir: projectRoot, bundle: true, minify: true, platform: 'node', format: 'cjs', target: bundleTarget, mainFields: bundleMainFields, alias: { ...leftOut }, logLevel: 'silent' };

/** What a bundle of this file exports, loaded now, under the environment that stands. */
export async function bundled(file: string): Promise<unknown> {
  const outfile = join(projectRoot, '.sandbox', 'bundled', `${file.replace(/\W/g, '-')}.cjs`);
  await build({ ...bundleOptions, entryPoints: [file], outfile });
  return createRequire(import.meta.url)(outfile);
}
