// Ten thousand connections of which some are due, and what one tick of upkeep then costs.
import { BatchWriteItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { days, minutes, seconds } from '../../lib/platform/clock.ts';
import type { InboundHint } from '../../lib/platform/messages.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { settingsFrom } from '../../lib/platform/settings.ts';
import { dueShard } from '../../lib/platform/shard.ts';
import { tick } from '../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../lib/upkeep/upkeep-state.ts';
import { writeUnits } from '../bench/write-units.ts';
import { toItem } from '../../lib/platform/dynamo.ts';
import type { Tables } from './tables.ts';
import { correlations, quietLog } from './traces.ts';

export interface DueTick {
  readonly connections: number;
  readonly due: number;
  readonly hints: number;
  /** Requests to the tables by command, and to the queues. */
  readonly calls: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  /** Of eventually and strongly consistent reads, by the rows read: a key row of an index is far below 1 KB. */
  readonly readUnits: number;
  readonly ms: number;
}

const now = Date.parse('2026-03-02T09:00:00Z');

/** Fills the table: all connections have their rows, the first `due` of them are due by a minute. */
export async function fillFleet({ dynamo, named }: Tables, { connections, due }: { connections: number; due: number }): Promise<void> {
  const rows = Array.from({ length: connections }, (_, n) => {
    const id = `connection-${String(n).padStart(25, '0')}`;
    const dueAt = n < due ? now - minutes(1) : now + minutes(1) + n;
    return toItem({ connection_id: id, part: 'pull', v: 1, fence: now - days(1), duePoll: dueAt, dueRoll: now + days(3), dueWatch: now + days(4), dueAt, dueShard: dueShard('jobs', id), delivered: 'abcd'.repeat(40), provenAt: now - days(1) });
  });
  const batches = Array.from({ length: Math.ceil(rows.length / 25) }, (_, n) => rows.slice(n * 25, n * 25 + 25));
  for (const batch of batches) await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [named['sync-state']]: batch.map((Item) => ({ PutRequest: { Item } })) } }));
}

/** One tick with everything open; not the first, which would count the fleet. */
export async function measureTick(tables: Tables, { connections, due }: { connections: number; due: number }): Promise<DueTick> {
  const { dynamo, named, calls } = tables;
  const values = new Map<SettingName, string>([[Setting.syncEnabled, 'true'], [Setting.jobsEnabled, 'true'], [Setting.webhookEnabled, 'true'], [Setting.providerAllowlist, '*'], [Setting.connectionAllowlist, '*']]);
  const states = upkeepStates(dynamo, named['sync-state']);
  await states.save({ walks: {}, countedAt: now - seconds(60), connections, unproven: 0, gates: { seen: { sync: true, webhook: true, providers: '*', connections: '*' } } });
  const rung: InboundHint[] = [];
  let queueCalls = 0;
  const queue = <H>(sent: H[]) => ({ send: () => Promise.resolve(), sendAll: (hints: readonly H[]) => { queueCalls += Math.ceil(hints.length / 10); sent.push(...hints); return Promise.resolve(); } });
  calls.length = 0;
  const began = performance.now();
  // Time stands still for the tick, so that its end is where the work ends and not where its 50 s do.
  await tick({
    dynamo, states, clock: () => now, settings: { read: () => Promise.resolve(settingsFrom(values)) },
    tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] },
    inbound: queue(rung), booking: queue([]), provider: queue([]), measure: () => undefined, log: quietLog, newCorrelation: correlations(),
  });
  const ms = performance.now() - began;
  const byCommand: Record<string, number> = {};
  for (const { command } of calls) byCommand[command] = (byCommand[command] ?? 0) + 1;
  const puts = calls.filter(({ command }) => command === 'PutItem' || command === 'UpdateItem');
  const batched = calls.filter(({ command }) => command === 'BatchGetItem').length * 100;
  return {
    connections, due, hints: rung.length, ms,
    calls: { ...byCommand, SendMessageBatch: queueCalls },
    writeUnits: puts.reduce((sum, { input }) => sum + writeUnits({}, (input['Item'] ?? {}) as Record<string, AttributeValue>), 0),
    readUnits: Math.ceil((byCommand['Query'] ?? 0) * 0.5 + (due / 100) * 1.5) + Math.min(batched, due) + (byCommand['GetItem'] ?? 0),
  };
}
