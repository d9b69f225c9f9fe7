// Whether anything secret was written down in clear: asked of every local run and of every world within a process when it closes.
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { tableNames, type TableName } from '../../lib/platform/names.ts';
import type { Sandbox } from '../../infra/local/sandbox.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import type { Platform } from './platform.ts';

/** Something that was written: log lines, table items, messages. */
export interface Place {
  readonly where: string;
  readonly lines: readonly string[];
}

/** Shorter ones could stand anywhere by chance. */
const shortest = 16;
/** The reporter adds up what lies in this file: one search a line. */
export const searchesFile = 'SEARCHES_FILE';

/** Where secrets stand in clear, as part of a URL, or in base64; told by place, never by the secret. */
export function secretsIn(secrets: Iterable<string>, places: readonly Place[]): string[] {
  const known = longEnough(secrets);
  return places.flatMap(({ where, lines }) => {
    const text = lines.join('\n');
    return known.filter((secret) => [...formsOf(secret)].some((form) => text.includes(form))).map((secret) => `${where} (${secret.slice(0, 4)}…, ${secret.length} characters)`);
  });
}

/** Counts the search for the report, and throws where anything was found. */
export function searchForSecrets(secrets: readonly string[], places: readonly Place[]): void {
  const found = secretsIn(secrets, places);
  const into = process.env[searchesFile];
  const lines = places.reduce((sum, place) => sum + place.lines.length, 0);
  if (into !== undefined) appendFileSync(into, `${JSON.stringify({ secrets: longEnough(secrets).map(nameOf), lines, found: found.length })}\n`);
  if (found.length > 0) throw new Error(`Secrets were written in clear: ${found.join(', ')}.`);
}

/** Tells secrets apart and gives none away. */
const nameOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url').slice(0, 10);
const longEnough = (secrets: Iterable<string>): string[] => [...new Set(secrets)].filter((secret) => secret.length >= shortest);
const formsOf = (secret: string): Set<string> => new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64').replace(/=+$/, '')]);

/** Tokens, codes, client secrets and verifiers that were sent to a simulator, and the tokens of watches. */
export function secretsSent(requests: readonly LoggedRequest[]): string[] {
  return requests.flatMap(({ query, body, headers }) => {
    if (!sentPattern.test(query) && !sentPattern.test(body)) return [];
    const type = headers['content-type'] ?? '';
    const forms = [new URLSearchParams(query), new URLSearchParams(type.startsWith('application/x-www-form-urlencoded') ? body : '')];
    const told = type.startsWith('application/json') && /"(token|clientState)"/.test(body) ? (JSON.parse(body) as Record<string, unknown>) : {};
    const values = [...forms.flatMap((form) => sentNames.map((name) => form.get(name))), told['token'], told['clientState']];
    return values.filter((value) => typeof value === 'string');
  });
}
const sentPattern = /(code_verifier|client_secret|refresh_token|code|state|token|nonce|clientState)(=|":)/;
const sentNames = ['code_verifier', 'client_secret', 'refresh_token', 'code', 'state', 'token', 'nonce'];

interface SmallSource {
  /** Simulators. */
  readonly of: readonly { issued(): readonly string[]; readonly requests: readonly LoggedRequest[] }[];
  readonly tables: { all(table: TableName): object[] | Promise<object[]> };
  /** What else was written: log lines, messages. */
  readonly also: Readonly<Record<string, readonly unknown[]>>;
}

/** The same of a world within this process. */
export async function searchWorld({ of, tables, also }: SmallSource): Promise<void> {
  const written = { ...also };
  for (const name of tableNames) written[`table ${name}`] = await tables.all(name);
  const places = Object.entries(written).map(([where, lines]) => ({ where, lines: lines.map((line) => JSON.stringify(line, plain)) }));
  searchForSecrets(of.flatMap((simulator) => [...simulator.issued(), ...secretsSent(simulator.requests)]), places);
}

const plain = (_key: string, value: unknown): unknown => (value instanceof Set ? [...(value as Set<unknown>)] : value);

/** Every log line, table item and message on a queue of a local run; messages are in flight after that. */
export async function writtenBy({ folder }: Pick<Sandbox, 'folder'>, { dynamo, sqs, outputs }: Platform): Promise<Place[]> {
  const logs = join(folder, 'logs');
  const places: Place[] = readdirSync(logs).map((name) => ({ where: `log ${name}`, lines: readFileSync(join(logs, name), 'utf8').trimEnd().split('\n') }));
  for (const [name, TableName] of Object.entries(outputs.tables)) {
    const lines: string[] = [];
    for (let from: Record<string, never> | undefined, first = true; first || from; first = false) {
      const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey: from }));
      lines.push(...Items.map((item) => JSON.stringify(item)));
      from = LastEvaluatedKey as Record<string, never> | undefined;
    }
    places.push({ where: `table ${name}`, lines });
  }
  for (const [name, QueueUrl] of Object.entries(outputs.queues)) {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }));
    const lines: string[] = [];
    // One at a time, with a wait: the local engine gives several only once the wait is over.
    for (let left = Number(Attributes['ApproximateNumberOfMessages'] ?? 0); left > 0; left -= 1) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] }));
      lines.push(...Messages.map((message) => JSON.stringify(message)));
    }
    places.push({ where: `queue ${name}`, lines });
  }
  return places;
}

/** All that the simulators of a local run gave out and were sent, and what the platform itself keeps secret. */
export async function secretsOf({ outputs, secrets }: Pick<Platform, 'outputs' | 'secrets'>): Promise<string[]> {
  const all = [...secrets];
  for (const root of [outputs.simulators.google, outputs.simulators.graph].filter((url) => url !== '')) {
    all.push(...((await (await fetch(`${root}/_sim/issued`)).json()) as string[]));
    all.push(...secretsSent((await (await fetch(`${root}/_sim/requests`)).json()) as LoggedRequest[]));
  }
  return all;
}
