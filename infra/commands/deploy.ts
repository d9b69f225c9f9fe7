// npm run deploy -- --stage staging [--yes] [--restore]: shows what would change, deploys it, and puts back what operators had set.
// Production only with a report of the gate that says GO about this very tree.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { SSMClient } from '@aws-sdk/client-ssm';
import { Command, Option } from 'commander';
import type { OperatorsValues } from '../../lib/operate/operators-values.ts';
import { settingsPath } from '../../lib/platform/names.ts';
import { stageNames, type StageName } from '../stages.ts';
import { deployStage, restore } from './deploy/deploy-stage.ts';
import { gateRefuses } from './deploy/gate-says.ts';
import { treeHash } from './deploy/tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { stage, yes, restore: restoreOnly, report, app } = new Command('npm run deploy --')
  .description('Deploys a stage with the credentials of this shell: the diff first, then a question, then the deployment; afterwards flags and allowlists are as operators had set them.')
  .addOption(new Option('--stage <name>', 'which stage').choices(stageNames).makeOptionMandatory())
  .option('--yes', 'deploy without asking')
  .option('--restore', 'only put back the values that a deployment which was cut short has kept')
  .option('--app <folder>', 'an assembly synthesized before, for this stage (default: synthesizes)')
  .option('--report <file>', 'what the gate wrote; production needs it', 'docs/ops/report.json')
  .addHelpText('after', '\nExit code: 0 deployed and restored; 1 refused, or not wanted; otherwise the CDK’s own.')
  .allowExcessArguments(false)
  .parse()
  .opts<{ stage: StageName; yes?: true; restore?: true; report: string; app?: string }>();

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const file = join(root, '.deploy', `${stage}.json`);
const memory = {
  keep(values: OperatorsValues): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(values));
  },
  kept: (): OperatorsValues | undefined => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as OperatorsValues) : undefined),
  forget: (): void => rmSync(file, { force: true }),
};

async function confirm(question: string): Promise<boolean> {
  if (yes === true) return true;
  if (!process.stdin.isTTY) {
    print('Nobody is here to be asked: say --yes.');
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question(`${question} (yes/no) `);
  asking.close();
  return answer.trim().toLowerCase() === 'yes';
}

const cdk = (...args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules/aws-cdk/bin/cdk'), ...args, ...(app === undefined ? [] : ['--app', app])], { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });

const parts = { stage, path: settingsPath(stage), ssm: new SSMClient(), cdk, confirm, print, memory };
const refused = stage === 'production' && restoreOnly !== true ? gateRefuses(existsSync(report) ? readFileSync(report, 'utf8') : undefined, { tree: treeHash(root), now: Date.now() }) : undefined;
if (refused !== undefined) {
  print(`Production is not deployed: ${refused} Run: npm run ops -- gate`);
  process.exitCode = 1;
} else if (restoreOnly === true) await restore(parts);
else process.exitCode = await deployStage(parts);
