// A function of the local run whose bundle stands behind an alias, as on AWS: which version answers is read at each call.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SynthesizedStack } from '../../../infra/local/synthesis.ts';
import type { FunctionName } from '../../../lib/platform/names.ts';
import { physicalName } from '../../../infra/physical-name.ts';
import type { TemplateResource } from '../../../infra/local/intrinsics.ts';

export type Version = 'before' | 'broken';

const aliasIn = (folder: string, name: FunctionName): string => join(folder, 'versions', name);

/** Written whole or not at all: a call meanwhile reads one or the other. */
export function shift(folder: string, name: FunctionName, to: Version): void {
  const alias = join(aliasIn(folder, name), 'alias');
  writeFileSync(`${alias}.new`, to);
  renameSync(`${alias}.new`, alias);
}

/** The stack with this function behind an alias that names the version before; the broken one ends its process at each call. */
export function withTwoVersions({ assets, ...stack }: SynthesizedStack, name: FunctionName, folder: string): SynthesizedStack {
  const hash = assetOf(Object.values(stack.template.Resources), name);
  const before = assets[hash];
  if (before === undefined) throw new Error(`The code of ${name} is no asset: ${hash}`);
  const versions = aliasIn(folder, name);
  mkdirSync(versions, { recursive: true });
  writeFileSync(join(versions, 'index.js'), `const { readFileSync } = require('node:fs');
const versions = { before: require(${JSON.stringify(join(before, 'index.js'))}).handler, broken: () => process.exit(1) };
exports.handler = (...call) => versions[readFileSync(${JSON.stringify(join(versions, 'alias'))}, 'utf8')](...call);
`);
  shift(folder, name, 'before');
  return { ...stack, assets: { ...assets, [hash]: versions } };
}

function assetOf(resources: readonly TemplateResource[], name: FunctionName): string {
  const physical = physicalName({ name: 'staging' }, name);
  const found = resources.find(({ Type, Properties = {} }) => Type === 'AWS::Lambda::Function' && Properties['FunctionName'] === physical);
  const { S3Key } = (found?.Properties?.['Code'] ?? {}) as { S3Key?: string };
  return basename(S3Key ?? '', '.zip');
}
