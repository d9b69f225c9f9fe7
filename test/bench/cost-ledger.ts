// What an operation asks of everybody who is paid, counted at the one door of the fault world: calls and units of tables, requests to
// queues, calls to calendar providers and their bytes, bytes of logs.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { telemetry } from '../../functions/parts/telemetry.ts';
import type { FaultWorld } from '../faults/fault-world.ts';
import { meterTables } from './cost-units.ts';

export interface Counted {
  /** Invocations of functions. */
  readonly invocations: number;
  /** Calls to tables, queues, calendars and token endpoints, by what they are; reads of parameters are free, and shared for half a minute. */
  readonly calls: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Sends, and of each batch of messages the receive and the delete. */
  readonly sqsRequests: number;
  /** To Google or Graph, to token endpoints included. */
  readonly providerCalls: number;
  /** Bodies from and to them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of our own lines: figures and log. */
  readonly logBytes: number;
}

/** A count, and the processor's time that the work took in the counting process, its stand-ins included. */
export interface Measured extends Counted {
  readonly cpuMs: number;
}

export type Item = Readonly<Record<string, AttributeValue>>;

export interface Ledger {
  /** Everything that the work causes. `batches`: invocations by a queue, for each of which Lambda receives once and deletes once. */
  count(work: () => Promise<unknown>, invoked: { readonly invocations: number; readonly batches?: number }): Promise<Measured>;
  close(): void;
}

export async function openLedger(world: FaultWorld): Promise<Ledger> {
  const units = await meterTables(world.tables);
  const bytes = { in: 0, out: 0 };
  const door = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await door(input, init);
    bytes.in += (await answer.clone().arrayBuffer()).byteLength;
    bytes.out += Buffer.byteLength(typeof init?.body === 'string' ? init.body : '');
    return answer;
  };
  world.outside.counting = true;
  return {
    async count(work, { invocations, batches = 0 }) {
      const { points } = world.outside;
      const { lines, moments } = world.functions;
      points.length = lines.length = moments.length = 0;
      Object.assign(bytes, { in: 0, out: 0 });
      units.reset();
      const began = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(began);
      const calls = countBy(points.map(({ what }) => what).filter((what) => what !== 'GetParameters'));
      const sent = sum(calls, /^SendMessage/);
      return {
        invocations, calls, writeUnits: units.write, readUnits: units.read,
        sqsRequests: sent + 2 * batches,
        providerCalls: sum(calls, /^(google|graph) /),
        bytesIn: bytes.in, bytesOut: bytes.out,
        logBytes: bytesOfLines(world),
        cpuMs: (user + system) / 1000,
      };
    },
    close: () => void (globalThis.fetch = door),
  };
}

const countBy = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};
export const sum = (calls: Readonly<Record<string, number>>, pattern: RegExp): number => Object.entries(calls).reduce((total, [name, times]) => (pattern.test(name) ? total + times : total), 0);

/** The lines as they are printed. */
function bytesOfLines({ functions: { lines, moments } }: FaultWorld): number {
  const before = { ...process.env };
  Object.assign(process.env, { STAGE: 'production', POWERTOOLS_SERVICE_NAME: 'inbound-sync', POWERTOOLS_DEV: 'false' });
  const write = { out: process.stdout.write, err: process.stderr.write };
  let bytes = 0;
  const counting = ((chunk: string | Uint8Array) => ((bytes += Buffer.byteLength(chunk)), true)) as typeof process.stdout.write;
  try {
    process.stdout.write = process.stderr.write = counting;
    const { measure, log } = telemetry();
    for (const moment of moments) measure(...moment);
    for (const { message, fields } of lines) log.info(message, fields);
  } finally {
    process.stdout.write = write.out;
    process.stderr.write = write.err;
    process.env = before;
  }
  return bytes;
}
