// Busy time of a week laid over slots, as pure CPU: ours, published libraries of intervals, and a naive loop.
import { IntervalTree } from '@flatten-js/interval-tree';
import { isOverlapping, simplify } from 'intervals-fn';
import { Interval } from 'luxon';
import { takenOf, type Interval as Span } from '../../../lib/availability/intervals.ts';
import { hours, minutes } from '../../../lib/platform/clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { inTurns, type Budget, type Figure, type Hot } from './turns.ts';

const slotsAsked = 200;

/** How many of the slots are taken; all must say the same. */
type Overlay = (busy: readonly Span[], slots: readonly Span[]) => number;

const ours: Overlay = (busy, slots) => takenOf(slots, busy).size;

const rivals: Readonly<Record<string, Overlay>> = {
  'luxon': (busy, slots) => {
    const taken = Interval.merge(busy.map(({ start, end }) => Interval.fromDateTimes(new Date(start), new Date(end))));
    return slots.filter(({ start, end }) => {
      const slot = Interval.fromDateTimes(new Date(start), new Date(end));
      return taken.some((one) => one.overlaps(slot));
    }).length;
  },
  'intervals-fn': (busy, slots) => {
    // It expects them in order.
    const taken = simplify(busy.toSorted((a, b) => a.start - b.start));
    return slots.filter((slot) => isOverlapping([slot], taken)).length;
  },
  '@flatten-js/interval-tree': (busy, slots) => {
    const tree = new IntervalTree<number>();
    // Its intervals are closed, ours half-open.
    for (const { start, end } of busy) tree.insert([start, end - 1], 1);
    return slots.filter(({ start, end }) => tree.intersect_any([start, end - 1])).length;
  },
  'a naive loop': (busy, slots) => slots.filter((slot) => busy.some(({ start, end }) => start < slot.end && end > slot.start)).length,
};

function spans(count: number, random: () => number): Span[] {
  return Array.from({ length: count }, () => {
    const start = Math.floor(random() * hours(24 * 180));
    return { start, end: start + minutes(15) + Math.floor(random() * minutes(90)) };
  });
}

export async function overlays(sizes: readonly number[], budget: Budget): Promise<Hot> {
  const figures: Figure[] = [];
  const grown: (readonly [number, number])[] = [];
  for (const size of sizes) {
    const random = seededRandom(size);
    const [busy, slots] = [spans(size, random), spans(slotsAsked, random)];
    for (const [name, rival] of Object.entries(rivals)) {
      if (rival(busy, slots) !== ours(busy, slots)) throw new Error(`${name} finds ${rival(busy, slots)} slots taken, ours ${ours(busy, slots)}.`);
      const often = Math.max(1, Math.round(20_000 / size));
      const many = (overlay: Overlay) => async (): Promise<number> => {
        const began = performance.now();
        for (let n = 0; n < often; n += 1) overlay(busy, slots);
        return (performance.now() - began) / often;
      };
      const compared = await inTurns({ ours: many(ours), floor: many(rival) }, budget);
      figures.push({ what: `overlay, ${size.toLocaleString('en-US')} intervals × ${slotsAsked} slots`, floorIs: name, compared });
      if (name === 'a naive loop') grown.push([size, compared.ours]);
    }
  }
  return { figures, growth: [{ what: 'overlay', by: 'intervals', unit: 'ms', points: grown }] };
}
