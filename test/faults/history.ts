// A history: what people, the platform, operators, providers and queues do, as plain steps that mean something in any state of the world, so
// that a history from which steps were taken out is one too.
import { days, hours, minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { add, addWeekly, hourSlot, move, publish, remove } from './acts.ts';
import { consentAgain, join, leave, revoke, switchReceiving } from './connection-acts.ts';
import { openSettings, type FaultWorld, type Person } from './fault-world.ts';
import { quiet } from './quiet.ts';

/** A short history leaves out what takes long. */
const longKinds = ['weeks'] as const;
const kinds = ['add', 'add', 'add', 'weekly', 'move', 'move', 'remove', 'book', 'book', 'change', 'change', 'cancel', 'replay', 'meddle', 'sync', 'webhooks', 'allow', 'ssm', 'expire', 'forget', 'storm', 'notices', 'queue', 'deaths', 'join', 'leave', 'receives', 'revoke', 'consent', 'outage', 'skew', 'pass', 'pass', 'pass', 'pass', 'leap'] as const;
export interface Step {
  readonly kind: (typeof kinds)[number] | (typeof longKinds)[number];
  /** What is chosen, each in [0, 1). */
  readonly a: number;
  readonly b: number;
}

export function aHistory(random: () => number, length: number): Step[] {
  const all: readonly Step['kind'][] = length < 20 ? kinds : [...kinds, ...kinds, ...kinds, ...longKinds];
  return Array.from({ length }, () => ({ kind: all[Math.floor(random() * all.length)] ?? 'pass', a: random(), b: random() }));
}

/** What a history needs to remember: slots that were taken, bookings by their last version. */
export interface Story {
  slots: number;
  readonly bookings: Map<string, { version: number; providerId: string; slot: number }>;
  readonly published: string[];
  readonly meddled: Set<string>;
}
export const newStory = (): Story => ({ slots: 0, bookings: new Map(), published: [], meddled: new Set() });

const pick = <T>(all: readonly T[], a: number): T | undefined => all[Math.floor(a * all.length)];
const fresh = (world: FaultWorld, story: Story) => hourSlot(world, (story.slots += 1));
const ownEvents = (world: FaultWorld, person: Person, calendar: number) => [...world.model.calendar(person.id, person.calendars[calendar]?.id ?? '').events.keys()];

const onItsWay = ({ queues }: FaultWorld) => queues.messages.filter(({ queue }) => queue === 'inbound' || queue === 'booking');

type Act = (world: FaultWorld, story: Story, step: Step) => Promise<void> | void;

const byPerson = (act: (world: FaultWorld, story: Story, at: { person: Person; calendar: number; b: number }) => void): Act => (world, story, { a, b }) => {
  const person = pick(world.people, a);
  if (person) act(world, story, { person, calendar: Math.floor(b * 7) % person.calendars.length, b });
};
const toggle = (name: typeof Setting.syncEnabled | typeof Setting.webhookEnabled): Act => (world, _, { a }) => world.set(name, a < 0.5 ? 'true' : 'false');

function publishNext(world: FaultWorld, story: Story, { a, cancelled }: { a: number; cancelled: boolean }): void {
  const id = pick([...story.bookings.keys()], a);
  const known = id === undefined ? undefined : story.bookings.get(id);
  if (id === undefined || !known) return;
  if (!cancelled) known.slot = story.slots += 1;
  known.version += 1;
  story.published.push(publish(world, { id, version: known.version, providerId: known.providerId, span: hourSlot(world, known.slot), cancelled }));
}

const acts: Record<Step['kind'], Act> = {
  add: byPerson((world, story, at) => void add(world, at, fresh(world, story))),
  weekly: byPerson((world, story, at) => void addWeekly(world, at, fresh(world, story), 3)),
  move: byPerson((world, story, at) => {
    const id = pick(ownEvents(world, at.person, at.calendar), at.b);
    if (id !== undefined && world.model.calendar(at.person.id, at.person.calendars[at.calendar]?.id ?? '').events.get(id)?.length === 1) move(world, at, id, fresh(world, story));
  }),
  remove: byPerson((world, _, at) => {
    const id = pick(ownEvents(world, at.person, at.calendar), at.b);
    if (id !== undefined) remove(world, at, id);
  }),
  book(world, story, { a }) {
    const id = `b${story.bookings.size + 1}`;
    const providerId = pick(world.people, a)?.providerId ?? '';
    story.slots += 1;
    story.bookings.set(id, { version: 1, providerId, slot: story.slots });
    story.published.push(publish(world, { id, version: 1, providerId, span: hourSlot(world, story.slots) }));
  },
  change: (world, story, { a }) => publishNext(world, story, { a, cancelled: false }),
  cancel: (world, story, { a }) => publishNext(world, story, { a, cancelled: true }),
  replay(world, story, { a }) {
    const body = pick(story.published, a);
    if (body !== undefined) world.queues.push('booking', body, Math.floor(a * 600));
  },
  /** A person moves or deletes an event of ours. */
  meddle: byPerson((world, story, { person, calendar, b }) => {
    const own = new Set(ownEvents(world, person, calendar));
    const hands = person.calendars[calendar]?.hands;
    const event = pick((hands?.standing() ?? []).filter(({ id }) => !own.has(id)), b);
    if (!hands || !event) return;
    story.meddled.add(event.title.split(' ')[0] ?? '');
    if (b < 0.5) hands.remove(event.id);
    else hands.move(event.id, fresh(world, story));
  }),
  sync: toggle(Setting.syncEnabled),
  webhooks: toggle(Setting.webhookEnabled),
  allow: (world, _, { a, b }) => world.set(a < 0.5 ? Setting.providerAllowlist : Setting.connectionAllowlist, b < 0.5 ? '*' : b < 0.75 ? 'none' : a < 0.5 ? 'p-1' : 'c-1'),
  ssm: (world, _, { a }) => void (world.ssm = a < 0.7),
  expire: (world) => void world.google.expireAccessTokens(),
  forget: (world, _, { a }) => (a < 0.5 ? world.google.expireSyncTokens() : world.microsoft.expireDeltaTokens()),
  storm(world, _, { a, b }) {
    const status = pick([429, 500, 503, 503], b) ?? 503;
    const fault = { when: a < 0.5 ? 'before' : 'after', status, times: 1 + Math.floor(b * 3), headers: status === 429 ? { 'retry-after': '7' } : {}, body: '' } as const;
    const simulator = (a * 4) % 1 < 0.5 ? world.google : world.microsoft;
    simulator.addFault(fault);
  },
  /** Dropped, doubled, late: whatever is on its way now. */
  async notices(world, _, { a, b }) {
    await world.heard();
    const posted = pick(world.notices, b);
    if (!posted) return;
    if (a < 0.4) world.notices.splice(world.notices.indexOf(posted), 1);
    else if (a < 0.7) world.notices.push({ ...posted, at: posted.at + b * minutes(20) });
    else posted.at += b * hours(2);
  },
  queue(world, _, { a, b }) {
    const message = pick(onItsWay(world), b);
    if (!message) return;
    if (a < 0.5) world.queues.push(message.queue, message.body, Math.floor(b * 900));
    else message.visibleAt += b * minutes(30);
  },
  /** Delivered too often, and set aside: until somebody redrives them. */
  deaths(world, _, { a }) {
    const { queues } = world;
    for (const message of onItsWay(world).slice(0, 1 + Math.floor(a * 4))) {
      queues.remove(message);
      queues.push(`${message.queue}-dead`, message.body);
    }
  },
  join: (world, _, step) => join(world, step),
  leave: (world, _, { a }) => leave(world, a),
  receives: (world) => switchReceiving(world),
  revoke: (world, _, step) => revoke(world, step),
  consent: (world) => consentAgain(world),
  /** The clock jumps: nothing of ours ran for so long. */
  outage: (world, _, { a, b }) => void (world.now += b < 0.5 ? a * minutes(30) : a * days(9)),
  /** The next function's clock is another's. */
  skew: (world, _, { a }) => void (world.skew = (a - 0.5) * seconds(10)),
  pass: (world, _, { a }) => quiet(world, { until: world.now + a * minutes(8) }),
  leap: (world, _, { a }) => quiet(world, { until: world.now + a * hours(3) }),
  /** All is on, and upkeep comes every minute. */
  async weeks(world, _, { a }) {
    for (const [name, value] of openSettings()) world.set(name as SettingName, value);
    world.set(Setting.jobsEnabled, 'true');
    world.ssm = true;
    const until = world.now + a * days(10);
    while (world.now < until) await quiet(world, { until: Math.min(until, world.now + days(1)) });
  },
};

export const take = async (world: FaultWorld, story: Story, step: Step): Promise<void> => acts[step.kind](world, story, step);
