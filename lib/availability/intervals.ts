// Busy time as intervals: merged, and laid over slots. Pure, half-open [start, end).

/** In ms, or as `toISOString` tells instants, which sort alike. */
export interface Interval<Instant extends number | string = number> {
  readonly start: Instant;
  readonly end: Instant;
}

export const inMs = ({ start, end }: Interval<string>): Interval => ({ start: Date.parse(start), end: Date.parse(end) });

/** Sorted and merged; intervals that touch become one. Expects nothing of the order. */
export function merged<Instant extends number | string>(intervals: readonly Interval<Instant>[]): Interval<Instant>[] {
  const sorted = [...intervals].sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
  const out: { start: Instant; end: Instant }[] = [];
  let last: { start: Instant; end: Instant } | undefined;
  for (const { start, end } of sorted) {
    if (last && start <= last.end) {
      if (end > last.end) last.end = end;
    } else out.push((last = { start, end }));
  }
  return out;
}

/** Those of the slots that overlap busy time, which may come in any order: the slots are sorted, as they are the fewer, and each is looked at until it is taken. */
export function takenOf<Slot extends Interval>(slots: readonly Slot[], busy: Iterable<Interval>): ReadonlySet<Slot> {
  const open = [...slots].sort((a, b) => a.end - b.end);
  const longest = open.reduce((most, { start, end }) => Math.max(most, end - start), 0);
  const taken = new Set<Slot>();
  for (const { start, end } of busy) {
    if (open.length === 0) break;
    let at = firstEndingAfter(open, start);
    for (let slot = open[at]; slot !== undefined && slot.end < end + longest; slot = open[at]) {
      if (slot.start >= end) at += 1;
      else {
        taken.add(slot);
        open.splice(at, 1);
      }
    }
  }
  return taken;
}

/** By bisection. */
function firstEndingAfter(byEnd: readonly Interval[], instant: number): number {
  let [low, high] = [0, byEnd.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((byEnd[middle]?.end ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Each interval cut to the span; those outside are left out. */
export const within = <Instant extends number | string>(intervals: readonly Interval<Instant>[], span: Interval<Instant>): Interval<Instant>[] =>
  intervals.flatMap(({ start, end }) => {
    const cut = { start: start < span.start ? span.start : start, end: end > span.end ? span.end : end };
    return cut.start < cut.end ? [cut] : [];
  });
