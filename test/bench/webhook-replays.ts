// Deliveries that come again, in any order and among new ones: which are known, which were displaced by newer ones, and that none is lost.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours, type Random } from '../../lib/platform/clock.ts';
import { eachConcurrently } from '../../lib/platform/concurrently.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather, type Delivery } from '../support/deliveries.ts';
import { eventually, WaitedInVain } from '../support/eventually.ts';
import { settled } from '../support/inbox-rows.ts';
import type { Connected, Platform } from '../support/platform.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Run } from '../support/run.ts';
import type { Finding, Report } from './bench.ts';

export interface ReplayOptions {
  readonly replays: number;
  readonly atOnce: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

interface Scenario {
  readonly name: string;
  readonly provider: CalendarProvider;
  /** The nth delivery, n from 0. */
  readonly deliveries: (platform: Platform, connected: Connected, random: Random) => Promise<(n: number) => Delivery>;
  /** Nothing may be displaced. */
  readonly exact?: true;
}

const slots = 40;
/** Changes that are told among the replays. */
const late = 10;

const scenarios: readonly Scenario[] = [
  {
    name: 'Google, one channel, consecutive numbers',
    provider: 'google',
    exact: true,
    deliveries: async (platform, { connection }) => {
      const channel = await channelOf(platform.outputs, connection);
      return (n) => googleNotice(channel, 2 + n);
    },
  },
  {
    name: 'Google, one channel, numbers with gaps',
    provider: 'google',
    deliveries: async (platform, { connection }, random) => {
      const channel = await channelOf(platform.outputs, connection);
      const numbers = Array.from({ length: slots + late }).reduce<number[]>((before) => [...before, (before.at(-1) ?? 1) + 1 + Math.floor(random() * 20)], []);
      return (n) => googleNotice(channel, numbers[n] ?? 0);
    },
  },
  {
    name: 'Google, three channels',
    provider: 'google',
    deliveries: async (platform, { connection }) => {
      const first = await channelOf(platform.outputs, connection);
      const others = ['second', 'third'].map((id) => ({ ...first, id, token: platform.watchToken('google', connection.connection_id, id) }));
      const channels = [first, ...others];
      return (n) => googleNotice(channels[n % channels.length] ?? first, 2 + Math.floor(n / channels.length));
    },
  },
  {
    name: 'Graph, one subscription',
    provider: 'microsoft',
    deliveries: async (platform, { connection }) => {
      const subscription = await subscriptionOf(platform.outputs, connection);
      return (n) => graphNotice(subscription, n);
    },
  },
];

export async function measureReplays({ platform }: Run, options: ReplayOptions): Promise<Report> {
  for (const simulator of [platform.outputs.simulators.google, platform.outputs.simulators.graph]) await weather(simulator, { drop: 1 });
  const reports: Report[] = [];
  for (const scenario of scenarios) {
    reports.push(await replay(platform, scenario, options));
    options.progress(`${scenario.name}: ${slots} deliveries, ${options.replays} replays`);
  }
  return { tables: [{ title: `Deliveries again, in the order of seed ${options.seed}`, rows: reports.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows)) }], findings: reports.flatMap(({ findings }) => findings) };
}

async function replay(platform: Platform, scenario: Scenario, { replays, atOnce, seed }: ReplayOptions): Promise<Report> {
  const random = seededRandom(seed);
  const providerId = scenario.name.replaceAll(/\W+/g, '-');
  const connected = await platform.connect({ provider: scenario.provider, providerId });
  await settled(platform, connected.connection.connection_id);
  const delivery = await scenario.deliveries(platform, connected, random);
  const counts = { first: 0, duplicates: 0, displaced: 0, other: 0 };

  // Each change is told by one delivery alone: were it lost, nothing else would bring the change.
  const change = async (n: number): Promise<void> => {
    await connected.person.add(`Change ${n}`, spanOf(n));
    const answer = await deliver(platform.outputs, delivery(n));
    if (answer.status === 202) counts.first += 1;
  };
  for (let n = 0; n < slots; n += 1) await change(n);
  let changed = slots;
  await eachConcurrently(shuffled(replays, random), atOnce, async (turn) => {
    if (scenario.exact !== true && turn % Math.ceil(replays / late) === 0 && changed < slots + late) await change((changed += 1) - 1);
    const { status, reason } = await deliver(platform.outputs, delivery(turn % slots));
    if (status === 200 && reason === 'duplicate') counts.duplicates += 1;
    else if (status === 202) counts.displaced += 1;
    else counts.other += 1;
  });
  await settled(platform, connected.connection.connection_id);
  const seen = await seenAtLast(platform, providerId, changed);
  const row = { scenario: scenario.name, changes: changed, 'accepted at first': counts.first, replays, duplicates: counts.duplicates, displaced: counts.displaced, 'other answers': counts.other, 'changes seen': seen };
  return { tables: [{ title: '', rows: [row] }], findings: findingsOf(scenario, { ...counts, changed, seen, replays }) };
}

function findingsOf({ name, exact }: Scenario, { first, duplicates, displaced, other, changed, seen, replays }: Record<'first' | 'duplicates' | 'displaced' | 'other' | 'changed' | 'seen' | 'replays', number>): Finding[] {
  const told = { promise: `${name}: every replay is a duplicate, or displaced and accepted again`, measured: `${duplicates} + ${displaced} of ${replays}`, kept: other === 0 && duplicates + displaced === replays };
  return [
    exact === true ? { promise: `${name}: every replay is a duplicate`, measured: `${duplicates} of ${replays}`, kept: duplicates === replays } : told,
    { promise: `${name}: no change is lost`, measured: `${first} accepted, ${seen} seen, of ${changed}`, kept: first === changed && seen === changed },
  ];
}

const origin = Math.ceil(Date.now() / hours(1)) * hours(1) + days(1);
const spanOf = (n: number) => ({ start: origin + hours(n), end: origin + hours(n) + hours(0.5) });
const shown = async (platform: Platform, providerId: string, changes: number): Promise<number> => (await platform.busy(providerId, origin, origin + hours(changes))).busy.length;

/** How many changes are seen once nothing is marked any more; a pull that is under way gets a moment. */
async function seenAtLast(platform: Platform, providerId: string, changes: number): Promise<number> {
  try {
    await eventually('every change is seen', async () => (await shown(platform, providerId, changes)) === changes, { withinMs: 5000 });
    return changes;
  } catch (error) {
    if (error instanceof WaitedInVain) return shown(platform, providerId, changes);
    throw error;
  }
}

/** 0 to n − 1 in an order of chance. */
function shuffled(n: number, random: Random): number[] {
  return Array.from({ length: n }, (_, turn) => ({ turn, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ turn }) => turn);
}
