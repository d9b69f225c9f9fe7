// One page of a provider's future bookings, marked pending and rung for; then a hint for the next page. Safe to run twice: a mark too many
// costs a drain that finds nothing to do.
import type { Clock } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { lateAfter, type LateDues } from '../platform/late-dues.ts';
import type { BookingHint, ProviderHint } from '../platform/messages.ts';
import type { Bookings } from './bookings.ts';
import type { FutureBookings } from './future-bookings.ts';

export interface MarkProviderParts {
  readonly bookings: Pick<Bookings, 'mark'>;
  readonly future: FutureBookings;
  readonly late: LateDues;
  /** Marks a connection as a notice would, and rings for it. */
  readonly markConnection: (connectionId: string) => Promise<void>;
  readonly hints: HintQueue<BookingHint>;
  readonly providerHints: HintQueue<ProviderHint>;
  readonly clock: Clock;
}

const writesAtOnce = 10;

/** How many bookings it marked. */
export async function markProvider(parts: MarkProviderParts, hint: ProviderHint): Promise<number> {
  const now = parts.clock();
  const late = hint.late && (hint.after === undefined ? await takeUp(parts, hint.late, now) : hint.late);
  if (hint.late && !late) return 0;
  const page = await parts.future.page(hint.provider_id, { endsAfter: now, ...(hint.after !== undefined && { after: hint.after }) });
  const marked: string[] = [];
  await eachConcurrently(page.ids, writesAtOnce, async (id) => void ((await parts.bookings.mark(id, now)) && marked.push(id)));
  const story = hint.correlation === undefined ? {} : { correlation: hint.correlation };
  await parts.hints.sendAll(marked.map((booking_id) => ({ v: 1, hint: 'booking', booking_id, ...story })));
  if (page.next !== undefined) await parts.providerHints.send({ v: 1, hint: 'provider', provider_id: hint.provider_id, after: page.next, ...(late && { late }), ...story });
  else if (late) await parts.late.done(late.connection_id, late.due);
  return marked.length;
}

/** Upkeep rings every minute: a walk that is under way is not begun twice, and one that died is begun anew. */
async function takeUp(parts: MarkProviderParts, { connection_id, due }: NonNullable<ProviderHint['late']>, now: number): Promise<ProviderHint['late'] | undefined> {
  const until = now + lateAfter;
  if (!(await parts.late.postpone(connection_id, due, until))) return undefined;
  await parts.markConnection(connection_id);
  return { connection_id, due: until };
}
