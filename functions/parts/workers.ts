// What the two workers and sync-now are made of. Rooms don't import each other, so they are joined here.
import { randomUUID } from 'node:crypto';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import { grantDied } from '../../lib/connect/grant-died.ts';
import { refreshGrant, tellRefreshFailed } from '../../lib/connect/oauth-clients.ts';
import { tokenVault } from '../../lib/connect/token-vault.ts';
import { watchKeeper } from '../../lib/connect/watch-care.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { readFleet } from '../../lib/inbound/fleet.ts';
import type { InboundParts } from '../../lib/inbound/sync-connection.ts';
import { markConnection } from '../../lib/inbound/mark-connection.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { bookings } from '../../lib/outbound/bookings.ts';
import type { OutboundParts } from '../../lib/outbound/drain-booking.ts';
import { markProvider } from '../../lib/outbound/mark-provider.ts';
import { futureBookings } from '../../lib/outbound/future-bookings.ts';
import type { ForProvider } from '../../lib/outbound/receive-booking-message.ts';
import { ownEvents } from '../../lib/outbound/own-events.ts';
import { connectionIdsOf, pushRows } from '../../lib/outbound/targets.ts';
import { changesQueue } from '../../lib/platform/changes.ts';
import { dynamoClient, sqsClient, ssmClient, steady } from '../../lib/platform/clients.ts';
import { connections } from '../../lib/platform/connections.ts';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { inTurn } from '../../lib/platform/in-turn.ts';
import { lateDues } from '../../lib/platform/late-dues.ts';
import { leases } from '../../lib/platform/lease.ts';
import type { BookingHint, InboundHint, ProviderHint } from '../../lib/platform/messages.ts';
import { Env, functionSettings, Metric, type FunctionName } from '../../lib/platform/names.ts';
import { quota } from '../../lib/platform/quota.ts';
import { settings } from '../../lib/platform/settings.ts';
import { tellSettingsNotRead } from '../../lib/platform/telemetry.ts';
import { erasing, leavingFrom } from './farewell.ts';
import { telemetry } from './telemetry.ts';

const clock = Date.now;
const random = Math.random;
/** Three of 10,000 events fit into 256 MB beside all else. */
const listsAtOnce = 3;

const shared = [
  Env.settingsPath, Env.connectionsTable, Env.syncStateTable, Env.busyIntervalsTable, Env.bookingEventsTable, Env.bookingQueueUrl, Env.calendarChangesQueueUrl,
  Env.googleApiUrl, Env.googleOauthUrl, Env.microsoftGraphUrl, Env.microsoftLoginUrl,
] as const;

function common(name: FunctionName) {
  const env = readEnvironment(shared);
  const { measure, log, logger, newCorrelation } = telemetry();
  const dynamo = dynamoClient(steady);
  const sqs = sqsClient(steady);
  const gates = settings({ ssm: ssmClient(steady), path: env.SETTINGS_PATH, names: functionSettings[name], clock, random, onFailure: tellSettingsNotRead({ measure, log }) });
  const known = connections(dynamo, env.CONNECTIONS_TABLE);
  const changes = changesQueue(sqs, env.CALENDAR_CHANGES_QUEUE_URL);
  return {
    env, dynamo, sqs, logger, clock, random, measure, log, newCorrelation,
    connections: known,
    changes,
    settings: gates,
    leases: leases(dynamo, env.SYNC_STATE_TABLE),
    quota: quota({ dynamo, table: env.SYNC_STATE_TABLE, clock, random, waited: (purpose, whose) => measure(Metric.quotaWaits, 1, { purpose, whose }) }),
    open: { google: openGoogle({ apiUrl: env.GOOGLE_API_URL, clock }), microsoft: openMicrosoft({ graphUrl: env.MICROSOFT_GRAPH_URL, clock }) },
    tokens: tokenVault({ dynamo, table: env.CONNECTIONS_TABLE, connections: known, settings: gates, refresh: refreshGrant({ google: env.GOOGLE_OAUTH_URL, microsoft: env.MICROSOFT_LOGIN_URL }, clock, tellRefreshFailed({ measure, log })), clock }),
    grantDied: grantDied({ dynamo, connectionsTable: env.CONNECTIONS_TABLE, busyIntervalsTable: env.BUSY_INTERVALS_TABLE, changes, clock, log }),
    bookings: bookings(dynamo, env.BOOKING_EVENTS_TABLE),
    future: futureBookings(dynamo, env.BOOKING_EVENTS_TABLE),
    bookingHints: hintQueue<BookingHint>(sqs, env.BOOKING_QUEUE_URL, ({ booking_id }) => booking_id),
  };
}
export type Common = ReturnType<typeof common>;

export const outboundParts = (name: FunctionName): OutboundParts & Common => outboundFrom(common(name));
export const inboundParts = (name: FunctionName): InboundParts & Common => inboundFrom(common(name));
/** Both, over one set of clients. */
export function bothParts(name: FunctionName): { inbound: InboundParts & Common; outbound: OutboundParts & Common } {
  const parts = common(name);
  return { inbound: inboundFrom(parts), outbound: outboundFrom(parts) };
}

function outboundFrom(parts: Common): OutboundParts & Common {
  const { dynamo, env } = parts;
  return { ...parts, hints: parts.bookingHints, pushRow: pushRows(dynamo, env.SYNC_STATE_TABLE), connectionIdsOf: connectionIdsOf(dynamo, env.BUSY_INTERVALS_TABLE) };
}

function inboundFrom(parts: Common): InboundParts & Common {
  const { dynamo, sqs, env } = parts;
  const { INBOUND_QUEUE_URL, WEBHOOK_BASE_URL, WINDOW_BACK_DAYS, WINDOW_AHEAD_DAYS } = readEnvironment([Env.inboundQueueUrl, Env.webhookBaseUrl, Env.windowBackDays, Env.windowAheadDays]);
  return {
    ...parts,
    ...leavingFrom(parts),
    hints: hintQueue<InboundHint>(sqs, INBOUND_QUEUE_URL, ({ connection_id }) => connection_id),
    states: syncStates(dynamo, env.SYNC_STATE_TABLE),
    rows: busyRows(dynamo, env.BUSY_INTERVALS_TABLE),
    own: ownEvents({ bookings: parts.bookings, future: parts.future, changes: parts.changes, connections: parts.connections, hints: parts.bookingHints, clock }),
    fleet: readFleet(dynamo, { table: env.SYNC_STATE_TABLE, clock }),
    watches: watchKeeper({ dynamo, table: env.CONNECTIONS_TABLE, connections: parts.connections, webhookBaseUrl: WEBHOOK_BASE_URL, clock, newId: randomUUID }),
    listing: inTurn(listsAtOnce),
    windowDays: { back: Number(WINDOW_BACK_DAYS), ahead: Number(WINDOW_AHEAD_DAYS) },
  };
}

/** What hints for a whole provider ask of booking-sync. */
export function providerWork(common: Common): ForProvider {
  const { dynamo, sqs, env, clock, bookings: known, future, bookingHints } = common;
  const hints = hintQueue<InboundHint>(sqs, readEnvironment([Env.inboundQueueUrl]).INBOUND_QUEUE_URL, ({ connection_id }) => connection_id);
  const parts = {
    bookings: known, future, clock,
    markConnection: markConnection({ mark: syncStates(dynamo, env.SYNC_STATE_TABLE).mark, hints, clock }),
    late: lateDues(dynamo, env.SYNC_STATE_TABLE),
    hints: bookingHints,
    providerHints: hintQueue<ProviderHint>(sqs, env.BOOKING_QUEUE_URL, ({ provider_id }) => provider_id),
  };
  const erase = erasing(common, { hints, providerHints: parts.providerHints });
  return (hint, endsAt) => (hint.hint === 'erase' ? erase(hint.provider_id, endsAt) : markProvider(parts, hint));
}
