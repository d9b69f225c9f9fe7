// What answers over HTTP, as the functions are, against the same commands sent bare by the same SDK: here availability, and what webhook.ts takes from it.
import { QueryCommand, type DynamoDBClient, type AttributeValue, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { busyQuery } from '../../../lib/availability/read-provider.ts';
import { dynamoClient, steady } from '../../../lib/platform/clients.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { healthEnd, healthRow, healthStart } from '../../../lib/platform/busy-keys.ts';
import { Setting, settingsPath, type FunctionName } from '../../../lib/platform/names.ts';
import { functionEnvironments } from '../../support/function-environments.ts';
import { keyRing } from '../../support/notices.ts';
import { awsBeside, type AwsBeside } from './aws-beside.ts';
import { cpuOf, inTurns, wallOf, type Budget, type Figure, type Growth, type Hot, type Run } from './turns.ts';

type Handler = (event: unknown, context: Context) => Promise<{ statusCode: number; body?: string }>;
const context = { awsRequestId: 'r', functionName: 'f', getRemainingTimeInMillis: () => 30_000 } as unknown as Context;

/** The parameters stand, and this process has the environment that the template gives the function. */
export async function prepared({ url, hold }: AwsBeside, name: FunctionName): Promise<void> {
  const environments = await functionEnvironments({ aws: url });
  const path = settingsPath('staging');
  const values = { [Setting.webhookEnabled]: 'true', [Setting.connectionAllowlist]: '*', [Setting.syncEnabled]: 'true', [Setting.providerAllowlist]: '*', [Setting.webhookKeys]: JSON.stringify({ keys: keyRing.document }) };
  await hold({ parameters: Object.entries(values).map(([name, value]) => [path + name, value]) });
  Object.assign(process.env, { ...environments.get(name), POWERTOOLS_DEV: 'false' });
}

/** Nothing of what is written to stdout meanwhile is kept. */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = (() => true) as typeof process.stdout.write;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

/** Milliseconds of one, of so many in a row. */
const many = (one: () => Promise<unknown>, by: typeof wallOf, times: number): Run => async () => (await by(async () => {
  for (let n = 0; n < times; n += 1) await one();
})) / times;

const iso = (ms: number): string => new Date(ms).toISOString();

/** One question over four weeks, of which so much is busy, against the bare query with all of its pages. */
export async function availability(sizes: readonly (readonly [connections: number, intervals: number])[], budget: Budget): Promise<Hot> {
  const aws = await awsBeside();
  try {
    await prepared(aws, 'availability');
    const { handler } = (await import('../../../functions/availability.ts')) as unknown as { handler: Handler };
    const dynamo = dynamoClient(steady);
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
      const bare = () => bareQuery(dynamo, busyQuery(aws.named['busy-intervals'], provider, { start: from, end: to }));
      const times = Math.min(20, Math.ceil(50_000 / (connections * intervals)));
      const turns = (by: typeof wallOf) => quietly(() => inTurns({ ours: many(ask, by, times), floor: many(bare, by, times) }, budget));
      const compared = await turns(wallOf);
      const [what, floorIs] = [`availability, ${connections} × ${intervals.toLocaleString('en-US')} intervals`, 'the same Query by the same client, its pages unread'];
      figures.push({ what, floorIs, compared }, { what: `${what}, processor alone`, floorIs, compared: await turns(cpuOf) });
      points.push([connections * intervals, compared.ours]);
    }
    const growth: Growth = { what: 'availability', by: 'intervals within the span', unit: 'ms', points };
    return { figures, growth: [growth] };
  } finally {
    aws.end();
  }
}

async function bareQuery(dynamo: DynamoDBClient, query: QueryCommandInput): Promise<void> {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(new QueryCommand({ ...query, ...(start && { ExclusiveStartKey: start }) }));
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
