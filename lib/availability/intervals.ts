// Busy time as intervals: merged, and laid over slots. Pure, in milliseconds, half-open [start, end).

export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Sorted and merged; intervals that touch become one. Expects nothing of the order. */
export function merged(intervals: readonly Interval[]): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.start - b.start);
  const out: { start: number; end: number }[] = [];
  let last: { start: number; end: number } | undefined;
  for (const { start, end } of sorted) {
    if (last && start <= last.end) {
      if (end > last.end) last.end = end;
    } else out.push((last = { start, end }));
  }
  return out;
}

/** Whether any of `busy` (sorted and merged) overlaps the span; by bisection. */
export function overlapsAny(busy: readonly Interval[], { start, end }: Interval): boolean {
  let [low, high] = [0, busy.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((busy[middle]?.end ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  const next = busy[low];
  return next !== undefined && next.start < end;
}

/** Each interval cut to the span; those outside are left out. */
export const within = (intervals: readonly Interval[], span: Interval): Interval[] =>
  intervals.flatMap(({ start, end }) => {
    const cut = { start: Math.max(start, span.start), end: Math.min(end, span.end) };
    return cut.start < cut.end ? [cut] : [];
  });
