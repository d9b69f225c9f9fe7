import type { Clock } from '../../lib/platform/clock.ts';

/** A clock that runs `rate` times as fast as the wall's, from the same starting point in every process it is lent to. */
export interface VirtualClock {
  readonly now: Clock;
  readonly rate: number;
  /** How long a span of this clock takes on the wall, in milliseconds. */
  readonly wall: (span: number) => number;
  /** Node options that give a child process the same clock: its dates only, the deadlines of its calls too, or its timers too. None at rate 1. */
  readonly preload: (bend: 'dates' | 'dates and deadlines' | 'dates and timers') => string[];
}

export function virtualClock(rate = 1, wallNow: Clock = () => Date.now()): VirtualClock {
  if (!Number.isFinite(rate) || rate < 1 || rate > 10_000) throw new Error(`The clock runs 1 to 10000 times as fast, not ${rate}.`);
  const epoch = wallNow();
  return {
    rate,
    now: () => epoch + Math.round((wallNow() - epoch) * rate),
    wall: (span) => span / rate,
    preload: (bend) => (rate === 1 ? [] : ['--import', preloadUrl({ epoch, rate, bend })]),
  };
}

/** The numbers travel in the URL and not in the environment, which has to stay exactly as the template says. */
function preloadUrl(clock: { epoch: number; rate: number; bend: string }): string {
  const url = new URL('clock-preload.mjs', import.meta.url);
  url.searchParams.set('epoch', String(clock.epoch));
  url.searchParams.set('rate', String(clock.rate));
  url.searchParams.set('timers', String(clock.bend === 'dates and timers'));
  url.searchParams.set('deadlines', String(clock.bend === 'dates and deadlines'));
  return url.href;
}
