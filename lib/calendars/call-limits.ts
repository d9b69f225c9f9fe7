import type { Clock } from '../platform/clock.ts';
import type { Session } from './port.ts';
import { CalendarError } from './port.ts';

/**
 * The abort signal of one call of at most `ms` milliseconds. Throws CalendarError `out_of_time` where such a call could end after
 * the lease: a write that lands later could undo the next holder's.
 */
export function callSignal(session: Pick<Session, 'endsAt'>, clock: Clock, ms: number): AbortSignal {
  if (clock() + ms > session.endsAt) throw new CalendarError('out_of_time');
  return AbortSignal.timeout(ms);
}
