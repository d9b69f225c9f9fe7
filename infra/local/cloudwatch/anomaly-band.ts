import type { Band } from './alarm-state.ts';

/** So many datapoints before it says anything. */
const leastHistory = 6;
const longestHistory = 96;

/**
 * A stand-in for CloudWatch's anomaly detection, whose model is its own and learns two weeks of hours and weekdays: the median of what came before ± `width`
 * deviations, so that a trouble of an hour is not learned, and never narrower than of a Poisson process of that mean. It knows neither hours
 * nor days. Undefined until enough came: then nothing is an anomaly.
 */
export function anomalyBand(before: readonly number[], width: number): Band | undefined {
  const history = before.slice(-longestHistory);
  if (history.length < leastHistory) return undefined;
  const middle = median(history);
  // The median distance from the median is 0.6745 standard deviations where values are normal.
  const deviation = Math.max(median(history.map((value) => Math.abs(value - middle))) / 0.6745, Math.sqrt(Math.abs(middle)), 1);
  return { lower: middle - width * deviation, upper: middle + width * deviation };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
