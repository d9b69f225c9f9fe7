// Tells a story once whole, to number its calls, and then once for each call and each way in which it may fail.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { startFaultWorld } from './fault-world.ts';
import { differences, watchEveryWrite } from './look.ts';
import { hows, type Fate } from './outside.ts';
import { quiet } from './quiet.ts';
import { settled, type Scenario } from './scenarios.ts';

export interface Told {
  /** The story's calls, in order. */
  readonly points: readonly string[];
  /** What happened to the call. */
  readonly suffered: readonly string[];
  readonly violations: readonly string[];
}

export async function tell(provider: CalendarProvider, scenario: Scenario, fate?: Fate): Promise<Told> {
  const world = await startFaultWorld(7);
  try {
    const ada = await settled(world, provider);
    const happens = await scenario.begin(world, ada);
    watchEveryWrite(world);
    world.outside.fate = (point) => (point === fate?.at ? fate.how : undefined);
    world.outside.counting = true;
    await happens(world);
    await quiet(world);
    world.outside.counting = false;
    return { points: world.outside.points, suffered: world.outside.suffered, violations: await differences(world) };
  } catch (error) {
    return { points: world.outside.points, suffered: world.outside.suffered, violations: [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`] };
  } finally {
    await world.close();
  }
}

/** Every call, every way. Gives back how many calls there were, and what went wrong, with the fate that brings it back. */
export async function enumerate(provider: CalendarProvider, scenario: Scenario): Promise<{ points: number; runs: number; wrong: string[] }> {
  const whole = await tell(provider, scenario);
  const wrong = whole.violations.map((violation) => `in fair weather: ${violation}`);
  let runs = 1;
  for (let at = 1; at <= whole.points.length; at += 1) {
    for (const how of hows) {
      if (how === 'late' && !/(google|graph) (POST|PATCH|DELETE)/.test(whole.points[at - 1] ?? '')) continue;
      const { suffered, violations } = await tell(provider, scenario, { at, how });
      runs += 1;
      wrong.push(...violations.map((violation) => `${suffered.join()}: ${violation}`));
    }
  }
  return { points: whole.points.length, runs, wrong };
}
