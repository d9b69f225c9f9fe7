// From counts and prices to dollars; pure.
import type { Measured } from './cost-ledger.ts';

interface Price {
  readonly price: number;
}
export interface Prices {
  readonly dated: string;
  readonly perMillion: Readonly<Record<'apiRequests' | 'invocations' | 'gbSeconds' | 'writeUnits' | 'readUnits' | 'sqsRequests' | 'kmsRequests', Price>>;
  readonly perGb: Readonly<Record<'logs' | 'out', Price>>;
  readonly perGbMonth: Readonly<Record<'table' | 'pointInTime' | 'logsKept', Price>>;
  readonly perMonth: Readonly<Record<'alarmMetric' | 'metric' | 'dashboard' | 'idleQueue', Price>>;
}

/** How an operation runs, where counts alone do not say. */
export interface Running {
  readonly memoryMb: number;
  /** It comes over the HTTP API. */
  readonly api?: true;
  readonly kmsRequests?: number;
  /** The platform has lines about failed invocations alone. */
  readonly platformLines?: 'of-failures';
}

/** Dollars of one operation, by what is paid for. */
export type Bill = Readonly<Record<'api' | 'invocations' | 'duration' | 'writes' | 'reads' | 'queues' | 'logs' | 'out' | 'kms', number>>;

/** A function of less memory has that much less of a processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const wholeCpuMb = 1769;
/** Milliseconds that a call is waited for. Ours within AWS; a calendar provider's as `npm run scale` assumes them. */
export const waits = { table: 4, queue: 8, google: 250, graph: 450 } as const;
/** Lines of the platform itself about each invocation, start and report, as JSON. */
const platformLogBytes = 600;
const gb = 1024 ** 3;

/** One call after the other, as nearly all are: the processor's time as counted, and the waits. */
export function billedMs({ cpuMs, calls }: Pick<Measured, 'cpuMs' | 'calls'>, memoryMb: number): number {
  const waited = Object.entries(calls).reduce((sum, [what, times]) => sum + times * waitOf(what), 0);
  return cpuMs * (wholeCpuMb / memoryMb) + waited;
}

const waitOf = (what: string): number => (what.startsWith('google ') ? waits.google : what.startsWith('graph ') ? waits.graph : what.startsWith('SendMessage') ? waits.queue : waits.table);

/** Ours and the platform's. */
export const logBytesOf = ({ logBytes, invocations }: Pick<Measured, 'logBytes' | 'invocations'>, { platformLines }: Running): number => logBytes + (platformLines === 'of-failures' ? 0 : invocations * platformLogBytes);

export function billOf(counted: Measured, running: Running, { perMillion, perGb }: Prices): Bill {
  const { memoryMb, api, kmsRequests = 0 } = running;
  const each = (name: keyof Prices['perMillion'], units: number): number => (units * perMillion[name].price) / 1e6;
  return {
    api: each('apiRequests', api ? 1 : 0),
    invocations: each('invocations', counted.invocations),
    duration: each('gbSeconds', (billedMs(counted, memoryMb) / 1000) * (memoryMb / 1024)),
    writes: each('writeUnits', counted.writeUnits),
    reads: each('readUnits', counted.readUnits),
    queues: each('sqsRequests', counted.sqsRequests),
    logs: (logBytesOf(counted, running) / gb) * perGb.logs.price,
    out: (counted.bytesOut / gb) * perGb.out.price,
    kms: each('kmsRequests', kmsRequests),
  };
}

export const totalOf = (bill: Bill): number => Object.values(bill).reduce((sum, dollars) => sum + dollars, 0);

/** So many times each. */
export function sumOf(bills: readonly { readonly bill: Bill; readonly times: number }[]): Bill {
  const sum = (name: keyof Bill): number => bills.reduce((total, { bill, times }) => total + bill[name] * times, 0);
  return { api: sum('api'), invocations: sum('invocations'), duration: sum('duration'), writes: sum('writes'), reads: sum('reads'), queues: sum('queues'), logs: sum('logs'), out: sum('out'), kms: sum('kms') };
}
