// What single deliveries cost: calls to tables and queues, and write units. The connection's pull lease is taken meanwhile, so that nothing
// but webhooks writes.
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { minutes } from '../../lib/platform/clock.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather, type Delivery } from '../support/deliveries.ts';
import { callsOf, engineCalls } from '../support/engine-calls.ts';
import { eventually } from '../support/eventually.ts';
import { inboxRow, settled } from '../support/inbox-rows.ts';
import type { Platform } from '../support/platform.ts';
import { startRun, type Run } from '../support/run.ts';
import type { Report } from './bench.ts';
import { indexUnits, itemSize, writeUnits } from './write-units.ts';

/** Each webhook's own calls, as its processes count them. */
interface OwnCalls {
  tables: number;
  queues: number;
}

const dirtyIndex = { keys: ['dirtyShard', 'dirtySince'], projected: ['connection_id', 'part'] };
/** More than there are slots, so that the row is at its largest. */
const accepted = 60;

export async function measureCosts({ forged, seed, progress }: { forged: number; seed: number; progress: (line: string) => void }): Promise<Report> {
  const run = await startRun({ timers: false, seed });
  try {
    const own = ownCalls(run);
    const reports: Report[] = [];
    for (const provider of ['google', 'microsoft'] as const) {
      const { id, genuine } = await sender(run.platform, provider);
      reports.push(await forgedOnes(run, { provider, genuine, forged, own }), await acceptedOnes(run, { provider, id, genuine, own }));
      progress(`${provider}: ${forged} forged and ${accepted} genuine deliveries`);
    }
    return { tables: merge(reports.flatMap(({ tables }) => tables)), findings: reports.flatMap(({ findings }) => findings) };
  } finally {
    await run.close();
  }
}

interface Sending {
  readonly provider: CalendarProvider;
  readonly genuine: (n: number) => Delivery;
  readonly own: OwnCalls;
}

/** A watched connection whose own notices are silenced, and deliveries in its name. */
async function sender(platform: Platform, provider: CalendarProvider): Promise<{ id: string; genuine: (n: number) => Delivery }> {
  const { connection } = await platform.connect({ provider, providerId: `${provider}-professional` });
  const id = connection.connection_id;
  const simulator = platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
  // Google greets each channel with a notice of its own, which must not be counted among ours.
  if (provider === 'google') await eventually('the greeting is in', async () => ((await (await fetch(`${simulator}/_sim/notices`)).json()) as unknown[]).length > 0);
  await settled(platform, id);
  await weather(simulator, { drop: 1 });
  await holdLease(platform, id);
  if (provider === 'microsoft') {
    const subscription = await subscriptionOf(platform.outputs, connection);
    return { id, genuine: (n) => graphNotice(subscription, n) };
  }
  const channel = await channelOf(platform.outputs, connection);
  return { id, genuine: (n) => googleNotice(channel, 1000 + n) };
}

function ownCalls({ sandbox }: Run): OwnCalls {
  const calls: OwnCalls = { tables: 0, queues: 0 };
  const { endpoints, functions } = sandbox.outputs;
  sandbox.on('invocation', (invocation) => {
    if (invocation.function !== functions['google-webhook'] && invocation.function !== functions['microsoft-webhook']) return;
    calls.tables += invocation.calls?.[new URL(endpoints.dynamodb).host] ?? 0;
    calls.queues += invocation.calls?.[new URL(endpoints.sqs).host] ?? 0;
  });
  return calls;
}

async function forgedOnes({ platform }: Run, { provider, genuine, forged, own }: Sending & { forged: number }): Promise<Report> {
  const counted = engineCalls(platform.outputs);
  const statuses = new Map<number, number>();
  await counted.forget();
  const before = { ...own };
  for (let n = 0; n < forged; n += 1) {
    const { status } = await deliver(platform.outputs, forge(genuine(1_000_000 + n), n));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  const [tables, queues] = [own.tables - before.tables, own.queues - before.queues];
  const writes = callsOf(await counted.tables(), /^(Update|Put|Delete|BatchWrite|Transact)/);
  const sent = callsOf(await counted.queues(), /^SendMessage/);
  const told = [...statuses].map(([status, times]) => `${times} × ${status}`).join(', ');
  return {
    tables: [{ title: 'Forged deliveries', rows: [{ provider, deliveries: forged, answers: told, 'table calls': tables, 'SQS calls': queues }] }],
    findings: [
      { promise: `${provider}: a forged delivery is answered 401`, measured: told, kept: statuses.get(401) === forged },
      { promise: `${provider}: a forged delivery causes no table call and no SQS call`, measured: `${tables} + ${queues}`, kept: tables + queues + writes + sent === 0 },
    ],
  };
}

/** A wrong MAC, an unknown key, another connection's name, no token at all. */
function forge(genuine: Delivery, n: number): Delivery {
  const alter = [(text: string) => flip(text), (text: string) => text.replace('.w1.', '.w9.'), (text: string) => text.replace(/^(v1\.w1\.)./, '$1z'), () => 'x'][n % 4] ?? flip;
  const token = genuine.headers['x-goog-channel-token'];
  if (token !== undefined) return { ...genuine, headers: { ...genuine.headers, 'x-goog-channel-token': alter(token) } };
  return { ...genuine, body: (genuine.body ?? '').replace(/("clientState":")([^"]+)/, (_, name: string, text: string) => name + alter(text)) };
}

const flip = (token: string): string => token.replace(/.(?=.{4}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));

async function acceptedOnes({ platform }: Run, { provider, id, genuine, own }: Sending & { id: string }): Promise<Report> {
  const counted = engineCalls(platform.outputs);
  await clean(platform, id);
  const rows = [];
  const broken = { calls: 0, units: 0, queues: 0, steps: 0 };
  for (let n = 1; n <= accepted; n += 1) {
    // The largest row takes a step to dirty, too.
    if (n === accepted) await clean(platform, id);
    const before = await inboxRow(platform, id);
    await counted.forget();
    const own0 = { ...own };
    const { status } = await deliver(platform.outputs, genuine(n));
    const [updates, sent] = [callsOf(await counted.tables(), /^UpdateItem .*sync-state$/), callsOf(await counted.queues(), /^SendMessage/)];
    const [tables, queues] = [own.tables - own0.tables, own.queues - own0.queues];
    const after = await inboxRow(platform, id);
    const units = { table: writeUnits(before, after), index: indexUnits(before, after, dirtyIndex) };
    const step = before['dirtySince'] === undefined;
    if (status !== 202 || tables !== 1 || updates !== 1) broken.calls += 1;
    if (units.table !== 1) broken.units += 1;
    if (queues > 1 || sent !== queues) broken.queues += 1;
    if (units.index !== (step ? 1 : 0)) broken.steps += 1;
    if (n <= 2 || n >= accepted - 1) rows.push({ provider, delivery: n, row: step ? 'clean → dirty' : 'dirty already', 'bytes before': itemSize(before), 'bytes after': itemSize(after), 'table units': units.table, 'index units': units.index, UpdateItem: updates, 'table calls': tables, 'SQS calls': queues });
  }
  return {
    tables: [{ title: `Accepted deliveries: the first, and those that find every slot taken`, rows }],
    findings: [
      { promise: `${provider}: an accepted delivery makes one table call, an UpdateItem`, measured: `${accepted - broken.calls} of ${accepted}`, kept: broken.calls === 0 },
      { promise: `${provider}: it costs one write unit`, measured: `${accepted - broken.units} of ${accepted}`, kept: broken.units === 0 },
      { promise: `${provider}: and one of the index on the step to dirty alone`, measured: `${accepted - broken.steps} of ${accepted}`, kept: broken.steps === 0 },
      { promise: `${provider}: it sends at most one SQS request`, measured: `${accepted - broken.queues} of ${accepted}`, kept: broken.queues === 0 },
    ],
  };
}

/** As a worker does that reads a calendar of many pages: hints find it busy and go. */
async function holdLease({ dynamo, outputs }: Platform, id: string): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: outputs.tables['sync-state'],
      Key: { connection_id: { S: id }, part: { S: 'pull' } },
      UpdateExpression: 'SET leaseUntil = :later',
      ExpressionAttributeValues: { ':later': { N: String(Date.now() + minutes(10)) } },
    }),
  );
}

/** As after a pull. */
async function clean({ dynamo, outputs }: Platform, id: string): Promise<void> {
  await dynamo.send(new UpdateItemCommand({ TableName: outputs.tables['sync-state'], Key: { connection_id: { S: id }, part: { S: 'inbox' } }, UpdateExpression: 'REMOVE dirtySince, dirtyShard' }));
}

/** Tables of one title become one. */
function merge(tables: Report['tables']): Report['tables'] {
  const titles = [...new Set(tables.map(({ title }) => title))];
  return titles.map((title) => ({ title, rows: tables.filter((table) => table.title === title).flatMap(({ rows }) => rows) }));
}
