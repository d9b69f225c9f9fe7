// What answers over HTTP, as the functions are, against the same commands sent bare by the same SDK: webhooks and availability.
import { DynamoDBClient, GetItemCommand, QueryCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { createHmac } from 'node:crypto';
import { theOneWrite } from '../../../lib/ingest/inbox.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { healthEnd, healthRow, healthStart } from '../../../lib/platform/busy-keys.ts';
import { Env, Index, Setting, settingsPath, type FunctionName } from '../../../lib/platform/names.ts';
import { functionEnvironments } from '../../support/function-environments.ts';
import { aGoogleNotice, googleToken, keyRing } from '../../support/notices.ts';
import { awsBeside, type AwsBeside } from './aws-beside.ts';
import { cpuOf, inTurns, wallOf, type Budget, type Figure, type Growth, type Hot, type Run } from './turns.ts';

type Handler = (event: unknown, context: Context) => Promise<{ statusCode: number; body?: string }>;
const context = { awsRequestId: 'r', functionName: 'f', getRemainingTimeInMillis: () => 30_000 } as unknown as Context;
const each = 20;

/** The functions as they are, with the template's environment; their lines go nowhere. */
async function functionsOn({ url, hold }: AwsBeside): Promise<(name: FunctionName) => Promise<Handler>> {
  const environments = await functionEnvironments({ aws: url });
  const path = settingsPath('staging');
  const values = { [Setting.webhookEnabled]: 'true', [Setting.connectionAllowlist]: '*', [Setting.syncEnabled]: 'true', [Setting.providerAllowlist]: '*', [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document }) };
  await hold({ parameters: Object.entries(values).map(([name, value]) => [path + name, value]) });
  return async (name) => {
    Object.assign(process.env, { ...environments.get(name), POWERTOOLS_DEV: 'false' });
    return ((await import(`../../../functions/${name}.ts`)) as { handler: Handler }).handler;
  };
}

/** Nothing of what is written to stdout meanwhile is kept. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = (() => true) as typeof process.stdout.write;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

/** Milliseconds of one, of so many in a row. */
const many = (one: () => Promise<unknown>, by: typeof wallOf): Run => async () => (await by(async () => {
  for (let n = 0; n < each; n += 1) await one();
})) / each;

function clients({ url }: AwsBeside): { dynamo: DynamoDBClient; sqs: SQSClient } {
  const access = { endpoint: url, region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  return { dynamo: new DynamoDBClient(access), sqs: new SQSClient(access) };
}

export async function webhooks(budget: Budget): Promise<Hot> {
  const aws = await awsBeside();
  try {
    const handler = await (await functionsOn(aws))('google-webhook');
    const { dynamo, sqs } = clients(aws);
    const table = aws.named['sync-state'];
    const queue = process.env[Env.inboundQueueUrl] ?? '';
    // Each accepted notice, ours or the floor's, meets a connection of its own that is clean.
    const count = 4 * each * (budget.rounds + 2);
    const ids = Array.from({ length: count }, (_, n) => `c-${n}`);
    await aws.hold({ rows: [...ids, 'dirty', 'floor', 'dirty-floor'].map((id) => ['sync-state', { connection_id: id, part: 'inbox', v: 1, generation: 1, ...(!id.startsWith('c-') && { dirtySince: Date.now() + days(1), dirtyShard: '1' }) }]) });
    let next = 0;
    let number = 1;
    const fresh = (): string => ids[(next += 1) % count] ?? '';
    const post = (connectionId: string, messageNumber: number, token?: string) => handler(aGoogleNotice({ connectionId, messageNumber, ...(token !== undefined && { token }) }), context);
    const write = (connectionId: string, key: string) => dynamo.send(new UpdateItemCommand({ TableName: table, Key: { connection_id: { S: connectionId }, part: { S: 'inbox' } }, ReturnValues: 'UPDATED_OLD', ...theOneWrite({ connectionId, dedupes: [{ slot: 1, key }], neverDuplicate: false, watchDue: false }, Date.now()) }));
    const ring = (id: string) => sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify({ v: 1, hint: 'pull', connection_id: id, watch: { id: 'channel-1', resource_id: 'resource-1' } }), MessageGroupId: id }));
    const expect = async (status: number, told: Promise<{ statusCode: number }>): Promise<void> => {
      const { statusCode } = await told;
      if (statusCode !== status) throw new Error(`A notice was answered ${statusCode}, not ${status}.`);
    };
    await write('floor', 'same');
    const forgedToken = googleToken('dirty', 'channel-1').replace(/.(?=.{4}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    const contests: readonly (readonly [string, string, () => Promise<unknown>, () => Promise<unknown>])[] = [
      ['accepted', 'UpdateItem, SendMessage', () => expect(202, post(fresh(), 1)), async () => { const id = fresh(); await write(id, `k${id}`.slice(0, 11)); await ring(id); }],
      ['coalesced', 'UpdateItem', () => expect(202, post('dirty', (number += 1))), () => write('dirty-floor', `k${(number += 1)}`)],
      ['duplicate', 'UpdateItem refused, GetItem', () => expect(200, post('dirty', number)), async () => { await write('floor', 'same').catch(() => undefined); await dynamo.send(new GetItemCommand({ TableName: table, Key: { connection_id: { S: 'floor' }, part: { S: 'inbox' } }, ConsistentRead: true })); }],
      ['forged', 'one HMAC', () => expect(401, post('dirty', 1, forgedToken)), () => Promise.resolve(createHmac('sha256', 'secret').update(forgedToken).digest())],
    ];
    const figures: Figure[] = [];
    for (const [what, floorIs, ours, floor] of contests) {
      // What the last ones left in the slot must be the handler's own, so that it is a duplicate.
      if (what === 'duplicate') await quietly(() => post('dirty', number));
      figures.push({ what: `webhook, ${what}`, floorIs, compared: await quietly(() => inTurns({ ours: many(ours, wallOf), floor: many(floor, wallOf) }, budget)) });
      figures.push({ what: `webhook, ${what}, processor alone`, floorIs, compared: await quietly(() => inTurns({ ours: many(ours, cpuOf), floor: many(floor, cpuOf) }, budget)) });
    }
    return { figures, growth: [] };
  } finally {
    aws.end();
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** One question over four weeks, of which so much is busy, against the bare query with all of its pages. */
export async function availability(sizes: readonly (readonly [connections: number, intervals: number])[], budget: Budget): Promise<Hot> {
  const aws = await awsBeside();
  try {
    const handler = await (await functionsOn(aws))('availability');
    const { dynamo } = clients(aws);
    const figures: Figure[] = [];
    const points: (readonly [number, number])[] = [];
    for (const [connections, intervals] of sizes) {
      const provider = `p-${connections}-${intervals}`;
      const from = Math.ceil(Date.now() / hours(1)) * hours(1);
      await aws.hold({ rows: rowsOf(provider, { connections, intervals, from }) });
      const to = from + days(28);
      const query = new URLSearchParams({ from: iso(from), to: iso(to) }).toString();
      const ask = () => handler({ rawQueryString: query, pathParameters: { provider_id: provider }, requestContext: { http: { method: 'GET' } } }, context);
      const { body = '{}' } = await quietly(ask);
      if ((JSON.parse(body) as { busy: unknown[] }).busy.length === 0) throw new Error('Nothing is busy.');
      const one = (work: () => Promise<unknown>): Run => () => wallOf(work);
      const compared = await quietly(() => inTurns({ ours: one(ask), floor: one(() => bareQuery(dynamo, { table: aws.named['busy-intervals'], provider, from, to })) }, budget));
      figures.push({ what: `availability, ${connections} × ${intervals.toLocaleString('en-US')} intervals`, floorIs: 'one Query, its pages unread', compared });
      points.push([connections * intervals, compared.ours]);
    }
    const growth: Growth = { what: 'availability', by: 'intervals within the span', unit: 'ms', points };
    return { figures, growth: [growth] };
  } finally {
    aws.end();
  }
}

async function bareQuery(dynamo: DynamoDBClient, { table, provider, from, to }: { table: string; provider: string; from: number; to: number }): Promise<void> {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(new QueryCommand({
      TableName: table, IndexName: Index.busyByStart, ConsistentRead: true, KeyConditionExpression: 'provider_id = :provider AND #start < :to', FilterExpression: '#end > :from',
      ExpressionAttributeNames: { '#start': 'start', '#end': 'end' }, ExpressionAttributeValues: { ':provider': { S: provider }, ':to': { S: iso(to) }, ':from': { S: iso(from) } }, ...(start && { ExclusiveStartKey: start }),
    }));
    start = page.LastEvaluatedKey;
  } while (start);
}

function rowsOf(provider: string, { connections, intervals, from }: { connections: number; intervals: number; from: number }): (readonly ['busy-intervals', Record<string, unknown>])[] {
  const step = days(28) / intervals;
  return Array.from({ length: connections }, (_, c) => `c-${c}`).flatMap((id) => [
    ['busy-intervals', { provider_id: provider, row: healthRow(id), start: healthStart, end: healthEnd, v: 1, connection_id: id, calendar_provider: 'google', state: 'active', blocks: true, last_read: Date.now(), window_from: from - days(1), window_to: from + days(180), fence: 1 }] as const,
    ...Array.from({ length: intervals }, (_, n) => ['busy-intervals', { provider_id: provider, row: `${id}#calendarkey00000000000#${String(n).padStart(22, '0')}`, start: iso(from + n * step), end: iso(from + n * step + Math.min(step / 2, minutes(30))), calendar_provider: 'google', external_event_id: `event-${n}`, v: 1, fence: 1 }] as const),
  ]);
}
