// Lets the world go on until nothing is left to do: messages as they become visible, notices as they come, upkeep at the minutes at which it
// would find something. The clock jumps from one to the next.
import type { SQSRecord } from 'aws-lambda';
import { minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { aPost } from '../support/notices.ts';
import type { Message } from './doors.ts';
import type { FaultWorld, Posted } from './fault-world.ts';

/** A lease, and what the queue waits for before it brings a message back. */
const leaseLength = seconds(60);
const visibility = seconds(360);
const mostReceives = 8;
/** A provider who is let in no more is rung for every minute: three hours of that are no endless loop. */
const mostSteps = 3000;

interface Next {
  readonly at: number;
  readonly run: () => Promise<void>;
}

export interface QuietOptions {
  /** Polls, rolls and renewals of watches count as work too, until then. */
  readonly until?: number;
  /** Called before each step. */
  readonly between?: () => void;
}

/** Throws where it never ends. */
export async function quiet(world: FaultWorld, { until, between = () => undefined }: QuietOptions = {}): Promise<void> {
  for (let step = 0; step < mostSteps; step += 1) {
    await world.heard();
    between();
    const next = nextOf(world, until !== undefined);
    if (!next || (until !== undefined && next.at > until)) {
      if (until !== undefined) world.now = Math.max(world.now, until);
      return;
    }
    world.now = Math.max(world.now, next.at);
    await next.run();
  }
  throw new Error(`The world does not come to rest: ${JSON.stringify(world.queues.messages.slice(0, 3))}`);
}

function nextOf(world: FaultWorld, jobs: boolean): Next | undefined {
  const candidates: Next[] = [
    ...world.queues.messages.filter(({ queue }) => queue === 'inbound' || queue === 'booking').map((message) => ({ at: message.visibleAt, run: () => receive(world, message) })),
    ...world.notices.map((posted) => ({ at: posted.at, run: () => deliver(world, posted) })),
    ...world.afterwards.map((one) => ({ at: one.at, run: () => comeTrue(world, one) })),
  ];
  const ring = ringsAt(world, jobs);
  if (ring !== undefined) candidates.push({ at: Math.ceil((ring + 1) / minutes(1)) * minutes(1), run: () => tickOnce(world) });
  const first = candidates.reduce<Next | undefined>((early, one) => (early === undefined || one.at < early.at ? one : early), undefined);
  const lying = candidates.filter(({ at }) => first !== undefined && at <= Math.max(first.at, world.now));
  return lying.length > 1 ? (lying[world.queues.weather.first(lying.length, lying.findIndex((one) => one === first))] ?? first) : first;
}

async function comeTrue(world: FaultWorld, one: FaultWorld['afterwards'][number]): Promise<void> {
  world.afterwards.splice(world.afterwards.indexOf(one), 1);
  await one.effect();
}

export async function tickOnce(world: FaultWorld): Promise<void> {
  await world.invoke('upkeep', () => world.functions.upkeep());
  world.now += 1;
}

/** When upkeep would next find something to ring for. */
function ringsAt(world: FaultWorld, jobs: boolean): number | undefined {
  if (world.settings.get(Setting.syncEnabled) !== 'true') return undefined;
  const times: number[] = [];
  const withJobs = jobs && world.settings.get(Setting.jobsEnabled) === 'true';
  const rows = world.tables.all('sync-state');
  const pulls = new Map(rows.filter(({ part }) => part === 'pull').map((row) => [row['connection_id'], row]));
  const notBefore = (id: unknown): number => Math.max(Number(pulls.get(id)?.['leaseUntil'] ?? 0), Number(pulls.get(id)?.['backoffUntil'] ?? 0));
  for (const row of rows) {
    if (row['dirtySince'] !== undefined) times.push(Math.max(Number(row['dirtySince']) + seconds(10), notBefore(row['connection_id'])));
    if (row['dueAt'] !== undefined && (withJobs || String(row['dueShard']).startsWith('sync') || String(row['dueShard']).startsWith('any'))) times.push(Math.max(Number(row['dueAt']), row['part'] === 'pull' ? notBefore(row['connection_id']) : 0));
    const sweep = (row['gates'] as { sweep?: { startsAt: number; done: number } } | undefined)?.sweep;
    if (sweep) times.push(Math.max(world.now, sweep.startsAt + sweep.done * seconds(20)));
    if (row['part'] === 'state' && seenDiffers(world, row)) times.push(world.now);
  }
  for (const row of world.tables.all('booking-events')) {
    if (row['pendingSince'] !== undefined) times.push(Math.max(Number(row['pendingSince']) + seconds(10), Number(row['retryAt'] ?? 0)));
  }
  return times.length === 0 ? undefined : Math.max(world.now, Math.min(...times));
}

/** A gate has been turned since upkeep last looked. */
function seenDiffers({ settings }: FaultWorld, row: Record<string, unknown>): boolean {
  const seen = (row['gates'] as { seen?: Record<string, unknown> } | undefined)?.seen;
  const now = { sync: settings.get(Setting.syncEnabled) === 'true', webhook: settings.get(Setting.webhookEnabled) === 'true', providers: settings.get(Setting.providerAllowlist), connections: settings.get(Setting.connectionAllowlist) };
  return seen !== undefined && Object.entries(now).some(([name, value]) => seen[name] !== value);
}

/** A batch. What fails or dies comes back after its time-out, as often as the queue allows. */
export async function receive(world: FaultWorld, message: Message): Promise<void> {
  const { queues, functions, now } = world;
  const others = queues.messages.filter((one) => one !== message && one.queue === message.queue && one.visibleAt <= now);
  const batch = [message, ...others].slice(0, queues.weather.together()).filter((one) => !diesOf(world, one));
  if (batch.length === 0) return;
  const worker = message.queue === 'inbound' ? functions.inbound : functions.booking;
  const { process, answer } = await world.invoke(message.queue, () => worker({ Records: batch.map(recordOf) }, now + leaseLength));
  if (process.dead || answer === undefined) return;
  const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const one of batch) if (!failed.has(one.id) && !queues.weather.doubled()) queues.remove(one);
}

/** Taken in hand once more; or set aside, where that was too often. */
function diesOf(world: FaultWorld, message: Message): boolean {
  message.receives += 1;
  message.visibleAt = world.now + visibility;
  if (message.receives <= mostReceives) return false;
  world.queues.remove(message);
  world.queues.dead.push(message);
  world.violations.push(`a message went to the dead letters: ${message.body}`);
  return true;
}

/** As an event source mapping hands it over. */
function recordOf({ id, body, attributes }: Message): SQSRecord {
  const told = Object.entries(attributes).map(([name, { DataType = 'String', StringValue }]) => [name, { dataType: DataType, stringValue: StringValue }]);
  return { messageId: id, body, messageAttributes: Object.fromEntries(told) } as SQSRecord;
}

/** Google sends again after 5xx alone, Graph after anything but a success. */
export async function deliver(world: FaultWorld, posted: Posted): Promise<void> {
  world.notices.splice(world.notices.indexOf(posted), 1);
  const { provider, headers, body } = posted;
  const { process, answer } = await world.invoke('webhook', () => world.functions.webhook[provider](aPost(provider, { headers, body })));
  const status = process.dead || answer === undefined ? 500 : (answer.statusCode ?? 500);
  const again = status >= 500 || (provider === 'microsoft' && status >= 400);
  if (again && posted.attempts < 8) world.notices.push({ ...posted, attempts: posted.attempts + 1, at: world.now + seconds(2) * 2 ** posted.attempts });
}
