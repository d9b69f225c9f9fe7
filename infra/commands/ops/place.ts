// Where a command acts: on the local run, found by its outputs.json, or on a stage on AWS, under the credentials of this shell.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { settingsPath, tableNames, type QueueName, type TableName } from '../../../lib/platform/names.ts';
import type { Outputs } from '../../local/outputs.ts';
import { physicalName } from '../../physical-name.ts';
import { stageNames, type StageName } from '../../stages.ts';
import { ExitCode, Failure } from './failure.ts';
import { plainCall, signedCall, type CallApi } from './http-call.ts';
import { insightsLines } from './insights-lines.ts';
import { localLines } from './local-lines.ts';
import type { LogSource } from './log-line.ts';

export type AnyQueueName = QueueName | `${QueueName}-dead`;

export interface Place {
  /** As it is told to people. */
  readonly name: string;
  /** Absent: the local run. */
  readonly stage?: StageName;
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  /** Absent: nothing watches metrics here. */
  readonly cloudwatch?: CloudWatchClient;
  /** Absent: nobody keeps log lines here. */
  readonly logs?: LogSource;
  /** Physical names. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly settingsPath: string;
  queueUrl(name: AnyQueueName): Promise<string>;
  /** Where the HTTP API answers; no closing slash. */
  apiUrl(): Promise<string>;
  /** Asks the HTTP API. */
  readonly call: CallApi;
  close(): void;
}

export interface PlaceOptions {
  readonly stage?: string;
  readonly outputs?: string;
}

export const usualOutputs = '.sandbox/outputs.json';

export function openPlace({ stage, outputs = usualOutputs }: PlaceOptions): Place {
  if (stage === undefined) return localPlace(outputs);
  const known = stageNames.find((name) => name === stage);
  if (known === undefined) throw new Failure(`There is no stage ${JSON.stringify(stage)}. Stages: ${stageNames.join(', ')}. Without --stage the local run is meant.`, ExitCode.unreachable);
  return stagePlace(known);
}

const localKeys = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1 };

function localPlace(file: string): Place {
  if (!existsSync(file)) throw new Failure(`No local run tells of itself in ${file}. Start one in another terminal: npm start. Or name a stage on AWS: --stage ${stageNames.join('|')}.`, ExitCode.unreachable);
  const { endpoints, tables, queues, apiUrl, settingsPath: path } = JSON.parse(readFileSync(file, 'utf8')) as Outputs;
  const clients = {
    dynamo: new DynamoDBClient({ ...localKeys, endpoint: endpoints.dynamodb }),
    sqs: new SQSClient({ ...localKeys, endpoint: endpoints.sqs }),
    ssm: new SSMClient({ ...localKeys, endpoint: endpoints.ssm }),
    ...(endpoints.cloudwatch !== undefined && { cloudwatch: new CloudWatchClient({ ...localKeys, endpoint: endpoints.cloudwatch }) }),
  };
  return { name: `the local run (${file})`, ...clients, logs: localLines(join(dirname(file), 'logs')), tables, settingsPath: path, queueUrl: async (name) => queues[name], apiUrl: () => Promise.resolve(apiUrl), call: plainCall(apiUrl), close: closing(clients) };
}

/** Tables and queues go by their names, which the template fixes; only the API's address must be asked for. */
function stagePlace(stage: StageName): Place {
  const clients = { dynamo: new DynamoDBClient(), sqs: new SQSClient(), ssm: new SSMClient(), cloudwatch: new CloudWatchClient() };
  const logs = new CloudWatchLogsClient();
  return {
    name: stage,
    stage,
    ...clients,
    logs: insightsLines(logs, stage),
    tables: Object.fromEntries(tableNames.map((name) => [name, physicalName({ name: stage }, name)])) as Record<TableName, string>,
    settingsPath: settingsPath(stage),
    queueUrl: async (name) => (await clients.sqs.send(new GetQueueUrlCommand({ QueueName: physicalName({ name: stage }, name) }))).QueueUrl ?? '',
    apiUrl: () => apiUrlOf(stage),
    call: async (...request) => signedCall({ apiUrl: await apiUrlOf(stage), credentials: clients.ssm.config.credentials, region: await clients.ssm.config.region() })(...request),
    close: closing({ ...clients, logs }),
  };
}

const closing = (clients: Readonly<Record<string, { destroy(): void }>>) => (): void => {
  for (const client of Object.values(clients)) client.destroy();
};

async function apiUrlOf(stage: StageName): Promise<string> {
  const client = new CloudFormationClient();
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: `calendar-sync-${stage}` }));
    const url = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'ApiUrl')?.OutputValue;
    if (url === undefined) throw new Failure(`The stack calendar-sync-${stage} names no ApiUrl: deploy it.`, ExitCode.unreachable);
    return url;
  } finally {
    client.destroy();
  }
}
