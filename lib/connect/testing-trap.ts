// The trap of Google's testing mode: while an app's publishing status is Testing, Google ends every grant seven days after it was given
// (https://developers.google.com/identity/protocols/oauth2). It tells so only in the answer to the code, if at all.
import { days, hours, minutes } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';

type Given = Pick<Connection, 'calendar_provider' | 'granted_at' | 'grant_ends_at'>;

const life = days(7);
/** A death is found by the next call: the last access token lives an hour, and the longest poll period is twelve hours, late by a quarter. */
const foundWithin = hours(17);

/** Whether a grant found dead at `deadAt` died as those of an app in testing do. */
export function endedInTesting({ calendar_provider, granted_at, grant_ends_at }: Given, deadAt: number): boolean {
  if (calendar_provider !== 'google') return false;
  if (grant_ends_at !== undefined) return Math.abs(grant_ends_at - granted_at - life) < hours(1) && deadAt >= grant_ends_at - minutes(5);
  return deadAt >= granted_at + life - hours(1) && deadAt <= granted_at + life + foundWithin;
}

const publish = 'Google does so while the app’s publishing status is Testing: publish it, as docs/connect.md tells, then have the person consent again.';

/** For whoever asks how a connection stands: of a grant that is going to end while there is time to do something about it, and of one that has. */
export function grantWarnings(connection: Given & Pick<Connection, 'state' | 'dead_at'>): string[] {
  const { calendar_provider, state, dead_at, grant_ends_at } = connection;
  if (state === 'reauthorization_required') return dead_at !== undefined && endedInTesting(connection, dead_at) ? [`Google ended this grant seven days after it was given. ${publish}`] : [];
  if (grant_ends_at === undefined) return [];
  return [`The calendar provider said that it ends this grant on ${new Date(grant_ends_at).toISOString()}; the person must consent again before then.${calendar_provider === 'google' ? ` ${publish}` : ''}`];
}
