// Each gate turned in the middle of everything, at any one call, in both directions: what it closes falls silent at once, nothing is lost,
// and whatever changed meanwhile is caught up, once.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { hours, minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { add, hourSlot, move, publish, remove } from './acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from './fault-world.ts';
import { differences, watchEveryWrite } from './look.ts';
import type { Process } from './outside.ts';
import { quiet, tickOnce } from './quiet.ts';
import { settled } from './scenarios.ts';

export interface Switch {
  readonly name: string;
  turn(world: FaultWorld, open: boolean): void;
  /** So long functions may go on with what they know. */
  readonly takes: number;
  readonly closedFor: number;
  /** Whether a call must not be made while it is closed. */
  silences(process: Process, what: string): boolean;
  /** Before what happens. */
  readies?(world: FaultWorld, ada: Person): Promise<void>;
  /** Only polls find what people do. */
  readonly unheard?: true;
}

const cacheLife = seconds(31);
const isCalendar = (what: string): boolean => /^(google|graph) /.test(what) && !what.endsWith('/token');
const isWrite = (what: string): boolean => /^(google|graph) (POST|PATCH|DELETE) .*\/events/.test(what) && !what.endsWith('/watch');
const calendars: Switch['silences'] = (_, what) => isCalendar(what);
/** A notice that is refused costs no table. */
const notices: Switch['silences'] = ({ name }, what) => name === 'webhook' && what !== 'GetParameters';
const setting = (name: SettingName, [open, closed]: readonly [string, string], more: Pick<Switch, 'silences'> & Partial<Switch>): Switch => ({
  name,
  turn: (world, on) => world.set(name, on ? open : closed),
  takes: cacheLife,
  closedFor: minutes(5),
  ...more,
});

export const switches: readonly Switch[] = [
  setting(Setting.syncEnabled, ['true', 'false'], { silences: calendars }),
  setting(Setting.providerAllowlist, ['*', 'none'], { silences: calendars }),
  setting(Setting.webhookEnabled, ['true', 'no'], { silences: notices }),
  setting(Setting.connectionAllowlist, ['*', ' '], { silences: notices }),
  setting(Setting.jobsEnabled, ['true', 'off'], { silences: (process, what) => process.name === 'inbound' && isCalendar(what), closedFor: hours(2), unheard: true }),
  { name: 'SSM', turn: (world, open) => void (world.ssm = open), takes: cacheLife, closedFor: minutes(4), silences: calendars, readies: silentForLong },
];

export interface Flip {
  readonly provider: CalendarProvider;
  readonly gate: Switch;
  /** `closes` in the midst of work, or `opens` in the midst of what may be done while it is closed. */
  readonly way: 'closes' | 'opens';
  /** At which call, from 1. */
  readonly at: number;
}
export interface Flipped {
  /** Undefined: the story has fewer calls. */
  readonly during: string | undefined;
  readonly violations: readonly string[];
}

/** Calls of the story, in order; of each kind the first few. */
export async function points(story: Omit<Flip, 'at'>, most: number): Promise<number[]> {
  const [chosen, times]: [number[], Map<string, number>] = [[], new Map()];
  await flip({ ...story, at: Infinity }, (what, call) => {
    times.set(what, (times.get(what) ?? 0) + 1);
    if ((times.get(what) ?? 0) <= most) chosen.push(call);
  });
  return chosen;
}

export async function flip({ provider, gate, way, at }: Flip, heard: (what: string, call: number) => void = () => undefined): Promise<Flipped> {
  const world = await startFaultWorld(7);
  try {
    const ada = await settled(world, provider);
    const moved = await muchBefore(world, ada);
    watchEveryWrite(world);
    const watch = watchCalls(world, gate, heard);
    await gate.readies?.(world, ada);
    if (way === 'opens') watch.turn(false);
    if (way === 'opens') await tickOnce(world);
    muchHappens(world, ada, moved);
    watch.at(at, way === 'opens');
    await rest(world, gate, world.now + (gate.unheard ? hours(1.5) : minutes(2)));
    const during = watch.during();
    if (during === undefined) return { during, violations: [] };
    if (way === 'closes') {
      add(world, { person: ada }, hourSlot(world, 30));
      publish(world, { id: 'b3', version: 1, providerId: ada.providerId, span: hourSlot(world, 31) });
      await rest(world, gate, world.now + gate.closedFor);
      watch.turn(true);
    }
    await tickOnce(world);
    if (gate.unheard) await rest(world, gate, world.now + hours(2));
    world.set(Setting.jobsEnabled, 'false');
    await quiet(world);
    return { during, violations: [...watch.violations(), ...(await differences(world))] };
  } finally {
    await world.close();
  }
}

/** Every gate, both ways, at the first few calls of every kind. */
export async function* everyFlip(): AsyncGenerator<{ readonly story: string; readonly runs: number; readonly wrong: readonly string[] }, void, undefined> {
  for (const provider of ['google', 'microsoft'] as const) {
    for (const gate of switches) {
      for (const way of ['closes', 'opens'] as const) {
        const wrong: string[] = [];
        const wanted = await points({ provider, gate, way }, 5);
        for (const at of wanted) {
          const { during, violations } = await flip({ provider, gate, way, at });
          wrong.push(...violations.map((violation) => `at call ${at}, ${during}: ${violation}`));
        }
        yield { story: `${provider}: ${gate.name} ${way}`, runs: wanted.length, wrong };
      }
    }
  }
}

/** SSM falls silent, and the functions go by what they have just read, nearly to its end. */
async function silentForLong(world: FaultWorld, ada: Person): Promise<void> {
  world.now += cacheLife;
  world.queues.push('inbound', JSON.stringify({ v: 1, hint: 'pull', connection_id: ada.id }));
  world.queues.push('booking', JSON.stringify({ v: 1, hint: 'booking', booking_id: 'b1' }));
  await quiet(world, { until: world.now });
  world.ssm = false;
  world.now += minutes(5) - seconds(30);
}

/** A booking that stands, an event to be moved and one to be taken away. */
async function muchBefore(world: FaultWorld, ada: Person): Promise<readonly [string, string]> {
  const own = [add(world, { person: ada }, hourSlot(world, 2)), add(world, { person: ada }, hourSlot(world, 3))] as const;
  publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
  await quiet(world);
  world.set(Setting.jobsEnabled, 'true');
  await tickOnce(world);
  return own;
}

function muchHappens(world: FaultWorld, ada: Person, [moved, gone]: readonly [string, string]): void {
  move(world, { person: ada }, moved, hourSlot(world, 5));
  remove(world, { person: ada }, gone);
  publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 21) });
  publish(world, { id: 'b2', version: 1, providerId: ada.providerId, span: hourSlot(world, 22) });
}

const rest = (world: FaultWorld, { unheard }: Switch, until: number): Promise<void> => quiet(world, { until, between: () => unheard && void world.notices.splice(0) });

/** Turns the gate at a call; from then on listens for what must not be. Whoever is at work then has at most one call past its last look at the gates. */
function watchCalls(world: FaultWorld, gate: Switch, heard: (what: string, call: number) => void) {
  const violations: string[] = [];
  let [calls, wanted, opens, closed, writes]: [number, number, boolean, boolean, number | undefined] = [0, 0, false, false, undefined];
  let [during, last, spare]: [string | undefined, Process | undefined, number] = [undefined, undefined, 0];
  const turn = (open: boolean): void => {
    gate.turn(world, open);
    world.now += gate.takes;
    closed = !open;
    if (open) writes = 0;
  };
  world.outside.turn = async (process, what) => {
    calls += 1;
    if (wanted > calls) heard(`${process.name}: ${what}`, calls);
    if (calls === wanted) {
      [during, last, spare] = [`${process.name}: ${what}`, process, 1];
      turn(opens);
      if (gate.silences(process, what)) spare += 1;
    }
    if (writes !== undefined && isWrite(what)) writes += 1;
    if (!closed || !gate.silences(process, what)) return;
    if (process === last && (spare -= 1) >= 0) return;
    if (gate.unheard && process === last) return;
    violations.push(`${process.name} called ${what} though ${gate.name} is closed`);
  };
  return {
    turn,
    at(call: number, open: boolean) {
      [calls, wanted, opens] = [0, call, open];
    },
    during: () => during,
    // Three bookings changed, and each is one write.
    violations: () => (writes !== undefined && writes > 3 ? [...violations, `${writes} writes caught up three bookings`] : violations),
  };
}
