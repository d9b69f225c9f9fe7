// OAUTH, or the list, closed or opened at any one call of a consent: nobody is connected while it is closed, and whoever tries again later is, once.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { add, hourSlot } from './acts.ts';
import { startFaultWorld, type FaultWorld } from './fault-world.ts';
import { differences, watchEveryWrite } from './look.ts';
import type { Process } from './outside.ts';
import { quiet } from './quiet.ts';
import { settled } from './scenarios.ts';

export const consentGates = [
  { name: Setting.oauthEnabled, open: 'true', closed: 'false' },
  { name: Setting.providerAllowlist, open: '*', closed: 'p-1' },
] as const;

interface Turned {
  readonly provider: CalendarProvider;
  readonly gate: (typeof consentGates)[number];
  readonly way: 'closes' | 'opens';
  readonly at: number;
}

/** `during` is undefined where the consent makes fewer calls. */
export async function turnDuringConsent({ provider, gate, way, at }: Turned): Promise<{ during: string | undefined; violations: string[] }> {
  const world = await startFaultWorld(7);
  try {
    await settled(world, provider);
    watchEveryWrite(world);
    const known = world.people.length;
    const gateAt = turnAt(world, gate, { way, at });
    const ben = await world.consents(provider, { providerId: 'p-9' });
    gateAt.turn(true);
    add(world, { person: ben }, hourSlot(world, 7));
    await quiet(world);
    const connected = world.tables.all('connections').filter(({ provider_id }) => provider_id === 'p-9').length;
    const once = world.people.length === known + 1 && connected === 1 ? [] : [`${connected} connections came of one consent`];
    return { during: gateAt.during(), violations: [...gateAt.violations, ...once, ...(await differences(world))] };
  } finally {
    await world.close();
  }
}

/** Closed for five minutes, then it opens by itself. Whoever is at work has one call past its last look. */
function turnAt(world: FaultWorld, gate: Turned['gate'], { way, at }: Pick<Turned, 'way' | 'at'>) {
  const violations: string[] = [];
  let [calls, closed, opensAt, spare]: [number, boolean, number, number] = [0, false, Infinity, 0];
  let [during, last]: [string | undefined, Process | undefined] = [undefined, undefined];
  const turn = (open: boolean): void => {
    world.set(gate.name, open ? gate.open : gate.closed);
    world.now += seconds(31);
    [closed, opensAt] = [!open, open ? Infinity : world.now + minutes(5)];
  };
  if (way === 'opens') turn(false);
  world.outside.turn = async (process, what) => {
    if (process.name !== 'connect') return;
    const asks = /^(google|graph) /.test(what);
    if ((calls += 1) === at) {
      [during, last, spare] = [`${process.name}: ${what}`, process, asks ? 2 : 1];
      turn(way === 'opens');
    }
    if (closed && world.now >= opensAt) turn(true);
    if (!closed || (!asks && what !== 'PutItem connections')) return;
    if (process === last && (!asks || (spare -= 1) >= 0)) return;
    violations.push(`${process.name} called ${what} though ${gate.name} is closed`);
  };
  return { turn, violations, during: () => during };
}
