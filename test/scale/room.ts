import { googleQuota } from '../../lib/platform/quota.ts';
import { shipped, type Limits } from './limits.ts';
import type { Outcome } from './simulate.ts';

/** So wide that nothing is ever held up: what is used then is what the day asks for. Upkeep alone keeps a pace, or it would ring for a minute's work at once. */
export const unlimited = (connections: number): Limits => ({
  ...Object.fromEntries(Object.entries(shipped).map(([name, value]) => [name, value * 10_000])) as unknown as Limits,
  batchSize: shipped.batchSize,
  indexShards: shipped.indexShards,
  googleProjects: 1,
  upkeepPerTick: Math.max(shipped.upkeepPerTick, connections / 20),
});

/** What a day used of each limit at its worst moment, in the limit's own unit. */
export function demandOf({ loads }: Outcome, limits: Limits): Limits {
  const used = Object.fromEntries(loads.map(({ limit, peak }) => [limit, peak * limits[limit]])) as Partial<Limits>;
  const shards = limits.indexShards * (loads.find(({ limit }) => limit === 'indexShards')?.peak ?? 0);
  const projects = Math.max((used.googlePerDay ?? 0) / shipped.googlePerDay, (used.googlePerMinute ?? 0) / (shipped.googlePerMinute * googleQuota.share.notice));
  return { ...shipped, ...used, indexShards: shards, googleProjects: Math.ceil(projects), batchSize: shipped.batchSize };
}

/** What stays free above the worst moment. */
const headroom = 1.3;

/** The limits under which that demand is met: as shipped where that is enough, else a third more than it used. */
export function roomFor(demand: Limits, given: Limits): Limits {
  const widened = Object.fromEntries((Object.keys(given) as (keyof Limits)[]).map((name) => [name, demand[name] * headroom <= given[name] ? given[name] : Math.ceil(demand[name] * headroom)])) as unknown as Limits;
  // Google's own numbers stay what they are: more calls mean more projects.
  return { ...widened, batchSize: given.batchSize, googlePerMinute: given.googlePerMinute, googlePerDay: given.googlePerDay, googleProjects: demand.googleProjects };
}
