// Ours and its floor in turns: one after the other in every round, so that whatever else the machine does meets both.
import { quantile } from '../quantiles.ts';

/** One run; it may prepare what is not measured, and gives back the milliseconds that count. */
export type Run = () => Promise<number>;

export interface Compared {
  /** Milliseconds, the median of the rounds. */
  readonly ours: number;
  readonly floor: number;
  /** Ours ÷ floor, each round by itself: median, and the quartiles. */
  readonly ratio: number;
  readonly from: number;
  readonly to: number;
  readonly rounds: number;
}

export interface Budget {
  readonly rounds: number;
  /** After so many seconds no round begins; three there are at least. */
  readonly seconds: number;
}

/** The first round warms up. Who goes first changes from round to round. */
export async function inTurns(contest: { readonly ours: Run; readonly floor: Run }, { rounds, seconds }: Budget): Promise<Compared> {
  return over({ rounds, seconds }, async (round) => {
    const turn = { ours: 0, floor: 0 };
    for (const who of order(round)) turn[who] = await contest[who]();
    return turn;
  });
}

/** For what takes about a millisecond: a round is so many pairs of one and the other, told by the median of each, so that what held up the machine for a while met both. */
export async function inPairs(contest: { readonly ours: Run; readonly floor: Run }, pairs: number, budget: Budget): Promise<Compared> {
  return over(budget, async () => {
    const took: Record<'ours' | 'floor', number[]> = { ours: [], floor: [] };
    for (let pair = 0; pair < pairs; pair += 1) for (const who of order(pair)) took[who].push(await contest[who]());
    return { ours: at(took.ours, 0.5), floor: at(took.floor, 0.5) };
  });
}

interface Turn {
  readonly ours: number;
  readonly floor: number;
}
const order = (n: number): readonly (keyof Turn)[] => (n % 2 === 0 ? ['ours', 'floor'] : ['floor', 'ours']);
const at = (values: readonly number[], share: number): number => quantile(values, share) ?? Number.NaN;

async function over({ rounds, seconds }: Budget, turn: (round: number) => Promise<Turn>): Promise<Compared> {
  const seen: Turn[] = [];
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round <= rounds; round += 1) {
    if (seen.length > 3 && performance.now() > end) break;
    seen.push(await turn(round));
  }
  const counted = seen.slice(1);
  const ratios = counted.map(({ ours, floor }) => ours / floor);
  return { ours: at(counted.map(({ ours }) => ours), 0.5), floor: at(counted.map(({ floor }) => floor), 0.5), ratio: at(ratios, 0.5), from: at(ratios, 0.25), to: at(ratios, 0.75), rounds: counted.length };
}

/** Of the processor, all threads: what others do on the machine does not count. */
export async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

export async function wallOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The exponent e of time ≈ c × size^e, by least squares over logarithms. */
export function exponent(points: readonly (readonly [size: number, value: number])[]): number {
  const logs = points.map(([size, value]) => [Math.log(size), Math.log(value)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  return logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly floorIs: string;
  readonly compared: Compared;
}

/** The same at several sizes. */
export interface Growth {
  readonly what: string;
  readonly by: string;
  readonly points: readonly (readonly [size: number, value: number])[];
  readonly unit: string;
  /** The exponent that is still right; absent: linear, and a fifth for noise. */
  readonly most?: number;
}

export interface Hot {
  readonly figures: readonly Figure[];
  readonly growth: readonly Growth[];
}
