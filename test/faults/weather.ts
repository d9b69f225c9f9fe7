// The weather of tables and queues that no local engine shows: indexes that lag, throttles, keys left over from a batch; messages doubled,
// out of order, in batches, or not taken.
import { seconds, type Random } from '../../lib/platform/clock.ts';
import { fair } from './doors.ts';
import type { FaultWorld } from './fault-world.ts';

export function badWeather({ tables, queues }: FaultWorld, luck: Random): void {
  Object.assign(tables.weather, {
    indexLag: () => (luck() < 0.3 ? luck() * seconds(20) : 0),
    throttled: () => luck() < 0.004,
    unprocessed: (keys: number) => (luck() < 0.3 ? Math.ceil(keys * luck()) : 0),
  });
  queues.weather = {
    doubled: () => luck() < 0.1,
    first: (lying) => Math.floor(luck() * lying),
    together: () => 1 + Math.floor(luck() * luck() * 10),
    refused: () => luck() < 0.05,
  };
}

export function fairWeather({ tables, queues }: FaultWorld): void {
  Object.assign(tables.weather, { indexLag: () => 0, throttled: () => false, unprocessed: () => 0 });
  queues.weather = fair();
}
