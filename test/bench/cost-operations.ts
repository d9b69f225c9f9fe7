// Every operation that is paid for, done once in the world of faults, with what it asks of everybody counted. The same script counts the same.
import type { APIGatewayProxyEventV2, SQSRecord } from 'aws-lambda';
import { answerAvailability } from '../../lib/availability/answer-availability.ts';
import { readProvider } from '../../lib/availability/read-provider.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours, minutes, seconds } from '../../lib/platform/clock.ts';
import { functionSettings, Setting } from '../../lib/platform/names.ts';
import { settings } from '../../lib/platform/settings.ts';
import { dueShard } from '../../lib/platform/shard.ts';
import { hourSlot, publish } from '../faults/acts.ts';
import { dynamoDoor, ssmDoor } from '../faults/doors.ts';
import { startFaultWorld, type FaultWorld, type Person } from '../faults/fault-world.ts';
import { quiet } from '../faults/quiet.ts';
import { openLedger, type Ledger, type Measured } from './cost-ledger.ts';
import { naiveNotice } from './cost-naive.ts';
import { meterTables } from './cost-units.ts';
import { targetOf } from './storm-fakes.ts';

/** By name: `google: a notice, accepted` and the like. */
export type Operations = Readonly<Record<string, Measured>>;
export interface Counting {
  readonly operations: Operations;
  /** Of one connection's rows, half of them Google's and half Graph's, indexes included. */
  readonly storedBytes: number;
}

/** What stands in each calendar. */
export const eventsEach = 50;
/** Rows that are due at once, where the cost of one is wanted. */
const dueAtOnce = 100;
const providers: readonly CalendarProvider[] = ['google', 'microsoft'];
const batch = { invocations: 1, batches: 1 } as const;
const lease = seconds(55);

export async function countOperations(): Promise<Counting> {
  const world = await startFaultWorld(7);
  const ledger = await openLedger(world);
  try {
    world.set(Setting.jobsEnabled, 'true');
    const counted: Record<string, Measured> = {};
    for (const provider of providers) {
      const person = await settledPerson(world, provider);
      const script = new Script({ world, ledger, person, counted });
      await script.notices();
      await script.jobs();
      await script.bookings();
      await script.questions();
    }
    const storedBytes = Math.round((await meterTables(world.tables)).stored() / providers.length);
    await upkeep({ world, ledger, counted });
    counted['naive: a notice'] = await ledger.count(await naiveNotice(world, eventsEach), { invocations: 1 });
    return { operations: counted, storedBytes };
  } finally {
    ledger.close();
    await world.close();
  }
}

async function settledPerson(world: FaultWorld, provider: CalendarProvider): Promise<Person> {
  const person = await world.connect(provider);
  for (let n = 0; n < eventsEach; n += 1) person.calendars[0]?.hands.add(hourSlot(world, 100 + n));
  await quiet(world);
  return person;
}

interface Stage {
  readonly world: FaultWorld;
  readonly ledger: Ledger;
  readonly counted: Record<string, Measured>;
}

class Script {
  readonly #stage: Stage;
  readonly #person: Person;
  constructor({ person, ...stage }: Stage & { readonly person: Person }) {
    this.#stage = stage;
    this.#person = person;
  }

  async notices(): Promise<void> {
    const { world } = this.#stage;
    const { provider } = this.#person;
    const target = targetOf(world, this.#person);
    const post = (delivery: APIGatewayProxyEventV2) => () => world.functions.webhook[provider](delivery);
    await target.change();
    await post(target.forged(0))();
    await this.#note('a notice, accepted', post(target.genuine(1)), { invocations: 1 });
    await this.#note('a notice, coalesced', post(target.genuine(2)), { invocations: 1 });
    await this.#note('a notice, duplicate', post(target.genuine(2)), { invocations: 1 });
    await this.#note('a notice, forged', post(target.forged(3)), { invocations: 1 });
    await this.#note('a pull with one change', () => this.#pull(), batch);
    if (provider === 'microsoft') {
      world.now += minutes(2);
      await this.#note('a trailing pull', () => this.#pull(), batch);
    }
  }

  async jobs(): Promise<void> {
    const { world } = this.#stage;
    // Its access token has run out meanwhile.
    this.#falls('duePoll', hours(2));
    await this.#note('a poll with a token refresh', () => this.#pull(), batch);
    this.#falls('duePoll', minutes(1));
    await this.#note('a poll, nothing new', () => this.#pull(), batch);
    this.#falls('dueRoll', minutes(1));
    await this.#note('a weekly list', () => this.#pull(), batch);
    const { dueWatch } = world.tables.get('sync-state', { connection_id: this.#person.id, part: 'pull' }) ?? {};
    world.now = Math.max(world.now, Number(dueWatch) + minutes(1));
    await this.#note('a watch renewal, with a token refresh', () => this.#pull(), batch);
    await this.#rest();
  }

  async bookings(): Promise<void> {
    const { world } = this.#stage;
    const id = `booking-${this.#person.provider}`;
    const times = [['created', 1, false], ['moved', 2, false], ['cancelled', 3, true]] as const;
    for (const [what, version, cancelled] of times) {
      await this.#rest();
      const body = publish(world, { id, version, providerId: this.#person.providerId, span: hourSlot(world, 60 + version), cancelled });
      world.queues.messages = world.queues.messages.filter((message) => message.body !== body);
      await this.#note(`a booking, ${what}`, () => world.functions.booking({ Records: [record(body)] }, world.now + lease), batch);
    }
    await this.#rest();
  }

  async questions(): Promise<void> {
    const { world } = this.#stage;
    const { providerId } = this.#person;
    const clock = (): number => world.now;
    const gates = settings({ ssm: ssmDoor(world.outside, world.settings, { path: '/calendar-sync/staging/', answers: () => true }), path: '/calendar-sync/staging/', names: functionSettings.availability, clock, random: world.random });
    const answer = answerAvailability({ read: readProvider(dynamoDoor(world.outside, world.tables), world.tables.named['busy-intervals']), settings: gates, clock, failed: () => undefined });
    const event = { rawQueryString: new URLSearchParams({ from: new Date(world.now).toISOString(), to: new Date(world.now + days(7)).toISOString() }).toString(), pathParameters: { provider_id: providerId }, requestContext: { http: { method: 'GET' } } };
    await this.#note('an availability question', () => answer(event as unknown as APIGatewayProxyEventV2), { invocations: 1 });
  }

  #pull(): Promise<unknown> {
    const { world } = this.#stage;
    world.queues.messages = [];
    return world.functions.inbound({ Records: [record(JSON.stringify({ v: 1, hint: 'pull', connection_id: this.#person.id }))] }, world.now + lease);
  }

  /** Its own time, on the row and in the index. */
  #falls(kind: 'duePoll' | 'dueRoll', after: number): void {
    const { world } = this.#stage;
    world.now += after;
    const row = world.tables.get('sync-state', { connection_id: this.#person.id, part: 'pull' });
    world.tables.put('sync-state', { ...row, [kind]: world.now - 1, dueAt: world.now - 1 });
  }

  /** What the provider sends of our own acts is counted as a notice and a pull of its own. */
  async #rest(): Promise<void> {
    const { world } = this.#stage;
    await quiet(world);
  }

  async #note(what: string, work: () => Promise<unknown>, invoked: { invocations: number; batches?: number }): Promise<void> {
    const { world, ledger, counted } = this.#stage;
    counted[`${this.#person.provider}: ${what}`] = await ledger.count(() => heedless(world, work), invoked);
  }
}

/** As a process of its own; that it failed would be hidden in the counts. */
async function heedless(world: FaultWorld, work: () => Promise<unknown>): Promise<void> {
  const { error } = await world.invoke('counted', work);
  if (error !== undefined) throw error;
}

const record = (body: string): SQSRecord => ({ messageId: 'm', body }) as SQSRecord;

async function upkeep({ world, ledger, counted }: Stage): Promise<void> {
  const tick = () => heedless(world, () => world.functions.upkeep());
  const fill = (dueAt: number): void => {
    for (let n = 0; n < dueAtOnce; n += 1) {
      const id = `due-${n}`;
      world.tables.put('sync-state', { connection_id: id, part: 'pull', v: 1, provider_id: 'p', fence: 1, duePoll: dueAt, dueAt, dueShard: dueShard('jobs', id), callsLeft: 180, callsAt: dueAt });
    }
  };
  fill(world.now + days(20));
  await tick();
  world.now += hours(1) + seconds(1);
  const census = await ledger.count(tick, { invocations: 1 });
  world.now += minutes(1);
  const idle = await ledger.count(tick, { invocations: 1 });
  world.now += minutes(1);
  fill(world.now - 1);
  const busy = await ledger.count(tick, { invocations: 1 });
  counted['upkeep: a tick, idle'] = idle;
  counted[`upkeep: the hourly count of ${dueAtOnce + world.people.length} connections`] = less(census, idle);
  counted[`upkeep: ringing for ${dueAtOnce} that are due`] = less(busy, idle);
}

/** What one of them asks for beyond the other. */
function less(all: Measured, base: Measured): Measured {
  const calls = Object.fromEntries(Object.entries(all.calls).map(([name, times]) => [name, times - (base.calls[name] ?? 0)] as const).filter(([, times]) => times !== 0));
  const figure = (name: Exclude<keyof Measured, 'calls'>): number => all[name] - base[name];
  return {
    calls, invocations: figure('invocations'), writeUnits: figure('writeUnits'), readUnits: figure('readUnits'), sqsRequests: figure('sqsRequests'), providerCalls: figure('providerCalls'),
    bytesIn: figure('bytesIn'), bytesOut: figure('bytesOut'), logBytes: figure('logBytes'), cpuMs: Math.max(0, figure('cpuMs')),
  };
}
