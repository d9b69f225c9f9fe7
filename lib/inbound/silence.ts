// Tells a watch that has fallen silent: a poll found changes that no notice had told of, and none came after. Notices may be late, and our
// own writes ring too, so that a change of either kind counts once it has had its grace.
import { days, minutes } from '../platform/clock.ts';

/** On the `pull` row; one calendar is under suspicion at a time. */
export interface Suspicion {
  /** When a poll last found changes there that nothing had rung for; absent again once something rang, though perhaps for another calendar. */
  readonly missedAt?: number;
  /** Key of that calendar. */
  readonly missedIn?: string;
  /** How often. */
  readonly misses?: number;
}

/** How late a notice may be: also longer than Graph's deltas lag behind its notices. */
export const noticeGrace = minutes(15);
/** A watch that never delivered is thought silent only after this long, so that a receiver nobody reaches costs one new watch a day. */
const newbornGrace = days(1);

interface PollSeen {
  readonly now: number;
  /** A webhook has recorded something since the last complete pull. */
  readonly delivered: boolean;
  /** Key of the calendar whose watch rang for this pull, where the hint told. */
  readonly rang?: string | undefined;
  /** Whether deliveries of one watch can be taken for another's: more than one is watched apart. */
  readonly severalWatches: boolean;
  /** Nobody rang: the pull came because a poll was due, and for no other reason that explains changes. */
  readonly byPoll: boolean;
  /** When a webhook last delivered, as far as was noted. */
  readonly provenAt?: number | undefined;
  /** Keys of watched calendars whose cursor brought changes. */
  readonly changed: readonly string[];
}

/** The suspicion after a pull. */
export function suspect(before: Suspicion, seen: PollSeen): Suspicion {
  const { delivered, rang, severalWatches, now } = seen;
  const missedIn = before.missedIn;
  if (delivered && (!severalWatches || rang === missedIn)) return {};
  if (delivered) return missedIn === undefined ? {} : { missedIn, misses: before.misses ?? 0 };
  const settled = seen.provenAt === undefined || now - seen.provenAt > noticeGrace;
  const struck = seen.byPoll && settled ? (seen.changed.find((key) => key === missedIn) ?? (missedIn === undefined ? seen.changed[0] : undefined)) : undefined;
  if (struck === undefined) return before;
  return { missedAt: before.missedAt ?? now, missedIn: struck, misses: (before.misses ?? 0) + 1 };
}

/** The calendar whose watch is to be replaced, if one is. `madeAt`: when that watch was made. */
export function silentCalendar({ missedAt, missedIn, misses = 0 }: Suspicion, { now, provenAt, madeAt = 0 }: { now: number; provenAt?: number | undefined; madeAt?: number | undefined }): string | undefined {
  if (missedIn === undefined || missedAt === undefined) return undefined;
  if (now - madeAt < (provenAt === undefined ? newbornGrace : noticeGrace)) return undefined;
  return misses >= 2 || now - missedAt >= noticeGrace ? missedIn : undefined;
}
