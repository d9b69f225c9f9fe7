// What is dirty, due or pending and could be worked on: rows of providers who are off the list wait for good, so that upkeep does not ring for
// them, and no alarm does.
import { syncGate, type SettingsSnapshot } from '../platform/settings.ts';

/** What waits since `at` (ms), and whose it is; a row of an earlier release may not say. */
export interface Waiting {
  readonly at: number;
  readonly providerId: string | undefined;
}

/** Counts over one tick. */
export class HeldUp {
  waiting = 0;
  private readonly snapshot: SettingsSnapshot;
  private readonly now: number;

  constructor(snapshot: SettingsSnapshot, now: number) {
    this.snapshot = snapshot;
    this.now = now;
  }

  admits(providerId: string | undefined): boolean {
    return providerId === undefined || syncGate(this.snapshot, providerId) === 'open';
  }

  /** Counts those who are admitted; gives the time of the oldest, or now. */
  count(waiting: readonly Waiting[]): number {
    const times = waiting.filter(({ providerId }) => this.admits(providerId)).map(({ at }) => at);
    this.waiting += times.length;
    return Math.min(this.now, ...times);
  }
}
