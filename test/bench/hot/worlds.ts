// What the workers do, each against its own calls made bare: a notice until it is visible, deltas, lists, bookings, a tick.
import type { SQSRecord } from 'aws-lambda';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { dueShard } from '../../../lib/platform/shard.ts';
import { hourSlot, publish } from '../../faults/acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from '../../faults/fault-world.ts';
import { quiet } from '../../faults/quiet.ts';
import { targetOf } from '../storm-fakes.ts';
import { againstItsCalls } from './replay.ts';
import type { Budget, Figure, Growth, Hot } from './turns.ts';

const floorIs = 'the same calls, bare';
const record = (body: string): SQSRecord => ({ messageId: 'm', body }) as SQSRecord;
const pullOf = (world: FaultWorld, id: string) => () => world.invoke('bench', () => world.functions.inbound({ Records: [record(JSON.stringify({ v: 1, hint: 'pull', connection_id: id }))] }, world.now + seconds(55)));

async function inWorld<T>(work: (world: FaultWorld) => Promise<T>): Promise<T> {
  const world = await startFaultWorld(7);
  try {
    world.set(Setting.jobsEnabled, 'true');
    return await work(world);
  } finally {
    await world.close();
  }
}

async function personWith(world: FaultWorld, events: number): Promise<Person> {
  const person = await world.connect('google');
  // Half hours of their own, within the window.
  for (let n = 0; n < events; n += 1) person.calendars[0]?.hands.add({ start: world.now + minutes(20 * n), end: world.now + minutes(20 * n + 10) });
  await quiet(world);
  return person;
}

/** Its own row says that this is due, or marked. */
function amend(world: FaultWorld, { id }: Person, part: 'pull' | 'inbox', change: Record<string, unknown>): void {
  world.tables.put('sync-state', { ...world.tables.get('sync-state', { connection_id: id, part }), ...change });
}

/** From a notice's arrival until its change stands in the rows that readers see. */
export const noticeToVisible = (budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, 50);
    const target = targetOf(world, person);
    await target.change();
    const pull = pullOf(world, person.id);
    const work = async (): Promise<void> => {
      await world.functions.webhook.google(target.genuine(1));
      await pull();
    };
    return { what: 'notice → visible', floorIs, compared: await againstItsCalls(world, work, budget) };
  });

export const bookingToEvent = (budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, 50);
    const body = publish(world, { id: 'b-1', version: 1, providerId: person.providerId, span: hourSlot(world, 40), cancelled: false });
    world.queues.messages = [];
    let n = 0;
    // Another booking each time: the calendar keeps what was put into it.
    const work = (): Promise<unknown> => world.invoke('bench', () => world.functions.booking({ Records: [record(body.replaceAll('b-1', `b-${(n += 1)}`))] }, world.now + seconds(55)));
    return { what: 'booking → event', floorIs, compared: await againstItsCalls(world, work, budget) };
  });

/** A delta of so many changes. */
const delta = (changes: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, 50);
    for (let n = 0; n < changes; n += 1) person.calendars[0]?.hands.add(hourSlot(world, 100 + n));
    await world.heard();
    amend(world, person, 'inbox', { dirtySince: world.now, dirtyShard: '0' });
    return { what: `inbound delta, ${changes} ${changes === 1 ? 'change' : 'changes'}`, floorIs, compared: await againstItsCalls(world, pullOf(world, person.id), budget) };
  });

/** A complete list of so many events, of which nothing has changed. */
const relist = (events: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, events);
    amend(world, person, 'pull', { dueRoll: world.now - 1, dueAt: world.now - 1 });
    return { what: `re-list, ${events.toLocaleString('en-US')} events`, floorIs: 'paging and reading rows, bare', compared: await againstItsCalls(world, pullOf(world, person.id), budget) };
  });

/** The first list of so many: every row is written. */
const firstList = (events: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, 0);
    for (let n = 0; n < events; n += 1) person.calendars[0]?.hands.add({ start: world.now + minutes(20 * n), end: world.now + minutes(20 * n + 10) });
    await world.heard();
    amend(world, person, 'pull', { dueRoll: world.now - 1, dueAt: world.now - 1 });
    return { what: `first list, ${events.toLocaleString('en-US')} events`, floorIs: 'paging and writing rows, bare', compared: await againstItsCalls(world, pullOf(world, person.id), budget) };
  });

export async function deltas(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures: Figure[] = [];
  for (const size of sizes) figures.push(await delta(size, budget));
  return { figures, growth: [growthOf('inbound delta', 'changes', sizes, figures)] };
}

export async function lists(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const [again, first]: Figure[][] = [[], []];
  for (const size of sizes) again?.push(await relist(size, budget));
  for (const size of sizes.slice(0, 2)) first?.push(await firstList(size, budget));
  return { figures: [...(again ?? []), ...(first ?? [])], growth: [growthOf('re-list', 'events', sizes, again ?? [])] };
}

export const growthOf = (what: string, by: string, sizes: readonly number[], figures: readonly Figure[]): Growth => ({ what, by, unit: 'ms', points: figures.map(({ compared }, index) => [sizes[index] ?? 0, compared.ours] as const) });

/** A tick over a fleet of which one in a hundred is due. */
export async function ticks(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures: Figure[] = [];
  const calls: (readonly [number, number])[] = [];
  for (const size of sizes) {
    const { figure, made } = await inWorld((world) => tickOver(world, size, budget));
    figures.push(figure);
    calls.push([size / 100, made]);
  }
  return { figures, growth: [{ what: 'upkeep tick, 1 % due', by: 'due connections', unit: 'calls', points: calls }] };
}

async function tickOver(world: FaultWorld, size: number, budget: Budget): Promise<{ figure: Figure; made: number }> {
  await world.invoke('upkeep', () => world.functions.upkeep());
  for (let n = 0; n < size; n += 1) {
    const id = `connection-${n}`;
    const dueAt = n % 100 === 0 ? world.now - 1 : world.now + minutes(10) + n;
    world.tables.put('sync-state', { connection_id: id, part: 'pull', v: 1, provider_id: `p-${n}`, fence: 1, duePoll: dueAt, dueAt, dueShard: dueShard('jobs', id) });
  }
  const compared = await againstItsCalls(world, () => world.invoke('upkeep', () => world.functions.upkeep()), budget);
  return { figure: { what: `upkeep tick, ${size.toLocaleString('en-US')} connections, 1 % due`, floorIs, compared }, made: compared.calls };
}
