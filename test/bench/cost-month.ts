// How often a connection does what in a month of thirty days; pure.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { nextRoll, pollPeriod } from '../../lib/inbound/due.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { usualLife } from '../../lib/platform/watched.ts';
import { changesIn, usualFleet } from '../scale/day.ts';

export interface Demand {
  readonly connections: number;
  readonly noticesPerDay: number;
  readonly bookingsPerDay: number;
  readonly questionsPerDay: number;
}

/** Of all bookings, how many are also moved, and how many cancelled. */
export const bookingChanges = { moved: 0.2, cancelled: 0.1 } as const;
const monthDays = 30;

/**
 * Polls in a day: one falls due when a period has passed without any pull, and notices come in each hour at that hour's own rate. With
 * pulls by chance at the rate r and a period T that is r ÷ (e^(rT) − 1) an hour.
 */
export function pollsPerDay({ connections, noticesPerDay }: Pick<Demand, 'connections' | 'noticesPerDay'>): number {
  const period = pollPeriod(true, { connections, unproven: 0 }) / hours(1);
  const fleet = { ...usualFleet, connections: 1, changesPerDay: noticesPerDay, storm: { at: 0, seconds: 1, share: 0 } };
  let polls = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    const rate = changesIn(hour * 3600, fleet) * 3600;
    polls += rate === 0 ? 1 / period : rate / Math.expm1(rate * period);
  }
  return polls;
}

/** Names of operations by how often one connection of this provider does them in a month. */
export function monthOf(provider: CalendarProvider, demand: Demand): Readonly<Record<string, number>> {
  const { noticesPerDay, bookingsPerDay, questionsPerDay } = demand;
  // Each of our own writes comes back as a notice.
  const writes = bookingsPerDay * (1 + bookingChanges.moved + bookingChanges.cancelled);
  const notices = noticesPerDay + writes;
  const polls = pollsPerDay({ ...demand, noticesPerDay: notices });
  const trailing = provider === 'microsoft' ? notices : 0;
  // A token lives for an hour: at most one refresh for each pull, and one for each hour. Renewals bring their own.
  const refreshed = Math.min(24, notices + polls);
  const refreshingPolls = Math.min(polls, refreshed);
  const perDay: Record<string, number> = {
    'a notice, accepted': notices,
    'a pull with one change': notices,
    ...(trailing > 0 && { 'a trailing pull': trailing }),
    'a poll, nothing new': polls - refreshingPolls,
    'a poll with a token refresh': refreshingPolls,
    // Between a fifth and two fifths of its life are left then.
    'a watch renewal, with a token refresh': days(1) / (0.7 * usualLife),
    'a weekly list': days(1) / (nextRoll('', days(14)) - nextRoll('', days(7))),
    'a booking, created': bookingsPerDay,
    'a booking, moved': bookingsPerDay * bookingChanges.moved,
    'a booking, cancelled': bookingsPerDay * bookingChanges.cancelled,
    'an availability question': questionsPerDay,
    'upkeep: rung for': polls + trailing,
    'upkeep: counted': 24,
  };
  return Object.fromEntries(Object.entries(perDay).map(([what, times]) => [what, times * monthDays]));
}

/** Ticks of upkeep in a month, one a minute. */
export const ticksPerMonth = monthDays * 24 * 60;
