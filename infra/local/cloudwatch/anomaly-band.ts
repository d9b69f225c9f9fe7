import type { Band } from './alarm-state.ts';

/** So many datapoints before it says anything. */
const leastHistory = 6;
const longestHistory = 96;

/**
 * A stand-in for CloudWatch's anomaly detection, whose model is its own and learns two weeks of hours and weekdays: mean ± `width` standard
 * deviations of what came before, the newest left out, and never narrower than one standard deviation of a Poisson process of that mean. It
 * knows neither hours nor days. Undefined until enough came: then nothing is an anomaly.
 */
export function anomalyBand(before: readonly number[], width: number): Band | undefined {
  const history = before.slice(-longestHistory);
  if (history.length < leastHistory) return undefined;
  const mean = history.reduce((sum, value) => sum + value, 0) / history.length;
  const variance = history.reduce((sum, value) => sum + (value - mean) ** 2, 0) / history.length;
  const deviation = Math.max(Math.sqrt(variance), Math.sqrt(Math.abs(mean)), 1);
  return { lower: mean - width * deviation, upper: mean + width * deviation };
}
