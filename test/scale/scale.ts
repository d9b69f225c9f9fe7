// npm run scale -- [--connections 1000000] [--set name=value …]: a day of a large fleet, simulated: what gives way first as it grows, what a fleet
// of that size needs, and how it fares with that.
import { runBench, wholeNumber, type Report, type Table } from '../bench/bench.ts';
import { readCounted, readPrices } from '../bench/cost-counted.ts';
import { fleetBill } from '../bench/cost-report.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { usualFleet } from './day.ts';
import { knobs, shipped, type Limits, type Load } from './limits.ts';
import { simulate, type Outcome } from './simulate.ts';
import { demandOf, roomFor, unlimited } from './room.ts';

interface Options {
  readonly connections: number;
  readonly seed: number;
}

const sizes = [10_000, 30_000, 100_000, 300_000];
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const tidy = (value: number): number => Number(value.toPrecision(3));

function growth({ count, outcome: { loads, staleness, unseen } }: { count: number; outcome: Outcome }): Record<string, string | number> {
  const [one, two, three] = loads;
  return { connections: whole(count), first: said(one), second: said(two), third: said(three), 'p50 s': tidy(staleness.p50), 'p99 s': tidy(staleness.p99), unseen };
}

/** By the counts and prices of `npm run cost`, without bookings and questions. */
function costOf(connections: number): Table {
  const { perConnectionMonth } = fleetBill(readCounted(), readPrices(), { connections, noticesPerDay: usualFleet.changesPerDay, bookingsPerDay: 0, questionsPerDay: 0 });
  return { title: 'What such a fleet costs in a month, in dollars', rows: [{ 'a connection': perConnectionMonth.toFixed(4), all: whole(perConnectionMonth * connections) }] };
}

const first = (loads: readonly Load[]): string => loads[0]?.limit ?? 'nothing';
const said = (load: Load | undefined): string => (load === undefined ? '' : `${load.limit} ${tidy(load.peak * 100)} %`);

function needs(demand: Limits, room: Limits): Table {
  const names = Object.keys(shipped) as (keyof Limits)[];
  const rows = names.filter((name) => name !== 'batchSize').map((name) => ({ limit: name, shipped: whole(shipped[name]), 'at the worst moment': whole(demand[name]), needed: room[name] === shipped[name] ? 'as shipped' : whole(room[name]), knob: knobs[name] }));
  return { title: 'What the day asks for, and where that is turned', rows };
}

await runBench<Options>({
  name: 'scale',
  description: 'Simulates a day of a fleet: changes, notices, marks, pulls, polls, a storm at nine, under the quotas of AWS and Google and the numbers of production.',
  limit: 1800,
  options: (command) =>
    command
      .option('--connections <n>', 'the fleet', wholeNumber(1000, 2_000_000), usualFleet.connections)
      .option('--seed <n>', 'the same seed gives the same day', wholeNumber(0, 2 ** 31), 1),
  async measure({ connections, seed }, progress): Promise<Report> {
    const live = (count: number, limits: Limits, what: string): Promise<Outcome> => {
      progress(`${what}: ${whole(count)} connections`);
      const said = (hour: number): void => (hour % 6 === 5 ? progress(`  ${hour + 1} hours lived`) : undefined);
      return Promise.resolve(simulate({ fleet: { ...usualFleet, connections: count }, limits, random: seededRandom(seed), progress: said }));
    };
    const grown: { count: number; outcome: Outcome }[] = [];
    for (const count of [...sizes.filter((size) => size < connections), connections]) grown.push({ count, outcome: await live(count, shipped, 'as shipped') });
    const wide = unlimited(connections);
    const demand = demandOf(await live(connections, wide, 'without limits'), wide);
    const room = roomFor(demand, shipped);
    const roomy = await live(connections, room, 'with what it needs');
    const givesWay = grown.find(({ outcome }) => (outcome.loads[0]?.peak ?? 0) >= 1);
    return {
      tables: [
        { title: 'As shipped: the three most loaded limits (share of it used at the worst moment), and how late changes were seen', rows: grown.map(growth) },
        needs(demand, room),
        { title: `${whole(connections)} connections with what they need: by the hour`, rows: roomy.hours.map(({ hour, notices, pulls, backlog, p50, p99 }) => ({ hour, notices, pulls, backlog, 'p50 s': tidy(p50), 'p99 s': tidy(p99) })) },
        { title: 'Counted over that day', rows: Object.entries(roomy.counts).map(([what, count]) => ({ what, count: whole(count), 'per connection': tidy(count / connections) })) },
        costOf(connections),
      ],
      findings: [
        { promise: 'some limit gives way as shipped, and is named', measured: givesWay === undefined ? 'none' : `${first(givesWay.outcome.loads)} at ${whole(givesWay.count)} connections`, kept: connections < 300_000 || givesWay !== undefined },
        { promise: 'with the room that the demand asks for nothing is held up at the end of the day', measured: `${roomy.unseen} connections with something unseen`, kept: roomy.unseen < connections / 500 },
        { promise: 'and 99 % of the changes are seen within 30 s, the storm included', measured: `p50 ${tidy(roomy.staleness.p50)} s, p99 ${tidy(roomy.staleness.p99)} s, 99.9 % ${tidy(roomy.staleness.p999)} s`, kept: roomy.staleness.p99 < 30 },
      ],
    };
  },
});
