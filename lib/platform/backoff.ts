import { minutes, seconds, type Random } from './clock.ts';

const shortest = seconds(30);
const longest = minutes(5);

/** Milliseconds to wait after the n-th failure in a row (n ≥ 1): jittered from 30 s up to a ceiling that doubles to 5 minutes. What the provider asked for is the least. */
export function backoff(failuresInARow: number, random: Random, retryAfterMs = 0): number {
  const ceiling = Math.min(longest, shortest * 2 ** Math.min(failuresInARow, 10));
  return Math.max(retryAfterMs, Math.round(shortest + (ceiling - shortest) * random()));
}
