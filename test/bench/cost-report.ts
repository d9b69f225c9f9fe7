// The bill of a fleet: what each operation costs, what a connection costs in a month, line by line, and the naive design beside it.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { stageNamed } from '../../infra/stages.ts';
import { billOf, sumOf, totalOf, type Bill, type Prices, type Running } from './cost-bill.ts';
import type { Counting } from './cost-operations.ts';
import { monthOf, pollsPerDay, type Demand } from './cost-month.ts';

const { functions } = stageNamed('production');
const dueAtOnce = 100;
const gb = 1024 ** 3;

export interface Line {
  readonly what: string;
  /** Of one connection in a month. */
  readonly times: number;
  readonly bill: Bill;
}

export interface FleetBill {
  /** Half of the fleet is at each provider. */
  readonly lines: readonly Line[];
  readonly perConnectionMonth: number;
  /** The notice alone, as far as the queue; and with the pull that it asks for. */
  readonly perMillionNotices: { readonly received: Bill; readonly withPull: Bill };
  readonly naive: { readonly perMillionNotices: Bill; readonly perConnectionMonth: number };
  readonly storage: number;
}

/** How an operation of this name runs. */
export function runningOf(what: string): Running {
  // The naive one would log as any function does.
  if (what.includes('naive')) return { memoryMb: functions['inbound-sync'].memoryMb, api: true };
  if (what.includes('a notice')) return { ...functions['google-webhook'], api: true };
  if (what.includes('a booking')) return { memoryMb: functions['booking-sync'].memoryMb };
  if (what.includes('availability')) return { memoryMb: functions.availability.memoryMb, api: true };
  if (what.includes('upkeep')) return { memoryMb: functions.upkeep.memoryMb };
  return { memoryMb: functions['inbound-sync'].memoryMb };
}

const providers: readonly CalendarProvider[] = ['google', 'microsoft'];

/** Gives what one operation of this name costs. */
export function pricing({ operations }: Counting, prices: Prices): (what: string) => Bill {
  return (what) => {
    const [name, one] = what.endsWith('upkeep: rung for') ? [`upkeep: ringing for ${dueAtOnce} that are due`, dueAtOnce] : what.endsWith('upkeep: counted') ? [`upkeep: the hourly count of ${dueAtOnce + providers.length} connections`, dueAtOnce + providers.length] : [what, 1];
    const counted = operations[name];
    if (!counted) throw new Error(`${name} is not among the counts: npm run cost -- --count.`);
    return sumOf([{ bill: billOf(counted, runningOf(name), prices), times: 1 / one }]);
  };
}

export function fleetBill(counting: Counting, prices: Prices, demand: Demand): FleetBill {
  const price = pricing(counting, prices);
  const of = (provider: CalendarProvider, what: string): Bill => price(what.startsWith('upkeep') ? what : `${provider}: ${what}`);
  const lines = providers.flatMap((provider) => Object.entries(monthOf(provider, demand)).map(([what, times]) => ({ what: `${provider}: ${what}`, times: times / providers.length, bill: of(provider, what) })));
  const { perGbMonth } = prices;
  const storage = (counting.storedBytes / gb) * (perGbMonth.table.price + perGbMonth.pointInTime.price);
  const perConnectionMonth = totalOf(sumOf(lines)) + storage;
  const half = (bills: readonly Bill[]): Bill => sumOf(bills.map((bill) => ({ bill, times: 1e6 / providers.length })));
  const withPull = [...providers.flatMap((provider) => [of(provider, 'a notice, accepted'), of(provider, 'a pull with one change')]), of('microsoft', 'a trailing pull'), of('microsoft', 'upkeep: rung for')];
  const naiveOne = naiveBill(counting, prices);
  const polls = pollsPerDay({ connections: 1, noticesPerDay: 0 });
  return {
    lines, storage, perConnectionMonth,
    perMillionNotices: { received: half(providers.map((provider) => of(provider, 'a notice, accepted'))), withPull: half(withPull) },
    naive: { perMillionNotices: sumOf([{ bill: naiveOne, times: 1e6 }]), perConnectionMonth: totalOf(naiveOne) * 30 * (demand.noticesPerDay + polls) },
  };
}

/** The token is decrypted by KMS each time; an hourly poll does the same work as a notice. */
function naiveBill({ operations }: Counting, prices: Prices): Bill {
  const counted = operations['naive: a notice'];
  if (!counted) throw new Error('The naive design is not among the counts: npm run cost -- --count.');
  return billOf(counted, { memoryMb: functions['inbound-sync'].memoryMb, api: true, kmsRequests: 1 }, prices);
}
