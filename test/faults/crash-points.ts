// Tells a story once whole, to number its calls, and then once for each call and each way in which it may fail.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { startFaultWorld } from './fault-world.ts';
import { addTo, judgedOf, nothingJudged, type Judged } from './invariants.ts';
import { differences, watchEveryWrite } from './look.ts';
import type { Fate, Point } from './outside.ts';
import { quiet } from './quiet.ts';
import { settled, type Scenario } from './scenarios.ts';

export interface Told {
  /** The story's calls, in order. */
  readonly points: readonly Point[];
  /** What happened to the call. */
  readonly suffered: readonly string[];
  readonly violations: readonly string[];
  readonly judged: Judged;
}

export async function tell(provider: CalendarProvider, scenario: Scenario, fate?: Fate): Promise<Told> {
  const world = await startFaultWorld(7);
  const { outside } = world;
  try {
    const ada = await settled(world, provider);
    const happens = await scenario.begin(world, ada);
    watchEveryWrite(world);
    outside.fate = (point) => (point === fate?.at ? fate.how : undefined);
    outside.counting = true;
    await happens(world);
    await quiet(world);
    outside.counting = false;
    return { points: outside.points, suffered: outside.suffered, violations: await differences(world), judged: judgedOf(world) };
  } catch (error) {
    return { points: outside.points, suffered: outside.suffered, violations: [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`], judged: judgedOf(world) };
  } finally {
    await world.close();
  }
}

/** Every way in which each call may fail. */
export function allFates(points: readonly Point[]): Fate[] {
  return points.flatMap(({ retries, mayBeLate }, index) => {
    const hows = ['before', 'after', 'lost', ...(retries ? ['twice'] : []), ...(mayBeLate ? ['late'] : [])] as Fate['how'][];
    return hows.map((how) => ({ at: index + 1, how }));
  });
}

/**
 * The same without those that leave the same world behind as another: to die after a call is to die before the next one, and to die
 * before or after a read is to die after the write before it. Of equal reads in a row one stands for all.
 */
export function distinctFates(points: readonly Point[]): Fate[] {
  return allFates(points).filter(({ at, how }) => {
    const [before, here] = [points[at - 2], points[at - 1]];
    if (!here) return false;
    const follows = before?.process === here.process;
    if (how === 'before') return !follows;
    if (how === 'after') return !here.reads;
    return how !== 'lost' || !here.reads || !follows || before.what !== here.what;
  });
}

export interface Enumerated {
  readonly points: number;
  readonly runs: number;
  /** What went wrong, with the fate that brings it back. */
  readonly wrong: readonly string[];
  readonly judged: Judged;
}

export interface Enumerating {
  readonly fates?: (points: readonly Point[]) => Fate[];
  readonly progress?: (done: number, of: number) => void;
}

export async function enumerate(provider: CalendarProvider, scenario: Scenario, { fates = distinctFates, progress = () => undefined }: Enumerating = {}): Promise<Enumerated> {
  const whole = await tell(provider, scenario);
  const wrong = whole.violations.map((violation) => `in fair weather: ${violation}`);
  const wanted = fates(whole.points);
  const judged = nothingJudged();
  addTo(judged, whole.judged);
  for (const [done, fate] of wanted.entries()) {
    progress(done, wanted.length);
    const told = await tell(provider, scenario, fate);
    addTo(judged, told.judged);
    wrong.push(...told.violations.map((violation) => `${told.suffered.join()}: ${violation}`));
  }
  return { points: whole.points.length, runs: wanted.length + 1, wrong, judged };
}
