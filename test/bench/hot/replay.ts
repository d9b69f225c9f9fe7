// The floor of what runs in the world of faults: the very calls that ours made, made again bare, on the same tables as they were before.
import { parseJson } from '../../../lib/calendars/json.ts';
import type { FaultWorld } from '../../faults/fault-world.ts';
import { takingBack } from './taken-back.ts';
import { cpuOf, inTurns, type Budget, type Compared } from './turns.ts';

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

/** All as it was: tables, queues and clock. */
function undoing(world: FaultWorld): () => Promise<void> {
  const { tables, queues } = world;
  const takeBack = takingBack(tables);
  const [messages, now] = [[...queues.messages], world.now];
  return async () => {
    await takeBack();
    queues.messages = [...messages];
    world.now = now;
    world.notices.length = 0;
  };
}
