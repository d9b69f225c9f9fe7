// When a connection is to be looked at again though nobody rings. Each kind keeps its own time on the `pull` row; the sparse index
// `due` holds the one that comes first.
import { createHash } from 'node:crypto';
import { days, hours, minutes, seconds, type Random } from '../platform/clock.ts';
import type { RowChange } from '../platform/lease.ts';
import { dueShard } from '../platform/shard.ts';

/** Milliseconds since the epoch. `dueTrailing` and `dueRelist` run under SYNC alone; `duePoll`, `dueRoll` and `dueWatch` need JOBS too. */
export interface Dues {
  /** The polling floor. */
  readonly duePoll?: number;
  /** The window moves on: a re-list. */
  readonly dueRoll?: number;
  /** Graph's deltas lag behind its notices: one more pull after one. */
  readonly dueTrailing?: number;
  /** An expired lease was taken over: whatever a zombie made anew must go. Or an event of ours is to be judged again. */
  readonly dueRelist?: number;
  /** A watch is to be renewed, or the last attempt at one failed. */
  readonly dueWatch?: number;
  /** The grant is dead: the platform is to be reminded. */
  readonly dueReminder?: number;
  /** It is polled fast, since its notices can't be relied on: upkeep counts these by their shards. */
  readonly tight?: number;
}
export type DueKind = 'poll' | 'roll' | 'trailing' | 'relist' | 'watch' | 'reminder';

export const trailingAfter = seconds(90);
export const relistAfterTakeover = minutes(10);
const week = days(7);

/** Which kinds are due now. */
export const dueKinds = (dues: Dues, now: number): ReadonlySet<DueKind> =>
  new Set(
    ([['poll', dues.duePoll], ['roll', dues.dueRoll], ['trailing', dues.dueTrailing], ['relist', dues.dueRelist], ['watch', dues.dueWatch], ['reminder', dues.dueReminder]] as const).flatMap(([kind, at]) =>
      at !== undefined && at <= now ? [kind] : [],
    ),
  );

/**
 * The index's attributes. What SYNC alone may run goes first, so that with JOBS off it isn't hidden behind a poll that may not run;
 * a poll waits at most the ten minutes of a re-list for it, and that re-list reads all that the poll would have read.
 */
export function dueIndex(dues: Dues, connectionId: string): { dueAt: number; dueShard: string } {
  const bySync = Math.min(dues.dueTrailing ?? Infinity, dues.dueRelist ?? Infinity);
  if (bySync < Infinity) return { dueAt: bySync, dueShard: dueShard('sync', connectionId) };
  const first = Math.min(dues.duePoll ?? Infinity, dues.dueRoll ?? Infinity, dues.dueWatch ?? Infinity, dues.dueReminder ?? Infinity, Number.MAX_SAFE_INTEGER);
  return { dueAt: first, dueShard: dueShard(dues.tight === undefined ? 'jobs' : 'tight', connectionId) };
}

/** Fleet figures, as upkeep counts them hourly. */
export interface Fleet {
  readonly connections: number;
  /** Those whose watch is unproven, dead, or refused at a gate. */
  readonly unproven: number;
}

/** Fast while notices can't be relied on, slow once they can; stretched with the fleet, since Google bills above 1,000,000 calls a day and project. */
export const pollPeriod = (proven: boolean, fleet: Fleet): number =>
  proven ? Math.min(hours(12), Math.max(hours(1), (fleet.connections / 10_000) * hours(1))) : Math.max(minutes(5), minutes(fleet.unproven / 300));

/** ± 25 %, so that polls don't march in step. */
export const jittered = (period: number, random: Random): number => Math.round(period * (0.75 + 0.5 * random()));

/** The next weekly moment of a connection, spread over the week by a hash of its id. */
export function nextRoll(connectionId: string, now: number): number {
  const phase = (createHash('sha256').update(connectionId).digest().readUInt32BE(8) / 2 ** 32) * week;
  return Math.floor((now - phase) / week + 1) * week + phase;
}

/** What the `pull` row must hold for these due times, the index's attributes included. */
export function dueChange(dues: Dues, connectionId: string): RowChange {
  const { duePoll, dueRoll, dueTrailing, dueRelist, dueWatch, dueReminder, tight } = dues;
  return { duePoll, dueRoll, dueTrailing, dueRelist, dueWatch, dueReminder, tight, ...dueIndex(dues, connectionId) };
}

interface PullDone {
  readonly connectionId: string;
  /** What was due and is now done. */
  readonly done: ReadonlySet<DueKind>;
  /** A complete list was made: the window begins anew. */
  readonly listed: boolean;
  /** Set anew by a pull that answered a notice. */
  readonly trailing: boolean;
  /** An event of ours could not be judged yet: a complete list shows it again. */
  readonly lookAgain?: boolean;
  readonly dueWatch: number;
  /** Its notices can be relied on. */
  readonly proven: boolean;
  readonly now: number;
  readonly period: number;
  readonly random: Random;
}

/** The due times after a pull. */
export function duesAfter(before: Dues, { connectionId, done, listed, trailing, lookAgain, dueWatch, proven, now, period, random }: PullDone): Dues {
  const kept = (kind: DueKind, at: number | undefined): number | undefined => (done.has(kind) ? undefined : at);
  const dueTrailing = trailing ? now + trailingAfter : kept('trailing', before.dueTrailing);
  const dueRelist = lookAgain ? now + relistAfterTakeover : kept('relist', before.dueRelist);
  return {
    duePoll: now + jittered(period, random),
    dueRoll: listed || before.dueRoll === undefined ? nextRoll(connectionId, now) : before.dueRoll,
    dueWatch,
    ...(!proven && { tight: 1 }),
    ...(dueTrailing !== undefined && { dueTrailing }),
    ...(dueRelist !== undefined && { dueRelist }),
  };
}
