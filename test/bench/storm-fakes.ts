// A storm in one process and in virtual time, in weather that no local engine has: indexes that lag, throttles, messages that are doubled,
// come in any order, and come back though they were deleted; answers of the queue that are lost. One notice at a time, so that what is
// measured is our own work and the engine's, in time of the processor: others at work on the machine do not count.
import type { APIGatewayProxyEventV2, SQSRecord } from 'aws-lambda';
import { minutes, seconds, type Random } from '../../lib/platform/clock.ts';
import { toItem } from '../../lib/platform/dynamo.ts';
import { add, hourSlot } from '../faults/acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from '../faults/fault-world.ts';
import { differences } from '../faults/look.ts';
import { aGoogleNotice, aGraphPost } from '../support/notices.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Finding, Report } from './bench.ts';
import { quantile } from './quantiles.ts';
import { Answers, kinds, storm, type Kind, type Sending, type Target } from './storm-mix.ts';
import { indexUnits, writeUnits } from './write-units.ts';

export interface StormOptions {
  readonly connections: number;
  readonly notices: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

type Notice = APIGatewayProxyEventV2;
const dirtyIndex = { keys: ['dirtyShard', 'dirtySince'], projected: ['connection_id', 'part'] };
export const cpuMs = (began: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
};
const ms = (value: number | undefined): string => (value ?? Number.NaN).toFixed(2);

/** `calls`: what the storm asked of tables, queues and calendars, all told. */
export async function measureFakes({ connections, notices, seed, progress }: StormOptions): Promise<Report & { readonly calls: number }> {
  const world = await startFaultWorld(seed);
  const random = seededRandom(seed + 9);
  const queue = new Unordered(world, random);
  try {
    for (let n = 0; n < connections; n += 1) await world.connect(n % 2 === 0 ? 'google' : 'microsoft');
    await queue.rest();
    progress(`in memory: ${connections} connections are read and watched`);
    const measured = new Measured(world);
    foulWeather(world, random);
    const targets = world.people.map((person) => targetOf(world, person));
    let n = 0;
    for await (const sending of storm(targets, { notices, random })) {
      await measured.deliver(sending);
      n += 1;
      if (n % 25 === 0) {
        world.now += seconds(1);
        await queue.work();
      }
    }
    measured.end();
    fairWeather(world);
    await queue.rest();
    const wrong = await differences(world);
    progress(`in memory: ${notices} notices over ${connections} connections, and at rest`);
    return { ...measured.report({ connections, notices, wrong, queue }), calls: measured.calls };
  } finally {
    await world.close();
  }
}

/** Its own watch's notices, as the provider would number and sign them. */
export function targetOf(world: FaultWorld, person: Person): Target<Notice> {
  const [watch] = (world.tables.get('connections', { connection_id: person.id })?.['watches'] ?? []) as { id: string; resource_id?: string }[];
  if (!watch) throw new Error(`${person.id} is not watched.`);
  let changes = 0;
  const notice = (connectionId: string, n: number): Notice =>
    person.provider === 'google'
      ? aGoogleNotice({ connectionId, channelId: watch.id, resourceId: watch.resource_id ?? 'r', messageNumber: 1000 + n })
      : aGraphPost({ connectionId, subscriptionId: watch.id, id: `event-${n}`, etag: `W/"${n}"` });
  const forged = (n: number): Notice => alter(notice(person.id, 5_000_000 + n));
  return { provider: person.provider, genuine: (n) => notice(person.id, n), forged, change: async () => void add(world, { person }, hourSlot(world, (changes += 1))) };
}

/** One letter of the MAC is another. */
function alter(event: Notice): Notice {
  const flip = (token: string): string => token.replace(/.(?=.{4}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
  const token = event.headers['x-goog-channel-token'];
  if (token !== undefined) return { ...event, headers: { ...event.headers, 'x-goog-channel-token': flip(token) } };
  return { ...event, body: (event.body ?? '').replace(/("clientState":")([^"]+)/, (_, name: string, text: string) => name + flip(text)) };
}

function foulWeather(world: FaultWorld, random: Random): void {
  world.tables.weather.indexLag = () => Math.floor(random() * 20_000);
  world.tables.weather.throttled = () => random() < 0.01;
  world.tables.weather.unprocessed = (keys) => (keys > 1 && random() < 0.1 ? 1 : 0);
  world.outside.counting = true;
  world.outside.fate = (_, { what }) => (what.startsWith('SendMessage') && random() < 0.01 ? 'lost' : undefined);
}

function fairWeather(world: FaultWorld): void {
  world.tables.weather.throttled = () => false;
  world.outside.fate = () => undefined;
}

const workers = { inbound: true, booking: true } as const;

/** Standard queues at their worst: any order, some twice, some again after they were deleted under a stale receipt. */
class Unordered {
  doubled = 0;
  stale = 0;
  readonly #world: FaultWorld;
  readonly #random: Random;
  constructor(world: FaultWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Whatever is visible now, once. */
  async work(): Promise<void> {
    const world = this.#world;
    await world.heard();
    world.notices.length = 0;
    const { queues } = world;
    const due = queues.messages.filter(({ queue, visibleAt }) => queue in workers && visibleAt <= world.now);
    queues.messages = queues.messages.filter((message) => message.queue in workers && !due.includes(message));
    const doubles = due.filter(({ receives }) => receives === 0 && this.#random() < 0.1);
    const back = due.filter(({ receives }) => receives === 0 && this.#random() < 0.05);
    queues.messages.push(...back.map((message) => ({ ...message, receives: 1, visibleAt: world.now + seconds(360) })));
    [this.doubled, this.stale] = [this.doubled + doubles.length, this.stale + back.length];
    const order = [...due, ...doubles].map((message) => ({ message, at: this.#random() })).sort((a, b) => a.at - b.at).map(({ message }) => message);
    for (const name of Object.keys(workers) as (keyof typeof workers)[]) {
      const mine = order.filter(({ queue }) => queue === name);
      for (let at = 0; at < mine.length; at += 10) {
        const Records = mine.slice(at, at + 10).map(({ body }, n) => ({ messageId: `m${n}`, body }) as SQSRecord);
        await world.invoke(name, () => world.functions[name]({ Records }, world.now + seconds(55)));
      }
    }
  }

  /** Minute by minute, until no row is dirty and no message waits. */
  async rest(): Promise<void> {
    const world = this.#world;
    for (let minute = 0; minute < 60; minute += 1) {
      for (let step = 0; step < 6; step += 1) {
        await this.work();
        world.now += seconds(10);
      }
      await world.invoke('upkeep', () => world.functions.upkeep());
      const dirty = world.tables.all('sync-state').some((row) => row['dirtySince'] !== undefined || row['dueLate'] !== undefined || Number(row['dueTrailing'] ?? Infinity) < world.now + minutes(5));
      if (!dirty && world.queues.messages.length === 0) return;
    }
    throw new Error('The storm does not come to rest.');
  }
}

class Measured {
  readonly #world: FaultWorld;
  readonly #answers = new Answers();
  readonly #times: Record<Kind, number[]> = { new: [], duplicate: [], replayed: [], forged: [] };
  readonly #units = { webhook: 0, worker: 0 };
  readonly #began: number;
  #inWebhook = false;
  #retries = 0;
  #forgedCalls = 0;
  #peak = 0;
  #last = 0;

  constructor(world: FaultWorld) {
    this.#world = world;
    this.#began = world.outside.points.length;
    world.tables.onWrite = ({ table, before = {}, after = {} }) => {
      const [was, is] = [toItem(before), toItem(after)];
      this.#units[this.#inWebhook ? 'webhook' : 'worker'] += writeUnits(was, is) + (table === 'sync-state' ? indexUnits(was, is, dirtyIndex) : 0);
    };
  }

  /** 503 is sent again, as both providers do. */
  async deliver({ kind, provider, delivery }: Sending<Notice>): Promise<void> {
    const world = this.#world;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const calls = world.outside.points.length;
      this.#inWebhook = true;
      const began = process.cpuUsage();
      const { answer } = await world.invoke('webhook', () => world.functions.webhook[provider](delivery));
      this.#times[kind].push(cpuMs(began));
      this.#inWebhook = false;
      if (kind === 'forged') this.#forgedCalls += world.outside.points.slice(calls).filter(({ what }) => what !== 'GetParameters').length;
      this.#peak = Math.max(this.#peak, process.memoryUsage().heapUsed);
      if (answer?.statusCode !== 503) return this.#answers.add(kind, answer?.statusCode);
      this.#retries += 1;
    }
    this.#answers.add(kind, 503);
  }

  end(): void {
    this.#last = this.#world.outside.points.length;
  }

  get calls(): number {
    return this.#last - this.#began;
  }

  report({ connections, notices, wrong, queue }: { connections: number; notices: number; wrong: readonly string[]; queue: Unordered }): Report {
    const points = this.#world.outside.points.slice(this.#began);
    const calls = (pattern: RegExp): number => points.filter(({ what }) => pattern.test(what)).length;
    const all = kinds.flatMap((kind) => this.#times[kind]);
    const title = `In memory, in foul weather: ${notices} notices over ${connections} connection${connections === 1 ? '' : 's'}`;
    const answers = Object.fromEntries(kinds.map((kind) => [kind, this.#answers.told(kind)]));
    const cost = {
      '503, sent again': this.#retries, 'p50 CPU ms': ms(quantile(all, 0.5)), 'p95 CPU ms': ms(quantile(all, 0.95)), 'p99 CPU ms': ms(quantile(all, 0.99)),
      'webhook units': this.#units.webhook, 'worker units': this.#units.worker, hints: calls(/^SendMessage(Batch)? inbound/), 'provider calls': calls(/^(google|graph) /),
      'calls in all': this.calls, doubled: queue.doubled, 'came back': queue.stale, 'heap MB': Math.round(this.#peak / 2 ** 20),
    };
    const accepted = this.#times.new.length + this.#times.duplicate.length + this.#times.replayed.length;
    const name = `in memory, ${connections}`;
    const findings: Finding[] = [
      { promise: `${name}: every genuine notice is answered 2xx, after a 503 or at once`, measured: `${answers['new']}; ${answers['duplicate']}; ${answers['replayed']}`, kept: this.#answers.only('new', 200, 202) && this.#answers.only('duplicate', 200, 202) && this.#answers.only('replayed', 200, 202) },
      { promise: `${name}: what is forged is 401, and costs no call`, measured: `${answers['forged']}; ${this.#forgedCalls} calls`, kept: this.#answers.only('forged', 401) && this.#forgedCalls === 0 },
      { promise: `${name}: an honest notice costs one unit, one more on the step to dirty`, measured: `${this.#units.webhook} for ${accepted}`, kept: this.#units.webhook <= 2 * accepted },
      { promise: `${name}: nothing lost, nothing doubled, once all is quiet`, measured: wrong.length === 0 ? 'equal to the calendars' : wrong.slice(0, 3).join(' | '), kept: wrong.length === 0 },
    ];
    return { tables: [{ title: `${title}: answers`, rows: [answers] }, { title: `${title}: cost`, rows: [cost] }], findings };
  }
}
