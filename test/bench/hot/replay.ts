// The floor of what runs in the world of faults: the very calls that ours made, made again bare, on the same tables as they were before.
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseJson } from '../../../lib/calendars/json.ts';
import { toItem } from '../../../lib/platform/dynamo.ts';
import type { TableName } from '../../../lib/platform/names.ts';
import type { FaultWorld } from '../../faults/fault-world.ts';
import type { Written } from '../../support/memory-tables.ts';
import { cpuOf, inTurns, type Budget, type Compared } from './turns.ts';

const keysOf: Readonly<Record<TableName, readonly string[]>> = { connections: ['connection_id'], 'sync-state': ['connection_id', 'part'], 'busy-intervals': ['provider_id', 'row'], 'booking-events': ['booking_id', 'part'] };

/** Runs it once to record its calls, then ours and the calls alone in turns, each on the tables, queues and clock of before. */
export async function againstItsCalls(world: FaultWorld, work: () => Promise<unknown>, budget: Budget): Promise<Compared & { readonly calls: number }> {
  const { calls, stop } = record(world);
  const back = undoing(world);
  await work();
  stop();
  await back();
  const timed = (run: () => Promise<unknown>) => async (): Promise<number> => {
    const ms = await cpuOf(run);
    await back();
    return ms;
  };
  const bare = async (): Promise<void> => {
    for (const call of calls) await call();
  };
  const compared = await inTurns({ ours: timed(work), floor: timed(bare) }, budget);
  world.tables.onWrite = undefined;
  return { ...compared, calls: calls.length };
}

function record(world: FaultWorld): { calls: (() => Promise<unknown>)[]; stop: () => void } {
  const calls: (() => Promise<unknown>)[] = [];
  const { dynamo } = world.tables;
  const send = dynamo.send.bind(dynamo) as (command: unknown) => Promise<unknown>;
  const fetched = globalThis.fetch;
  const push = world.queues.push.bind(world.queues);
  Object.assign(dynamo, { send: (command: unknown) => (calls.push(() => send(command)), send(command)) });
  globalThis.fetch = (input, init) => {
    // Whoever pages must read an answer to know of the next.
    calls.push(async () => parseJson(await (await fetched(input, withoutSignal(init))).text()));
    return fetched(input, init);
  };
  world.queues.push = (...message) => {
    calls.push(() => Promise.resolve(push(...message)));
    push(...message);
  };
  return {
    calls,
    stop() {
      Object.assign(dynamo, { send });
      globalThis.fetch = fetched;
      world.queues.push = push;
    },
  };
}

const withoutSignal = ({ signal: _signal, ...init }: RequestInit = {}): RequestInit => init;

/** Takes back all writes since the last time, the newest first. */
function undoing(world: FaultWorld): () => Promise<void> {
  const { tables, queues } = world;
  const written: Written[] = [];
  let recording = true;
  const [messages, now] = [[...queues.messages], world.now];
  tables.onWrite = (one) => void (recording && written.push(one));
  return async () => {
    recording = false;
    for (const { table, before, after } of written.reverse()) {
      if (before) tables.put(table, before);
      else if (after) await (tables.dynamo as DynamoDBClient).send(new DeleteItemCommand({ TableName: tables.named[table], Key: toItem(Object.fromEntries(keysOf[table].map((name) => [name, after[name]]))) }));
    }
    written.length = 0;
    queues.messages = [...messages];
    world.now = now;
    world.notices.length = 0;
    recording = true;
  };
}
