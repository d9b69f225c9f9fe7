// How many connections one Google project and one tick of upkeep can carry: from the same functions and numbers that run.
import { days, minutes, seconds } from '../../lib/platform/clock.ts';
import { pollPeriod } from '../../lib/inbound/due.ts';

/** Above this Google bills: https://developers.google.com/workspace/calendar/api/guides/quota */
export const googleDailyCalls = 1_000_000;

export interface Calendars {
  /** Google calendars that are read, for each connection. */
  readonly perConnection: number;
  /** Changes a day in each connection's calendars: each is a notice, and a pull. */
  readonly changesPerDay: number;
}

/** Calls to Google a day of a fleet whose watches all deliver: a call a calendar for each poll and each notice, and the watches' own. */
export function callsPerDay(connections: number, { perConnection, changesPerDay }: Calendars): number {
  const polls = days(1) / pollPeriod(true, { connections, unproven: 0 });
  // A channel of a week is renewed after five days or so, by two calls.
  const watching = (2 * perConnection) / 5;
  return connections * ((polls + changesPerDay) * perConnection + watching);
}

/** Calls a day of connections that all are polled fast, such as while webhooks are off. */
export const callsPerDayUnheard = (connections: number, perConnection: number): number => connections * perConnection * (days(1) / pollPeriod(false, { connections, unproven: connections }));

/** The most connections whose calls stay below what Google bills. */
export function mostConnections(calendars: Calendars): number {
  let [low, high] = [0, 10_000_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (callsPerDay(middle, calendars) <= googleDailyCalls) low = middle;
    else high = middle;
  }
  return low;
}

/** How many connections fall due in a minute, when all deliver and when none does. */
export const duePerTick = (connections: number): { proven: number; unproven: number } => ({
  proven: connections / (pollPeriod(true, { connections, unproven: 0 }) / minutes(1)),
  unproven: connections / (pollPeriod(false, { connections, unproven: connections }) / minutes(1)),
});

/** What one tick of 50 s rings for, where each page of 100 due rows takes so many ms: a query, a batch read, ten batches of hints. */
export const rungInOneTick = (msPerPage: number): number => Math.floor(seconds(50) / msPerPage) * 100;

/** The staleness that the polling floor allows, in ms: a period, late by a quarter, and the timer's minute. */
export const worstStaleness = (connections: number): number => pollPeriod(true, { connections, unproven: 0 }) * 1.25 + minutes(1);
