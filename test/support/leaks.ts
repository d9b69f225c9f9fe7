// Whatever a local run has written down anywhere, as one text; and every secret that the simulators and the platform know of it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { Sandbox } from '../../infra/local/sandbox.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import type { Platform } from './platform.ts';

/** Every log line, table item and message that lies on a queue. Messages are left where they are. */
export async function everythingWritten(sandbox: Sandbox, { dynamo, sqs, outputs }: Platform): Promise<string> {
  const folder = join(sandbox.folder, 'logs');
  const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  for (const table of Object.values(outputs.tables)) {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
    if (LastEvaluatedKey) throw new Error(`${table} has more than one page: this looks at the first only.`);
    written.push(JSON.stringify(Items));
  }
  for (const queue of Object.values(outputs.queues)) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageAttributeNames: ['All'] }));
    written.push(JSON.stringify(Messages));
  }
  return written.join('\n');
}

/** Tokens and codes that the simulators gave out; verifiers, client secrets and states that were sent to them. */
export async function secretsOf({ outputs }: Pick<Platform, 'outputs'>): Promise<Set<string>> {
  const secrets = new Set<string>();
  for (const root of [outputs.simulators.google, outputs.simulators.graph]) {
    for (const issued of (await (await fetch(`${root}/_sim/issued`)).json()) as string[]) secrets.add(issued);
    for (const { query, body, headers } of (await (await fetch(`${root}/_sim/requests`)).json()) as LoggedRequest[]) {
      for (const sent of [new URLSearchParams(query), new URLSearchParams(headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? body : '')]) {
        for (const name of ['code_verifier', 'client_secret', 'refresh_token', 'code', 'state', 'token', 'nonce']) {
          const value = sent.get(name);
          if (value) secrets.add(value);
        }
      }
    }
  }
  return secrets;
}
