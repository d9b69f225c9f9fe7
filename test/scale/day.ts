// What a day asks of the service. All times in seconds since midnight of the fleet's own zone: one zone, the worst case.

export interface Fleet {
  readonly connections: number;
  /** The rest is at Microsoft. */
  readonly googleShare: number;
  /** Changes in a connection's calendar a day; each sends one notice. */
  readonly changesPerDay: number;
  /** At nine, as recurring meetings are moved and people open their calendars. */
  readonly storm: { readonly at: number; readonly seconds: number; readonly share: number };
  /** Notices that never come. */
  readonly lostNotices: number;
}

export const usualFleet: Fleet = { connections: 1_000_000, googleShare: 0.5, changesPerDay: 30, storm: { at: 9 * 3600, seconds: 60, share: 0.05 }, lostNotices: 0.001 };

/** Share of a day's changes in each hour: office hours, with a dip at noon. */
const hourWeights = [1, 0.5, 0.5, 0.5, 1, 2, 6, 12, 20, 24, 24, 22, 16, 20, 24, 24, 22, 18, 12, 8, 6, 4, 3, 2];
const total = hourWeights.reduce((sum, weight) => sum + weight, 0);

/** Changes expected in this second. */
export function changesIn(second: number, { connections, changesPerDay, storm }: Fleet): number {
  const usual = (connections * changesPerDay * (hourWeights[Math.floor(second / 3600) % 24] ?? 0)) / total / 3600;
  const stormy = second >= storm.at && second < storm.at + storm.seconds ? (connections * storm.share) / storm.seconds : 0;
  return usual + stormy;
}

/** How many happen where `mean` are expected: Poisson, by its normal approximation where that is close. */
export function poisson(mean: number, random: () => number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Lognormal: a median, and a long tail as networks have. */
export const lasting = ({ median, spread }: { readonly median: number; readonly spread: number }, random: () => number): number => median * Math.exp(spread * normal(random));
