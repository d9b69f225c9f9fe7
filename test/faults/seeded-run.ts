// One seed, one history in its own weather, and the world at rest after it. The same seed does the same again; a failing history is made
// shorter for as long as it fails.
import { createHash } from 'node:crypto';
import { minutes } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { hourSlot, publish } from './acts.ts';
import { openSettings, startFaultWorld, type FaultWorld } from './fault-world.ts';
import { aHistory, newStory, take, type Step, type Story } from './history.ts';
import { consentAgain } from './connection-acts.ts';
import { judgedOf, type Judged } from './invariants.ts';
import { differences, watchEveryWrite } from './look.ts';
import type { How } from './outside.ts';
import { quiet, tickOnce } from './quiet.ts';
import { redriveAll } from './redrive-story.ts';
import { badWeather, fairWeather } from './weather.ts';

export interface Ran {
  readonly violations: readonly string[];
  readonly calls: number;
  readonly suffered: readonly string[];
  /** Of every call in order: the same for the same seed. */
  readonly digest: string;
  readonly judged: Judged;
}

const badLuck = 0.03;

export async function runHistory(seed: number, steps: readonly Step[]): Promise<Ran> {
  const world = await startFaultWorld(seed);
  const luck = seededRandom(seed + 77);
  const { outside } = world;
  const digest = createHash('sha256');
  const usual = outside.turn;
  try {
    world.set(Setting.jobsEnabled, 'true');
    await tickOnce(world);
    const first = await world.connect(luck() < 0.5 ? 'google' : 'microsoft', { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
    await world.consents(luck() < 0.5 ? 'google' : 'microsoft', luck() < 0.5 ? { providerId: first.providerId } : {});
    await quiet(world, { until: world.now + minutes(15) });
    watchEveryWrite(world, { zombies: true });
    outside.counting = true;
    outside.turn = (process, what) => {
      digest.update(`${process.name} ${what}\n`);
      return Promise.resolve();
    };
    outside.fate = (_, call) => (luck() > badLuck ? undefined : misfortune(luck(), call));
    badWeather(world, luck);
    const story = newStory();
    for (const step of steps) await take(world, story, step);
    outside.fate = () => undefined;
    await calm(world, story);
    return { violations: await differences(world), calls: outside.points.length, suffered: outside.suffered, digest: digest.digest('hex'), judged: judgedOf(world) };
  } catch (error) {
    return { violations: [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`], calls: outside.points.length, suffered: outside.suffered, digest: 'none', judged: judgedOf(world) };
  } finally {
    outside.turn = usual;
    await world.close();
  }
}

function misfortune(luck: number, { retries, mayBeLate }: { retries: boolean; mayBeLate: boolean }): How {
  const hows: How[] = ['before', 'after', 'lost', ...(retries ? (['twice'] as const) : []), ...(mayBeLate ? (['late', 'late'] as const) : [])];
  return hows[Math.floor(luck * hows.length)] ?? 'lost';
}

/** Fair weather, everything on; what a person did to events of ours is settled by a newer version; long enough for every poll. */
async function calm(world: FaultWorld, story: Story): Promise<void> {
  for (const [name, value] of openSettings()) world.settings.set(name, value);
  world.ssm = true;
  world.skew = 0;
  world.google.clearFaults();
  world.microsoft.clearFaults();
  fairWeather(world);
  await consentAgain(world);
  if (world.queues.messages.some(({ queue }) => queue.endsWith('-dead'))) await redriveAll(world, { until: world.now + minutes(20) });
  await quiet(world, { until: world.now + minutes(20) });
  for (const id of story.meddled) {
    const known = story.bookings.get(id);
    if (!known) continue;
    known.version += 1;
    publish(world, { id, version: known.version, providerId: known.providerId, span: hourSlot(world, (story.slots += 1)) });
  }
  const polls = world.tables.all('sync-state').map((row) => Number(row['duePoll'] ?? 0));
  await quiet(world, { until: Math.max(world.now, ...polls) + minutes(15) });
  world.set(Setting.jobsEnabled, 'false');
  await quiet(world);
}

export const historyOf = (seed: number, length: number): Step[] => aHistory(seededRandom(seed * 31 + 5), length);

/** Takes out what is not needed to fail. */
export async function shrunk(seed: number, steps: readonly Step[], tries = 60): Promise<readonly Step[]> {
  let [left, size] = [steps, Math.ceil(steps.length / 2)];
  for (let tried = 0; tried < tries && size >= 1; ) {
    let shorter: readonly Step[] | undefined;
    for (let at = 0; at < left.length && tried < tries; at += size) {
      const without = left.filter((_, index) => index < at || index >= at + size);
      tried += 1;
      if ((await runHistory(seed, without)).violations.length > 0) {
        shorter = without;
        break;
      }
    }
    if (shorter) left = shorter;
    else size = Math.floor(size / 2);
  }
  return left;
}

export const retold = (steps: readonly Step[]): string => steps.map(({ kind, a, b }) => `${kind}(${a.toFixed(3)}, ${b.toFixed(3)})`).join(' ');
