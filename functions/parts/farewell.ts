// What goodbyes are made of: a connection's steps, for inbound-sync, and a provider's erasing, for booking-sync.
import { consentDialogs } from '../../lib/connect/oauth-clients.ts';
import { beginLeaving } from '../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../lib/connect/connection-rows.ts';
import { eraseProvider } from '../../lib/connect/erase-provider.ts';
import { leave } from '../../lib/connect/leave.ts';
import { eraseBookings } from '../../lib/outbound/erase-bookings.ts';
import { drainPushes, removeOurEvents } from '../../lib/outbound/remove-our-events.ts';
import { connectionIdsOf, pushRows } from '../../lib/outbound/targets.ts';
import type { HintQueue } from '../../lib/platform/hint-queue.ts';
import { leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { InboundHint, ProviderHint } from '../../lib/platform/messages.ts';
import type { Common } from './workers.ts';

const rowsOf = ({ dynamo, env }: Common) => connectionRows(dynamo, { connections: env.CONNECTIONS_TABLE, syncState: env.SYNC_STATE_TABLE, busyIntervals: env.BUSY_INTERVALS_TABLE });

export function leavingFrom(parts: Common) {
  const { dynamo, env, connections, settings, open, tokens, changes, quota, clock, bookings, future, leases } = parts;
  const leaving = leavingRows(dynamo, env.SYNC_STATE_TABLE);
  const outbound = { bookings, future, leases, clock, pushRow: pushRows(dynamo, env.SYNC_STATE_TABLE) };
  const asked = {
    connections, leaving, settings, open, tokens, changes, quota, clock,
    rows: rowsOf(parts),
    dialog: consentDialogs({ redirectUri: '', consentUrl: '', oauthUrl: env.GOOGLE_OAUTH_URL, loginUrl: env.MICROSOFT_LOGIN_URL, clock }),
    drain: (connection: Parameters<typeof drainPushes>[1], endsAt: number) => drainPushes(outbound, connection, endsAt),
    removeEvents: (connection: Parameters<typeof removeOurEvents>[1], calendars: Parameters<typeof removeOurEvents>[2]['calendars'], endsAt: number) => removeOurEvents(outbound, connection, { calendars, endsAt }),
  };
  return { leaving, leave: (run: Parameters<typeof leave>[1]) => leave(asked, run) };
}

export function erasing(parts: Common, queues: { hints: HintQueue<InboundHint>; providerHints: HintQueue<ProviderHint> }): (providerId: string, endsAt: number) => Promise<number> {
  const { dynamo, env, connections, clock, bookings, future } = parts;
  const leaving = leavingRows(dynamo, env.SYNC_STATE_TABLE);
  const rows = rowsOf(parts);
  const asked = {
    connections, leaving, rows, clock,
    providerHints: queues.providerHints,
    connectionIdsOf: connectionIdsOf(dynamo, env.BUSY_INTERVALS_TABLE),
    begin: (connectionId: string, removes: boolean) => beginLeaving({ connections, leaving, rows, hints: queues.hints, clock }, connectionId, removes),
    eraseBookings: (providerId: string, endsAt: number) => eraseBookings({ dynamo, table: env.BOOKING_EVENTS_TABLE, bookings, future, clock }, providerId, endsAt),
  };
  return (providerId, endsAt) => eraseProvider(asked, providerId, endsAt);
}
