// A day of a fleet as discrete events in steps of a tenth of a second: changes, notices, marks, hints, batches, pulls, polls, quotas.
// Of the product it runs the rules that decide rates (poll period, jitter, shares of the quota); how long things last is stated below.
import { changesIn, lasting, poisson, type Fleet } from './day.ts';
import type { Limits, Load } from './limits.ts';
import { Meters } from './meters.ts';
import { Plan } from './plan.ts';
import { Quantiles } from './quantiles.ts';

export interface Settings {
  readonly fleet: Fleet;
  readonly limits: Limits;
  readonly random: () => number;
  readonly progress?: (hour: number) => void;
}

export interface Hour {
  readonly hour: number;
  readonly notices: number;
  readonly pulls: number;
  /** Hints waiting, at the most. */
  readonly backlog: number;
  /** Seconds between a change and its being seen, of what was seen in this hour. */
  readonly p50: number;
  readonly p99: number;
}

export interface Outcome {
  readonly counts: Readonly<Record<keyof ReturnType<typeof nothing>, number>>;
  readonly hours: readonly Hour[];
  /** Seconds. */
  readonly staleness: Readonly<Record<'p50' | 'p95' | 'p99' | 'p999' | 'max', number>>;
  /** The most loaded first. */
  readonly loads: readonly Load[];
  /** Connections with a change that was not seen when the day ended. */
  readonly unseen: number;
}

/** `lost`: the gateway's 429 to Google, which is not repeated; a poll finds the change. Milliseconds are billed ones. */
const nothing = () => ({ changes: 0, notices: 0, lost: 0, coalesced: 0, hints: 0, batches: 0, pulls: 0, rung: 0, googleCalls: 0, graphCalls: 0, stateWrites: 0, webhookMs: 0, workerMs: 0 });

/**
 * Seconds: ours as `npm run bench:webhook` and `npm run bench:freshness` measure them, and a calendar provider's answer and its notice's
 * way to us, which are assumed.
 */
const lasts = {
  webhook: { median: 0.02, spread: 0.5 },
  google: { median: 0.25, spread: 0.6 },
  graph: { median: 0.45, spread: 0.6 },
  noticeOnItsWay: { median: 1.5, spread: 0.7 },
} as const;
/** Write units of sync-state: a notice's one; of a pull the lease, the cursor, the release and the clear. */
const writes = { notice: 1, pull: 4 } as const;
/** Of those, what changes an entry of an index: the mark; the due time, removed and put, and the mark's removal. */
const indexWrites = { mark: 1, pull: 3 } as const;

const step = 0.1;
const daySeconds = 86_400;
const tickSeconds = 50;
const Event = { hint: 0, done: 1, free: 2, notice: 3, ring: 4 } as const;
type Event = (typeof Event)[keyof typeof Event];
const ids = 2 ** 22;
/** A connection's mark, as bits. */
const marked = 1, pulled = 2, noticedMeanwhile = 4, byNotice = 8;

class Day {
  readonly counts = nothing();
  readonly all = new Quantiles();
  readonly hours: Hour[] = [];
  readonly meters: Meters;
  /** By connection: since when something is unseen, and something that came after the pull under way began; 0 is never. */
  readonly unseenSince: Float64Array;
  private readonly unseenNext: Float64Array;
  private readonly settings: Settings;
  private readonly plan: Plan;
  private readonly googles: number;
  private readonly state: Uint8Array;
  private readonly events: (number[] | undefined)[] = new Array<number[] | undefined>(daySeconds / step);
  private waiting: number[] = [];
  private head = 0;
  private busy = 0;
  private hour = { notices: 0, pulls: 0, backlog: 0, seen: new Quantiles() };

  constructor(settings: Settings) {
    const { fleet, limits, random } = settings;
    this.settings = settings;
    this.meters = new Meters(limits);
    this.plan = new Plan(fleet, random);
    this.googles = Math.round(fleet.connections * fleet.googleShare);
    this.state = new Uint8Array(fleet.connections);
    this.unseenSince = new Float64Array(fleet.connections);
    this.unseenNext = new Float64Array(fleet.connections);
  }

  run(): void {
    const { fleet, random } = this.settings;
    for (let slot = 0; slot < daySeconds / step; slot += 1) {
      const now = slot * step;
      if (slot % (60 / step) === 0) this.upkeep(now);
      for (let left = poisson(changesIn(now, fleet) * step, random); left > 0; left -= 1) this.change(now, Math.floor(random() * fleet.connections));
      for (const event of this.events[slot] ?? []) this.happens(now, Math.floor(event / ids) as Event, event % ids);
      this.events[slot] = undefined;
      this.work(now);
      if ((slot + 1) % (3600 / step) === 0) this.closeHour(Math.floor(now / 3600));
    }
  }

  private at(seconds: number, event: Event, id: number): void {
    const slot = Math.ceil(seconds / step);
    if (slot < this.events.length) (this.events[slot] ??= []).push(event * ids + id);
  }

  private happens(now: number, event: Event, id: number): void {
    if (event === Event.notice) this.notice(now, id);
    else if (event === Event.hint) this.hint(id);
    else if (event === Event.done) this.done(now, id);
    else if (event === Event.ring) this.ring(id);
    else this.busy -= 1;
  }

  private change(now: number, id: number): void {
    const { fleet, random } = this.settings;
    this.counts.changes += 1;
    const unseen = ((this.state[id] ?? 0) & pulled) === 0 ? this.unseenSince : this.unseenNext;
    if (unseen[id] === 0) unseen[id] = now;
    if (random() >= fleet.lostNotices) this.at(now + lasting(lasts.noticeOnItsWay, random), Event.notice, id);
  }

  private notice(now: number, id: number): void {
    const { meters, counts } = this;
    const { random } = this.settings;
    if (!meters.api.tryTake(now, 1)) {
      if (id < this.googles) counts.lost += 1;
      else this.at(now + 30 * (1 + random()), Event.notice, id);
      return;
    }
    const seconds = lasting(lasts.webhook, random);
    // A 503, which both senders repeat.
    if (!meters.webhooks.tryTake(now, seconds) || !meters.writes.tryTake(now, writes.notice)) return this.at(now + 10 * (1 + random()), Event.notice, id);
    counts.webhookMs += seconds * 1000;
    counts.notices += 1;
    counts.stateWrites += writes.notice;
    this.mark(now, id);
  }

  private mark(now: number, id: number): void {
    const was = this.state[id] ?? 0;
    if (was === 0) {
      this.state[id] = marked | byNotice;
      this.meters.index(now, id, indexWrites.mark);
      this.hint(id);
      return;
    }
    this.counts.coalesced += 1;
    this.state[id] = was | byNotice | ((was & pulled) === 0 ? 0 : noticedMeanwhile);
  }

  private hint(id: number): void {
    this.counts.hints += 1;
    this.waiting.push(id);
  }

  /** Gives waiting hints to batches; each ends with its longest pull. */
  private work(now: number): void {
    const { limits } = this.settings;
    while (this.head < this.waiting.length && this.busy < limits.workerConcurrency) {
      const end = Math.min(this.waiting.length, this.head + limits.batchSize);
      let longest = 0.03;
      for (; this.head < end; this.head += 1) longest = Math.max(longest, this.pull(now, this.waiting[this.head] ?? 0));
      this.busy += 1;
      this.counts.batches += 1;
      this.counts.workerMs += longest * 1000;
      this.at(now + longest, Event.free, 0);
    }
    if (this.head > 500_000) [this.waiting, this.head] = [this.waiting.slice(this.head), 0];
    const waiting = this.waiting.length - this.head;
    this.meters.workers(now, { busy: this.busy, waiting });
    this.hour.backlog = Math.max(this.hour.backlog, waiting);
  }

  /** How many seconds it takes. */
  private pull(now: number, id: number): number {
    const { meters, counts, settings } = this;
    const was = this.state[id] ?? 0;
    if ((was & marked) === 0 || (was & pulled) !== 0) return 0;
    const google = id < this.googles;
    // Short of budget: the pull backs off to the next window.
    if ((google && !meters.google(now, id % settings.limits.googleProjects)) || !meters.writes.tryTake(now, writes.pull)) {
      this.at(now + 15 * (1 + settings.random()), Event.hint, id);
      return 0;
    }
    const seconds = lasting(google ? lasts.google : lasts.graph, settings.random);
    counts[google ? 'googleCalls' : 'graphCalls'] += 1;
    counts.pulls += 1;
    counts.stateWrites += writes.pull;
    meters.index(now, id, indexWrites.pull);
    this.state[id] = was | pulled;
    this.at(now + seconds, Event.done, id);
    return seconds;
  }

  private done(now: number, id: number): void {
    const was = this.state[id] ?? 0;
    const again = (was & noticedMeanwhile) !== 0;
    this.state[id] = again ? marked | byNotice : 0;
    if (again) this.at(now + 1, Event.hint, id);
    this.plan.pulled(id, now);
    if ((was & byNotice) !== 0 && id >= this.googles) this.plan.trail(id, now);
    const since = this.unseenSince[id] ?? 0;
    this.unseenSince[id] = this.unseenNext[id] ?? 0;
    this.unseenNext[id] = 0;
    if (since === 0) return;
    this.all.add(now - since);
    this.hour.seen.add(now - since);
  }

  /** A tick rings one page after the other, for as many as it can in its 50 seconds. */
  private upkeep(now: number): void {
    const { upkeepPerTick } = this.settings.limits;
    const due = this.plan.due(now);
    this.meters.upkeep(due.length);
    for (const [index, id] of due.entries()) {
      if (index >= upkeepPerTick) this.plan.again(id, now);
      else this.at(now + (index * tickSeconds) / upkeepPerTick, Event.ring, id);
    }
  }

  private ring(id: number): void {
    if (this.state[id] !== 0) return;
    this.counts.rung += 1;
    this.state[id] = marked;
    this.hint(id);
  }

  private closeHour(hour: number): void {
    const { notices, pulls, backlog, seen } = this.hour;
    const { counts } = this;
    this.hours.push({ hour, notices: counts.notices - notices, pulls: counts.pulls - pulls, backlog, p50: seen.at(0.5), p99: seen.at(0.99) });
    this.hour = { notices: counts.notices, pulls: counts.pulls, backlog: 0, seen: new Quantiles() };
    this.settings.progress?.(hour);
  }
}

/** Lives one day of a fleet under these limits. The same random numbers give the same day. */
export function simulate(settings: Settings): Outcome {
  const day = new Day(settings);
  day.run();
  const { counts, hours, all, meters, unseenSince } = day;
  return {
    counts,
    hours,
    staleness: { p50: all.at(0.5), p95: all.at(0.95), p99: all.at(0.99), p999: all.at(0.999), max: all.at(1) },
    loads: meters.loads(),
    unseen: unseenSince.reduce((sum, since) => sum + (since > 0 ? 1 : 0), 0),
  };
}
