// What befalls connections over a year: edits by hand, silence, revocations and new consents, new keys.
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { yearWorld, type YearWeather, type YearWorld } from './year-world.ts';

export interface YearOptions {
  readonly connections: number;
  readonly days: number;
  readonly seed: number;
  /** Edits by hand, a connection and day. */
  readonly edits: number;
  /** Times a year that a connection's watch falls silent, and that its grant is revoked. */
  readonly silences: number;
  readonly revocations: number;
  readonly weather: YearWeather;
}

export interface YearSeen {
  readonly world: YearWorld;
  readonly end: number;
  /** Watches that live at the end and that no connection names. */
  readonly orphans: number;
  /** Connections without a live watch at the end. */
  readonly unwatched: number;
  readonly calls: number;
  readonly revoked: number;
  readonly silenced: number;
}

const begins = Date.parse('2026-01-01T00:00:00Z');
export const usualYear: YearOptions = { connections: 200, days: 365, seed: 1, edits: 3, silences: 6, revocations: 1, weather: { dropped: 0.02, doubled: 0.01, lostAnswers: 0.01 } };

export async function liveYear(options: YearOptions, progress: (day: number) => void = () => undefined): Promise<YearSeen> {
  const random = seededRandom(options.seed);
  const world = await yearWorld({ begins, random, weather: options.weather });
  const end = begins + days(options.days);
  const counted = { revoked: 0, silenced: 0 };
  for (let n = 0; n < options.connections; n += 1) {
    const id = `c-${n}`;
    await world.connect(id, n % 2 === 0 ? 'google' : 'microsoft');
    plan(world, options, { id, end, counted });
  }
  for (let day = 30; day < options.days; day += 90) world.moments.put(begins + days(day), async () => world.setKeys(`k${Math.floor(day / 90)}`, `k${Math.floor(day / 90) + 1}`));
  for (let day = 1; day <= options.days; day += 1) {
    await world.until(begins + days(day));
    if (day % 30 === 0) progress(day);
  }
  // Nobody touches anything any more, and no notice is lost: what is still on its way comes to rest.
  Object.assign(options.weather, { dropped: 0, lostAnswers: 0 });
  await world.until(end + days(9));
  return { world, end, ...counted, ...(await tally(world)), calls: [...world.provider.accounts.values()].reduce((sum, { calls }) => sum + calls, 0) };
}

interface Life {
  readonly id: string;
  readonly end: number;
  readonly counted: { revoked: number; silenced: number };
}

/** Each kind of event comes at random, so many a year on average. */
function plan(world: YearWorld, { edits, silences, revocations }: YearOptions, { id, end, counted }: Life): void {
  const again = (perYear: number, act: () => void): void => {
    if (perYear <= 0) return;
    const at = world.clock() - (Math.log(1 - world.random()) / perYear) * days(365);
    if (at >= end) return;
    world.moments.put(at, async () => {
      act();
      again(perYear, act);
    });
  };
  const account = world.provider.accounts.get(id);
  if (!account) throw new Error(`There is no connection ${id}.`);
  again(edits * 365, () => world.change(id));
  again(silences, () => {
    counted.silenced += 1;
    for (const watch of world.provider.tellers(account)) watch.silent = true;
  });
  again(revocations, () => {
    if (account.revoked) return;
    counted.revoked += 1;
    world.revoke(id);
    world.moments.put(world.clock() + hours(6) + world.random() * days(4), () => world.consent(id));
  });
}

async function tally(world: YearWorld): Promise<{ orphans: number; unwatched: number }> {
  const named = new Set<string>();
  let unwatched = 0;
  for (const id of world.provider.accounts.keys()) {
    const { watches } = await world.row(id);
    for (const watch of watches) named.add(watch.id);
    if (!watches.some((watch) => world.provider.watches.has(watch.id) && (watch.expires_at ?? 0) > world.clock())) unwatched += 1;
  }
  const orphans = [...world.provider.watches.values()].filter(({ id, expiresAt }) => expiresAt > world.clock() && !named.has(id)).length;
  return { orphans, unwatched };
}

/** The longest that a change may stay unseen: an hour, jittered by a quarter, and the timer's minute. */
export const pollingFloor = hours(1) * 1.25 + minutes(2);
