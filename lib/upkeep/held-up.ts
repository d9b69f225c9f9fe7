// What is dirty, due or pending for a while and could be worked on: rows of providers who are off the list wait for good, and no alarm is to
// ring for them.
import { connections } from '../platform/connections.ts';
import { minutes } from '../platform/clock.ts';
import { syncGate, type SettingsSnapshot } from '../platform/settings.ts';
import type { UpkeepParts } from './tick.ts';
import type { IndexEntry } from './walk.ts';

/** Most rows are worked on long before this, so that few connections are ever read here. */
const old = minutes(5);
/** A list that was narrowed may leave thousands waiting, whom nobody is to read every minute. */
const mostReads = 300;

/** Counts over one tick. */
export class HeldUp {
  waiting = 0;
  private reads = 0;
  private readonly parts: Pick<UpkeepParts, 'dynamo' | 'tables'>;
  private readonly snapshot: SettingsSnapshot;
  private readonly now: number;

  constructor(parts: Pick<UpkeepParts, 'dynamo' | 'tables'>, snapshot: SettingsSnapshot, now: number) {
    this.parts = parts;
    this.snapshot = snapshot;
    this.now = now;
  }

  /** Counts entries of an index by connection; gives the time of the oldest that counts, or now. */
  async connections(entries: readonly IndexEntry[], timeName: string): Promise<number> {
    const timed = entries.map((entry) => ({ id: entry['connection_id']?.S ?? '', at: Number(entry[timeName]?.N) }));
    const aged = timed.filter(({ at }) => at < this.now - old);
    const asked = aged.slice(0, mostReads - this.reads);
    this.reads += asked.length;
    const found = asked.length === 0 ? [] : await connections(this.parts.dynamo, this.parts.tables.connections).getAll(asked.map(({ id }) => id));
    const admitted = new Set(found.filter(({ provider_id }) => this.admits(provider_id)).map(({ connection_id }) => connection_id));
    return this.count(timed.filter((one) => !aged.includes(one) || admitted.has(one.id)).map(({ at }) => at));
  }

  /** Counts bookings, by when each became pending and whose it is. */
  bookings(waiting: readonly { readonly at: number; readonly providerId: string }[]): number {
    return this.count(waiting.filter(({ providerId }) => this.admits(providerId)).map(({ at }) => at));
  }

  private admits(providerId: string): boolean {
    return syncGate(this.snapshot, providerId) === 'open';
  }

  private count(times: readonly number[]): number {
    this.waiting += times.length;
    return Math.min(this.now, ...times);
  }
}
