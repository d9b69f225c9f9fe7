// Loading a bundle in a fresh process, as a cold start does, against a bundle of the same SDK clients, Powertools and middy alone, and
// against a hello-world. Node's own start is not counted.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../infra/local/synthesis.ts';
import { functionSettings, type FunctionName } from '../../../lib/platform/names.ts';
import { functionEnvironments } from '../../support/function-environments.ts';
import { bundleOptions } from './bundled.ts';
import { inTurns, type Budget, type Figure, type Hot, type Run } from './turns.ts';

const folder = join(projectRoot, '.sandbox', 'cold-start');

/** The clients are made, as every function makes them. */
const bare = (clients: readonly string[]): string => `
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
${clients.map((name) => `import { ${clientOf[name]} } from '@aws-sdk/client-${name}';`).join('\n')}
const clients = [${clients.map((name) => `new ${clientOf[name]}({})`).join(', ')}];
const metrics = new Metrics({ namespace: 'n', serviceName: 's' });
export const handler = middy(async () => ({ clients: clients.length, metrics })).use(injectLambdaContext(new Logger()));
`;
const clientOf: Readonly<Record<string, string>> = { dynamodb: 'DynamoDBClient', sqs: 'SQSClient', ssm: 'SSMClient', cloudwatch: 'CloudWatchClient' };
const usual = ['dynamodb', 'sqs', 'ssm'];
const needs: Partial<Record<FunctionName, readonly string[]>> = { availability: ['dynamodb', 'ssm'], ops: ['dynamodb', 'cloudwatch'] };
const floorOf = (name: FunctionName): readonly string[] => needs[name] ?? usual;

async function bundles(): Promise<(name: string) => string> {
  mkdirSync(folder, { recursive: true });
  const floors = [usual, ...Object.values(needs)];
  for (const clients of floors) await build({ ...bundleOptions, stdin: { contents: bare(clients), resolveDir: projectRoot }, outfile: join(folder, `floor-${clients.join('-')}.cjs`) });
  await build({ ...bundleOptions, entryPoints: Object.keys(functionSettings).map((name) => `functions/${name}.ts`), outdir: folder, outExtension: { '.js': '.cjs' } });
  writeFileSync(join(folder, 'hello.cjs'), 'exports.handler = async () => ({ statusCode: 200 });');
  return (name) => join(folder, `${name}.cjs`);
}

/** Milliseconds of the processor from require to a handler: on a busy machine the clock on the wall would count the neighbours. */
const load = (file: string, environment: Readonly<Record<string, string>>): Run => async () => {
  const script = `const t = process.cpuUsage(); const { handler } = require(${JSON.stringify(file)}); if (typeof handler !== 'function') process.exit(1); const { user, system } = process.cpuUsage(t); process.stdout.write(String((user + system) / 1000)); process.exit(0);`;
  const child = spawn(process.execPath, ['--max-semi-space-size=8', '-e', script], { env: { PATH: process.env['PATH'] ?? '', ...environment, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${file} did not load.`);
  return Number(text);
};

export async function coldStarts(budget: Budget): Promise<Hot> {
  const file = await bundles();
  const environments = await functionEnvironments();
  const environment = (name: FunctionName): Readonly<Record<string, string>> => environments.get(name) ?? {};
  const figures: Figure[] = [];
  for (const name of Object.keys(functionSettings) as FunctionName[]) {
    const clients = floorOf(name);
    figures.push({ what: `cold start, ${name}`, floorIs: `${clients.join(', ')} clients, Powertools, middy`, compared: await inTurns({ ours: load(file(name), environment(name)), floor: load(file(`floor-${clients.join('-')}`), environment(name)) }, budget) });
  }
  const webhook = load(file('google-webhook'), environment('google-webhook'));
  figures.push({ what: 'cold start, google-webhook', floorIs: 'hello-world', compared: await inTurns({ ours: webhook, floor: load(file('hello'), {}) }, budget) });
  for (const name of ['inbound-sync', 'booking-sync'] as const) figures.push({ what: `cold start, ${name}`, floorIs: 'google-webhook', compared: await inTurns({ ours: load(file(name), environment(name)), floor: webhook }, budget) });
  return { figures, growth: [] };
}
