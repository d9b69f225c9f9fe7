// npm run reseal -- [--dry-run] [--stage staging]: seals every connection's tokens anew under the newest key of TOKEN_KEYS, so that an older key
// can be dropped. On a local run by its outputs.json; with --stage on AWS, under the caller's own credentials.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import { Setting, settingsPath } from '../../lib/platform/names.ts';
import { physicalName } from '../physical-name.ts';
import { stageNamed } from '../stages.ts';
import type { Outputs } from '../local/outputs.ts';
import { resealAll } from './reseal-all.ts';

interface Arguments {
  readonly dryRun?: true;
  readonly stage?: string;
  readonly outputs: string;
  readonly perSecond: number;
}

interface Place {
  readonly dynamo: DynamoDBClient;
  readonly ssm: SSMClient;
  readonly table: string;
  readonly path: string;
}

const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

function placeOf({ stage, outputs }: Arguments): Place {
  if (stage !== undefined) {
    const known = stageNamed(stage);
    return { dynamo: new DynamoDBClient(), ssm: new SSMClient(), table: physicalName(known, 'connections'), path: settingsPath(known.name) };
  }
  const { endpoints, tables, settingsPath: path } = JSON.parse(readFileSync(outputs, 'utf8')) as Outputs;
  return { dynamo: new DynamoDBClient({ ...local, endpoint: endpoints.dynamodb }), ssm: new SSMClient({ ...local, endpoint: endpoints.ssm }), table: tables.connections, path };
}

function perSecond(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('It is a whole number from 1 to 1000.');
  return value;
}

const given = new Command('npm run reseal --')
  .description("Seals every connection's tokens anew under the newest key of TOKEN_KEYS that is ten minutes old.")
  .option('--dry-run', 'count, and change nothing')
  .option('--stage <name>', 'a stage on AWS, with the credentials of this shell (default: the local run)')
  .option('--outputs <file>', 'of the local run', '.sandbox/outputs.json')
  .option('--per-second <n>', 'items read a second, at most', perSecond, 50)
  .parse()
  .opts<Arguments>();

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const { dynamo, ssm, table, path } = placeOf(given);
const { Parameter } = await ssm.send(new GetParameterCommand({ Name: path + Setting.tokenKeys, WithDecryption: true }));
const counts = await resealAll({
  dynamo,
  table,
  ring: parseKeyRing(JSON.parse(Parameter?.Value ?? '')),
  dryRun: given.dryRun === true,
  perSecond: given.perSecond,
  clock: Date.now,
  wait: (ms) => wait(ms),
  progress: ({ seen, resealed, current, unknown }) => print(`${seen} connections seen: ${resealed} ${given.dryRun === true ? 'to be sealed anew' : 'sealed anew'}, ${current} under the newest key already, ${unknown} under a key that the ring lacks`),
});
if (counts.left > 0) print(`${counts.left} changed while they were being sealed; whoever changed them sealed them under a key of the same ring. Run it again to be sure.`);
process.exitCode = counts.unknown > 0 || counts.left > 0 ? 1 : 0;
