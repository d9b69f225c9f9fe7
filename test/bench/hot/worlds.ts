// What the workers do, each against its own calls made bare: a notice until it is visible, deltas, lists, bookings, a tick.
import type { SQSRecord } from 'aws-lambda';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { dueShard } from '../../../lib/platform/shard.ts';
import { hourSlot, publish } from '../../faults/acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from '../../faults/fault-world.ts';
import { quiet } from '../../faults/quiet.ts';
import { aGraphPost } from '../../support/notices.ts';
import { targetOf } from '../storm-fakes.ts';
import { floors, relist } from './relist-beside.ts';
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

async function personWith(world: FaultWorld, events: number, provider: CalendarProvider = 'google'): Promise<Person> {
  const person = await world.connect(provider);
  // Half hours of their own, within the window.
  for (let n = 0; n < events; n += 1) person.calendars[0]?.hands.add({ start: world.now + minutes(20 * n), end: world.now + minutes(20 * n + 10) });
  await quiet(world);
  return person;
}

/** Its own row says that this is due, or marked. */
function amend(world: FaultWorld, { id }: Person, part: 'pull' | 'inbox', change: Record<string, unknown>): void {
  world.tables.put('sync-state', { ...world.tables.get('sync-state', { connection_id: id, part }), ...change });
}

/** From a notice's arrival until its change stands in the rows that readers see, in a calendar of so many events. */
const noticeToVisible = (events: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, events);
    const target = targetOf(world, person);
    await target.change();
    const pull = pullOf(world, person.id);
    const work = async (): Promise<void> => {
      await world.functions.webhook.google(target.genuine(1));
      await pull();
    };
    return { what: `notice → visible, ${events.toLocaleString('en-US')} events there`, floorIs, compared: await againstItsCalls(world, work, budget) };
  });

/** One more booking of a provider who has so many. */
const bookingToEvent = (bookings: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, 50);
    const bodyOf = (id: string, hour: number): string => publish(world, { id, version: 1, providerId: person.providerId, span: hourSlot(world, hour), cancelled: false });
    for (let n = 0; n < bookings; n += 1) {
      bodyOf(`there-${n}`, 100 + n);
      // An account has its quota of calls.
      if (n % 100 === 99 || n === bookings - 1) await quiet(world);
      if (n % 100 === 99) world.now += minutes(2);
    }
    const body = bodyOf('b-1', 40);
    world.queues.messages = [];
    let n = 0;
    // Another booking each time: the calendar keeps what was put into it.
    const work = (): Promise<unknown> => world.invoke('bench', () => world.functions.booking({ Records: [record(body.replaceAll('b-1', `b-${(n += 1)}`))] }, world.now + seconds(55)));
    return { what: `booking → event, ${bookings.toLocaleString('en-US')} bookings there`, floorIs, compared: await againstItsCalls(world, work, budget) };
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

/** The delta by which a booking's own event comes back, in a calendar of so many events. */
const ownEventBack = (events: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, events);
    const body = publish(world, { id: 'b-1', version: 1, providerId: person.providerId, span: hourSlot(world, 40), cancelled: false });
    await world.invoke('bench', () => world.functions.booking({ Records: [record(body)] }, world.now + seconds(55)));
    await world.heard();
    amend(world, person, 'inbox', { dirtySince: world.now, dirtyShard: '0' });
    return { what: `our own event comes back, ${events.toLocaleString('en-US')} events there`, floorIs, compared: await againstItsCalls(world, pullOf(world, person.id), budget) };
  });

/** A complete list by Graph of so many events, of which nothing has changed. */
const graphRelist = (events: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const person = await personWith(world, events, 'microsoft');
    amend(world, person, 'pull', { dueRoll: world.now - 1, dueAt: world.now - 1 });
    return { what: `re-list by Graph, ${events.toLocaleString('en-US')} events`, floorIs, compared: await againstItsCalls(world, pullOf(world, person.id), budget) };
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

/** The first is done twice: what the process had still to compile counts for none. */
async function inOrder(sizes: readonly number[], measure: (size: number) => Promise<Figure>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of [sizes[0] ?? 1, ...sizes]) figures.push(await measure(size));
  return figures.slice(1);
}

/** What one change costs must not grow with what stands there already. */
const unmoved = 0.25;

export async function notices(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures = await inOrder(sizes, (size) => noticeToVisible(size, budget));
  return { figures, growth: [{ ...growthOf('notice → visible', 'events that stand there', sizes, figures), most: unmoved }] };
}

export async function bookings(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures = await inOrder(sizes, (size) => bookingToEvent(size, budget));
  return { figures, growth: [{ ...growthOf('booking → event', 'bookings that stand there', sizes, figures), most: unmoved }] };
}

/** One POST of Graph's with an item for each of so many connections. */
const graphPost = (connections: number, budget: Budget): Promise<Figure> =>
  inWorld(async (world) => {
    const ids = Array.from({ length: connections }, (_, n) => `c-${n}`);
    for (const id of ids) world.tables.put('sync-state', { connection_id: id, part: 'inbox', v: 1, generation: 1 });
    const post = aGraphPost(...ids.map((connectionId) => ({ connectionId })));
    const work = async (): Promise<void> => {
      const { statusCode } = await world.functions.webhook.microsoft(post);
      if (statusCode !== 202) throw new Error(`The notices were answered ${statusCode}.`);
    };
    return { what: `webhook, a POST for ${connections} ${connections === 1 ? 'connection' : 'connections'}`, floorIs, compared: await againstItsCalls(world, work, budget) };
  });

export async function posts(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures = await inOrder(sizes, (size) => graphPost(size, budget));
  return { figures, growth: [growthOf('webhook, one POST', 'connections that it names', sizes, figures)] };
}

export async function deltas(sizes: readonly number[], there: readonly number[], budget: Budget): Promise<Hot> {
  const figures: Figure[] = [];
  for (const size of sizes) figures.push(await delta(size, budget));
  const back = await inOrder(there, (size) => ownEventBack(size, budget));
  return { figures: [...figures, ...back], growth: [growthOf('inbound delta', 'changes', sizes, figures), { ...growthOf('our own event comes back', 'events that stand there', there, back), most: unmoved }] };
}

export async function lists(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const [again, first]: [Figure[], Figure[]] = [[], []];
  for (const size of sizes) again.push(...(await relist(size, budget)));
  for (const size of sizes) first.push(await firstList(size, budget));
  const byGraph = await graphRelist(sizes[1] ?? 1, budget);
  return { figures: [...again, byGraph, ...first], growth: [growthOf('re-list', 'events', sizes, again.filter(({ floorIs: of }) => of === floors.plain)), growthOf('first list', 'events', sizes, first)] };
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
