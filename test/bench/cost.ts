// npm run cost -- --connections N --notices-per-day M --bookings-per-day K: dollars, from counted operations and a dated price list.
// With --count the operations are counted anew and kept in counted.json.
import { fixedLines } from './cost-fixed.ts';
import { countAnew, keepCounted, readCounted, readPrices } from './cost-counted.ts';
import { billedMs, logBytesOf, totalOf, waits, type Bill, type Prices } from './cost-bill.ts';
import type { Counting } from './cost-operations.ts';
import { eventsEach } from './cost-operations.ts';
import { fleetBill, pricing, runningOf, type FleetBill } from './cost-report.ts';
import { runBench, wholeNumber, type Finding, type Table } from './bench.ts';

interface Options {
  readonly connections: number;
  readonly noticesPerDay: number;
  readonly bookingsPerDay: number;
  readonly questionsPerDay: number;
  readonly count?: true;
}

const kinds: Readonly<Record<keyof Bill, string>> = { api: 'API requests', invocations: 'Lambda requests', duration: 'Lambda duration', writes: 'write units', reads: 'read units', queues: 'SQS requests', logs: 'logs', out: 'data out', kms: 'KMS' };
const dollars = (value: number, digits = 2): string => `$${value.toFixed(digits)}`;
const tidy = (value: number): number => Number(value.toPrecision(3));

await runBench<Options>({
  name: 'cost',
  description: 'Turns counted operations and a dated price list into dollars for a fleet, with the naive design beside it.',
  limit: 300,
  options: (command) =>
    command
      .option('--connections <n>', 'the fleet', wholeNumber(1, 10_000_000), 10_000)
      .option('--notices-per-day <n>', 'changes by hand in each connection’s calendar', wholeNumber(0, 10_000), 30)
      .option('--bookings-per-day <n>', 'bookings of each connection', wholeNumber(0, 1000), 2)
      .option('--questions-per-day <n>', 'times that its availability is asked for', wholeNumber(0, 100_000), 20)
      .option('--count', 'count the operations anew, and keep the counts in test/bench/counted.json'),
  async measure({ count, ...demand }, progress) {
    if (count) {
      progress('counting every operation, several times for the processor’s time');
      keepCounted(await countAnew(5));
    }
    const [counting, prices] = [readCounted(), readPrices()];
    const fleet = fleetBill(counting, prices, demand);
    const fixed = await fixedLines(prices, pricing(counting, prices)('upkeep: a tick, idle'));
    const fixedDollars = fixed.reduce((sum, line) => sum + line.dollars, 0);
    const month = fleet.perConnectionMonth + fixedDollars / demand.connections;
    return {
      tables: [
        { title: `Operations (half of the fleet at each provider, ${eventsEach} events a calendar; prices of ${prices.dated}, us-east-1, no free tier; assumed waits a call: ${Object.entries(waits).map(([whom, ms]) => `${whom} ${ms} ms`).join(', ')})`, rows: Object.entries(counting.operations).map(([what, counted]) => operation(what, counted, prices)) },
        { title: 'A million notices', rows: notices(fleet) },
        { title: 'A connection in a month, by what it does', rows: fleet.lines.filter(({ times }) => times > 0).map(({ what, times, bill }) => ({ what, times: tidy(times), '$ a million': tidy(totalOf(bill) * 1e6), '$ a month': dollars(totalOf(bill) * times, 6) })) },
        { title: 'A connection in a month, by what is paid for', rows: byKind(fleet) },
        { title: 'Whatever the fleet, in a month', rows: [...fixed.map((line) => ({ ...line, dollars: dollars(line.dollars) })), { what: 'together', count: '', dollars: dollars(fixedDollars) }] },
        totals(fleet, { connections: demand.connections, fixedDollars, month }),
      ],
      findings: aims(fleet, counting, month, demand),
    };
  },
});

function operation(what: string, counted: Counting['operations'][string], prices: Prices): Record<string, string | number> {
  const running = runningOf(what);
  const { writeUnits, readUnits, sqsRequests, providerCalls, bytesIn } = counted;
  const calls = Object.values(counted.calls).reduce((sum, times) => sum + times, 0);
  return { what, calls, 'write units': writeUnits, 'read units': readUnits, SQS: sqsRequests, provider: providerCalls, 'bytes in': bytesIn, 'log bytes': logBytesOf(counted, running), 'billed ms': Math.round(billedMs(counted, running.memoryMb)), '$ a million': tidy(totalOf(pricing({ operations: { [what]: counted }, storedBytes: 0 }, prices)(what)) * 1e6) };
}

function notices({ perMillionNotices: { received, withPull }, naive }: FleetBill): Table['rows'] {
  const lines = (Object.keys(kinds) as (keyof Bill)[]).map((kind) => ({ 'paid for': kinds[kind], 'as far as the queue': dollars(received[kind]), 'with the pull': dollars(withPull[kind]), naive: dollars(naive.perMillionNotices[kind]) }));
  return [...lines, { 'paid for': 'together', 'as far as the queue': dollars(totalOf(received)), 'with the pull': dollars(totalOf(withPull)), naive: dollars(totalOf(naive.perMillionNotices)) }];
}

function byKind({ lines, storage }: FleetBill): Table['rows'] {
  const of = (kind: keyof Bill): number => lines.reduce((sum, { bill, times }) => sum + bill[kind] * times, 0);
  return [...(Object.keys(kinds) as (keyof Bill)[]).filter((kind) => of(kind) > 0).map((kind) => ({ 'paid for': kinds[kind], '$ a month': dollars(of(kind), 6) })), { 'paid for': 'storage and its backups', '$ a month': dollars(storage, 6) }];
}

function totals(fleet: FleetBill, { connections, fixedDollars, month }: { connections: number; fixedDollars: number; month: number }): Table {
  const rows = [
    { what: 'a connection, without what is fixed', ours: dollars(fleet.perConnectionMonth, 4), naive: dollars(fleet.naive.perConnectionMonth, 4) },
    { what: 'a connection, with its share of that', ours: dollars(month, 4), naive: '' },
    { what: 'all', ours: dollars(fleet.perConnectionMonth * connections + fixedDollars), naive: dollars(fleet.naive.perConnectionMonth * connections) },
  ];
  return { title: `${connections.toLocaleString('en-US')} connections in a month`, rows };
}

function aims(fleet: FleetBill, { operations }: Counting, month: number, { noticesPerDay }: Options): Finding[] {
  const accepted = ['google', 'microsoft'].map((provider) => operations[`${provider}: a notice, accepted`]);
  const coalesced = ['google', 'microsoft'].map((provider) => operations[`${provider}: a notice, coalesced`]);
  const received = totalOf(fleet.perMillionNotices.received);
  return [
    { promise: 'an accepted notice is one write and at most one request to a queue', measured: accepted.map((one) => JSON.stringify(one?.calls)).join(' '), kept: accepted.every((one) => one?.calls['UpdateItem sync-state'] === 1 && one.sqsRequests <= 1) },
    { promise: 'a notice to a dirty connection is one write unit, and no message', measured: coalesced.map((one) => `${one?.writeUnits} and ${one?.sqsRequests}`).join(', '), kept: coalesced.every((one) => one?.writeUnits === 1 && one.sqsRequests === 0) },
    { promise: 'a million notices, as far as the queue, cost $3 at most', measured: dollars(received), kept: received <= 3, aim: true },
    { promise: 'a connection costs a cent a month at most at 30 notices a day', measured: `${dollars(month, 4)} at ${noticesPerDay}`, kept: month <= 0.01, aim: true },
  ];
}
