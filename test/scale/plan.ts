// When upkeep rings though nobody else does: the product's own rules of polls, kept by minutes.
import { jittered, pollPeriod, trailingAfter } from '../../lib/inbound/due.ts';
import type { Fleet } from './day.ts';

/** Due times of a fleet, in seconds. */
export class Plan {
  private readonly poll: Float64Array;
  /** 0: none. */
  private readonly trailing: Float64Array;
  private readonly minutes = new Map<number, number[]>();
  private readonly period: number;
  private readonly random: () => number;

  constructor({ connections }: Fleet, random: () => number) {
    this.poll = new Float64Array(connections);
    this.trailing = new Float64Array(connections);
    this.period = pollPeriod(true, { connections, unproven: 0 });
    this.random = random;
    // The day before has spread them.
    for (let id = 0; id < connections; id += 1) this.plan(id, (this.poll[id] = (random() * jittered(this.period, random)) / 1000));
  }

  /** After every pull the poll is a period away. */
  pulled(id: number, now: number): void {
    this.poll[id] = now + jittered(this.period, this.random) / 1000;
  }

  /** After a pull that a notice of Graph asked for: one more, since its deltas lag. */
  trail(id: number, now: number): void {
    this.trailing[id] = now + trailingAfter / 1000;
    this.plan(id, this.trailing[id] ?? 0);
  }

  /** All that fell due in the minute that ends now. What a notice has postponed meanwhile is planned anew. */
  due(now: number): number[] {
    const minute = Math.floor(now / 60) - 1;
    const found: number[] = [];
    for (const id of this.minutes.get(minute) ?? []) {
      const trails = (this.trailing[id] ?? 0) > 0 && (this.trailing[id] ?? 0) <= now;
      if (trails || (this.poll[id] ?? 0) <= now) {
        this.trailing[id] = 0;
        found.push(id);
      }
      if ((this.poll[id] ?? 0) > now) this.plan(id, this.poll[id] ?? 0);
    }
    this.minutes.delete(minute);
    return found;
  }

  /** Looked at again in the next tick. */
  again(id: number, now: number): void {
    this.poll[id] = now + 1;
    this.plan(id, now + 1);
  }

  private plan(id: number, seconds: number): void {
    const minute = Math.floor(seconds / 60);
    if (minute >= 1440) return;
    const there = this.minutes.get(minute);
    if (there) there.push(id);
    else this.minutes.set(minute, [id]);
  }
}
