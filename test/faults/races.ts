// Workers at the same time: interleaved call by call, or one of them asleep in a call until long after its lease has ended.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { minutes } from '../../lib/platform/clock.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { add, hourSlot, move, publish, remove } from './acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from './fault-world.ts';
import { differences, watchEveryWrite } from './look.ts';
import type { Process } from './outside.ts';
import { quiet } from './quiet.ts';
import { settled } from './scenarios.ts';

export type Turn = (process: Process, what: string) => Promise<void>;
type Invoked = Promise<{ readonly process: Process; readonly answer?: SQSBatchResponse }>;

/** All messages that lie on the queues now, each as a worker of its own; and `again` more for each of them. */
export function allAtOnce(world: FaultWorld, again: number): Promise<unknown> {
  const taken = world.queues.messages.splice(0);
  return Promise.all(taken.flatMap(({ id, queue, body }) => Array.from({ length: again + 1 }, (_, n) => work(world, queue, { id: `${id}-${n}`, body }))));
}

function work(world: FaultWorld, queue: string, { id, body }: { id: string; body: string }): Invoked {
  const event = { Records: [{ messageId: id, body } as SQSRecord] };
  return world.invoke(`${queue} ${id}`, () => (queue === 'inbound' ? world.functions.inbound : world.functions.booking)(event, world.now + minutes(1)));
}

/** A busy calendar with a booking, and more of everything to do. Its hints and messages lie on the queues. */
export async function muchToDo(world: FaultWorld, ada: Person): Promise<void> {
  const [moved, gone] = [add(world, { person: ada }, hourSlot(world, 2)), add(world, { person: ada }, hourSlot(world, 3))];
  publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
  await quiet(world);
  watchEveryWrite(world, { zombies: true });
  move(world, { person: ada }, moved, hourSlot(world, 5));
  remove(world, { person: ada }, gone);
  publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 21) });
  publish(world, { id: 'b1', version: 3, providerId: ada.providerId, span: hourSlot(world, 22) });
  publish(world, { id: 'b2', version: 1, providerId: ada.providerId, span: hourSlot(world, 23) });
  publish(world, { id: 'b2', version: 2, providerId: ada.providerId, span: hourSlot(world, 23), cancelled: true });
  await world.heard();
  for (const posted of world.notices.splice(0)) await world.invoke('webhook', () => world.functions.webhook[posted.provider](asPost(posted)));
  world.queues.push('inbound', JSON.stringify({ v: 1, hint: 'pull', connection_id: ada.id }));
}

const asPost = ({ provider, headers, body }: FaultWorld['notices'][number]) => ({ rawPath: `/webhooks/${provider}`, rawQueryString: '', headers, body, isBase64Encoded: false }) as never;

/** Two or three workers for everything, in an order that `turn` chooses; then all goes on as usual. */
export async function race(provider: CalendarProvider, { again, seed, during }: { again: number; seed: number; during: (world: FaultWorld, started: () => Promise<unknown>) => Promise<void> }): Promise<string[]> {
  const world = await startFaultWorld(seed);
  try {
    await muchToDo(world, await settled(world, provider));
    await during(world, () => allAtOnce(world, again));
    world.outside.turn = () => Promise.resolve();
    await quiet(world);
    return await differences(world);
  } finally {
    await world.close();
  }
}

export interface Slept {
  /** The call; undefined where the worker has fewer. */
  readonly slept: string | undefined;
  /** What the sleeper wrote when it woke, though it was true no more, could be read for a while. */
  readonly anew: boolean;
  readonly violations: string[];
}

/**
 * The n-th call of one worker sleeps until others, after its lease ended, have done it all and more; then it wakes. With `forgotten` the
 * others must list everything anew, so that what is gone leaves no tombstone that a late write would meet.
 */
export async function zombie(provider: CalendarProvider, queue: 'inbound' | 'booking', { at, forgotten = false }: { at: number; forgotten?: boolean }): Promise<Slept> {
  const world = await startFaultWorld(7);
  try {
    const ada = await settled(world, provider);
    const doomed = hourSlot(world, 24);
    await muchToDo(world, ada);
    const gone = add(world, { person: ada }, doomed);
    const message = world.queues.messages.find((one) => one.queue === queue);
    if (!message) throw new Error(`Nothing lies on the queue ${queue}.`);
    world.queues.remove(message);
    const { sleeps, slept, wake } = sleepIn(world, at);
    const dozing = work(world, queue, { id: 'zombie', body: message.body });
    await Promise.race([dozing, sleeps]);
    let anew = false;
    if (slept() !== undefined) {
      world.now += minutes(2);
      remove(world, { person: ada }, gone);
      if (forgotten) world.google.expireSyncTokens();
      if (forgotten) world.microsoft.expireDeltaTokens();
      add(world, { person: ada }, hourSlot(world, 30));
      publish(world, { id: 'b1', version: 4, providerId: ada.providerId, span: hourSlot(world, 31) });
      world.queues.messages.push({ ...message, visibleAt: world.now });
      await quiet(world, { until: world.now + minutes(1) });
      wake();
      await dozing;
      anew = world.tables.all('busy-intervals').some(({ start }) => start === new Date(doomed.start).toISOString());
    }
    await quiet(world);
    return { slept: slept(), anew, violations: await differences(world) };
  } finally {
    await world.close();
  }
}

/** Another process has settings of its own, and would not wait for these. */
function sleepIn(world: FaultWorld, at: number) {
  let [calls, slept]: [number, string | undefined] = [0, undefined];
  const [asleep, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.outside.turn = (process, what) => {
    if (what === 'GetParameters' || !process.name.endsWith('zombie') || (calls += 1) !== at) return Promise.resolve();
    slept = what;
    asleep.resolve();
    return woken.promise;
  };
  return { sleeps: asleep.promise, slept: () => slept, wake: () => woken.resolve() };
}
