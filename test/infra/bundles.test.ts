import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, readStack, synthesize } from '../../infra/local/synthesis.ts';

interface Bundle {
  readonly name: string;
  /** Of all its files, unpacked. */
  readonly bytes: number;
  readonly options: string;
}
interface FunctionResource {
  readonly Type: string;
  readonly Properties: { readonly FunctionName: string; readonly Code: { readonly S3Key?: unknown }; readonly Environment: { readonly Variables: Record<string, unknown> } };
}

let bundles: Bundle[];
beforeAll(async () => {
  // The same folder as the local run's, so that one synthesis serves both.
  const { template, assets } = readStack(await synthesize(join(projectRoot, '.sandbox', 'assemblies')));
  const functions = (Object.values(template['Resources'] ?? {}) as unknown as FunctionResource[]).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  bundles = functions.map(({ Properties }) => ({
    name: Properties.FunctionName,
    bytes: sizeOf(assets[/(\w+)\.zip$/.exec(JSON.stringify(Properties.Code.S3Key).replace(/"$/, ''))?.[1] ?? ''] ?? ''),
    options: String(Properties.Environment.Variables['NODE_OPTIONS']),
  }));
}, 90_000);

const sizeOf = (folder: string): number => readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

describe('bundles, as synthesized', () => {
  it('of both webhooks are at most 500 KB: their cold start is in the way of every notice', () => {
    const webhooks = bundles.filter(({ name }) => name.endsWith('-webhook'));
    expect(webhooks).toHaveLength(2);
    expect(webhooks.filter(({ bytes }) => bytes > 500_000 || bytes < 10_000)).toEqual([]);
  });

  it('are none over 1 MB', () => {
    expect(bundles.length).toBeGreaterThanOrEqual(8);
    expect(bundles.filter(({ bytes }) => bytes > 1_000_000 || bytes < 10_000)).toEqual([]);
  });

  it('run with a young generation that is bounded, or garbage alone would take what memory there is', () => {
    expect(bundles.filter(({ options }) => !options.includes('--max-semi-space-size=8'))).toEqual([]);
  });
});
