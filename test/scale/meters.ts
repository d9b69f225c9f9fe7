// What each limit has seen: how much of it was used in its worst window, and how often it refused.
import { googleQuota } from '../../lib/platform/quota.ts';
import type { Limits, Load } from './limits.ts';

/** Units used in windows of a fixed length. */
class Window {
  private readonly seconds: number;
  private readonly room: number;
  private window = -1;
  private used = 0;
  peak = 0;
  heldUp = 0;

  constructor(seconds: number, room: number) {
    this.seconds = seconds;
    this.room = room;
  }

  /** Takes units whatever the room. */
  take(now: number, units: number): void {
    const window = Math.floor(now / this.seconds);
    if (window !== this.window) [this.window, this.used] = [window, 0];
    this.used += units;
    this.peak = Math.max(this.peak, this.used / this.room);
  }

  /** Used so far in the window of this moment. */
  usedAt(now: number): number {
    return Math.floor(now / this.seconds) === this.window ? this.used : 0;
  }

  /** Takes units if there is room for them in this share of it, else counts a refusal. */
  tryTake(now: number, units: number, share = 1): boolean {
    if (this.usedAt(now) + units > this.room * share) {
      this.heldUp += 1;
      this.peak = Math.max(this.peak, 1);
      return false;
    }
    this.take(now, units);
    return true;
  }
}

const keepWarmSeconds = 600;
const refreshSeconds = 25;

export class Meters {
  private readonly limits: Limits;
  readonly api: Window;
  readonly webhooks: Window;
  readonly writes: Window;
  private readonly shards: Window[];
  private readonly perMinute: Window[];
  private readonly perDay: Window[];
  private readonly ssm: Window;
  private readonly peaks = { workers: 0, workersHeldUp: 0, lambda: 0, upkeep: 0, upkeepHeldUp: 0 };
  /** Warm environments, and when the number was last reached. */
  private warm = { count: 0, at: 0, asked: -1 };

  constructor(limits: Limits) {
    this.limits = limits;
    this.api = new Window(1, limits.apiRequests);
    // So many seconds of work fit into one second.
    this.webhooks = new Window(1, limits.webhookConcurrency);
    this.writes = new Window(1, limits.tableWrites);
    this.shards = Array.from({ length: limits.indexShards }, () => new Window(1, 1000));
    this.perMinute = Array.from({ length: limits.googleProjects }, () => new Window(googleQuota.window / 1000, limits.googlePerMinute / 5));
    this.perDay = Array.from({ length: limits.googleProjects }, () => new Window(86_400, limits.googlePerDay));
    this.ssm = new Window(1, limits.ssmCalls);
  }

  /** Entries of the dirty and due indexes that a connection's writes change. */
  index(now: number, id: number, units: number): void {
    this.shards[id % this.shards.length]?.take(now, units);
  }

  /** A call to Google, for a pull. */
  google(now: number, project: number): boolean {
    if (this.perMinute[project]?.tryTake(now, 1, googleQuota.share.notice) !== true) return false;
    this.perDay[project]?.take(now, 1);
    return true;
  }

  /** Batches at work, and hints that wait for one. Environments are taken to stay warm for ten minutes, and to read their settings every 25 s. */
  workers(now: number, { busy, waiting }: { busy: number; waiting: number }): void {
    const { peaks, limits } = this;
    peaks.workers = Math.max(peaks.workers, busy / limits.workerConcurrency);
    if (waiting > 0 && busy >= limits.workerConcurrency) peaks.workersHeldUp += 1;
    const inUse = busy + Math.ceil(this.webhooks.usedAt(now));
    peaks.lambda = Math.max(peaks.lambda, inUse / limits.lambdaConcurrency);
    if (inUse > this.warm.count) {
      this.ssm.take(now, inUse - this.warm.count);
      this.warm = { ...this.warm, count: inUse, at: now };
    } else if (now - this.warm.at > keepWarmSeconds) this.warm = { ...this.warm, count: inUse, at: now };
    const second = Math.floor(now);
    if (second !== this.warm.asked) {
      this.warm.asked = second;
      this.ssm.take(now, this.warm.count / refreshSeconds);
    }
  }

  upkeep(due: number): void {
    this.peaks.upkeep = Math.max(this.peaks.upkeep, due / this.limits.upkeepPerTick);
    this.peaks.upkeepHeldUp += Math.max(0, due - this.limits.upkeepPerTick);
  }

  /** The most loaded first. */
  loads(): Load[] {
    const { peaks } = this;
    const worst = (windows: readonly Window[]): { peak: number; heldUp: number } => ({ peak: Math.max(...windows.map(({ peak }) => peak)), heldUp: windows.reduce((sum, { heldUp }) => sum + heldUp, 0) });
    const loads: Load[] = [
      { limit: 'apiRequests', ...worst([this.api]) },
      { limit: 'webhookConcurrency', ...worst([this.webhooks]) },
      { limit: 'workerConcurrency', peak: peaks.workers, heldUp: peaks.workersHeldUp },
      { limit: 'lambdaConcurrency', peak: peaks.lambda, heldUp: 0 },
      { limit: 'tableWrites', ...worst([this.writes]) },
      { limit: 'indexShards', ...worst(this.shards) },
      { limit: 'googlePerMinute', ...worst(this.perMinute) },
      { limit: 'googlePerDay', ...worst(this.perDay) },
      { limit: 'ssmCalls', ...worst([this.ssm]) },
      { limit: 'upkeepPerTick', peak: peaks.upkeep, heldUp: peaks.upkeepHeldUp },
    ];
    return loads.sort((a, b) => b.peak - a.peak);
  }
}
