// The functions of the stack, wired as functions/ wires them, over clients that lead through the one door.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import type { CalendarProvider, Calendars } from '../../lib/calendars/port.ts';
import { beginLeaving } from '../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../lib/connect/connection-rows.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { eraseProvider } from '../../lib/connect/erase-provider.ts';
import { grantDied } from '../../lib/connect/grant-died.ts';
import { leave } from '../../lib/connect/leave.ts';
import { markFutureBookings } from '../../lib/connect/mark-future-bookings.ts';
import { consentDialogs, refreshGrant } from '../../lib/connect/oauth-clients.ts';
import { tokenVault } from '../../lib/connect/token-vault.ts';
import { watchKeeper } from '../../lib/connect/watch-care.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { readFleet } from '../../lib/inbound/fleet.ts';
import { receiveHints } from '../../lib/inbound/receive-hints.ts';
import { markConnection } from '../../lib/inbound/mark-connection.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { readGoogleNotice } from '../../lib/ingest/read-google-notice.ts';
import { readMicrosoftNotices } from '../../lib/ingest/read-microsoft-notices.ts';
import { receiveWebhook } from '../../lib/ingest/receive-webhook.ts';
import { tellDelivery } from '../../lib/ingest/tell-delivery.ts';
import { bookings } from '../../lib/outbound/bookings.ts';
import { eraseBookings } from '../../lib/outbound/erase-bookings.ts';
import { futureBookings } from '../../lib/outbound/future-bookings.ts';
import { markProvider } from '../../lib/outbound/mark-provider.ts';
import { ownEvents } from '../../lib/outbound/own-events.ts';
import type { ForProvider } from '../../lib/outbound/receive-booking-message.ts';
import { receiveBookingBatch } from '../../lib/outbound/receive-booking-batch.ts';
import { drainPushes, removeOurEvents } from '../../lib/outbound/remove-our-events.ts';
import { connectionIdsOf, pushRows } from '../../lib/outbound/targets.ts';
import { changesQueue } from '../../lib/platform/changes.ts';
import type { Random } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import { deadLetters } from '../../lib/platform/dead-letters.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { lateDues } from '../../lib/platform/late-dues.ts';
import { leases } from '../../lib/platform/lease.ts';
import { leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { BookingHint, InboundHint, ProviderHint } from '../../lib/platform/messages.ts';
import { functionSettings, type FunctionName, type TableName } from '../../lib/platform/names.ts';
import { quota } from '../../lib/platform/quota.ts';
import { settings } from '../../lib/platform/settings.ts';
import { safeError } from '../../lib/platform/telemetry.ts';
import { traceOf } from '../../lib/platform/trace.ts';
import { upkeepStates } from '../../lib/upkeep/upkeep-state.ts';
import { tick } from '../../lib/upkeep/tick.ts';
import { telling, type Told } from '../support/workers.ts';
import { connectionRoutes, type ConnectionRoutes } from './connection-routes.ts';

export interface Clients {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  readonly named: Readonly<Record<TableName, string>>;
  readonly clock: () => number;
  readonly random: Random;
  readonly urls: { readonly google: string; readonly graph: string; readonly login: string; readonly webhooks: string };
  readonly settingsPath: string;
}

export interface Functions extends ConnectionRoutes {
  /** Every line of every function's log. */
  readonly logged: Told['lines'];
  inbound(event: SQSEvent, endsAt: number): Promise<SQSBatchResponse>;
  booking(event: SQSEvent, endsAt: number): Promise<SQSBatchResponse>;
  upkeep(): Promise<void>;
  readonly webhook: Readonly<Record<CalendarProvider, (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>>>;
  /** A connection as a consent leaves it, without the consent. */
  create(connection: Connection): Promise<void>;
  /** Whatever they logged. */
  readonly lines: Told['lines'];
  /** Whatever they measured. */
  readonly figures: Told['figures'];
  readonly moments: Told['moments'];
}

export function wire(clients: Clients): Functions {
  const { dynamo, sqs, ssm, named, clock, random, urls } = clients;
  const told = telling();
  const gates = (name: FunctionName) => settings({ ssm, path: clients.settingsPath, names: functionSettings[name], clock, random });
  const known = connections(dynamo, named.connections);
  const rows = bookings(dynamo, named['booking-events']);
  const future = futureBookings(dynamo, named['booking-events']);
  const changes = changesQueue(sqs, 'calendar-changes');
  const inboundHints = hintQueue<InboundHint>(sqs, 'inbound', ({ connection_id }) => connection_id);
  const bookingHints = hintQueue<BookingHint>(sqs, 'booking', ({ booking_id }) => booking_id);
  const providerHints = hintQueue<ProviderHint>(sqs, 'booking', ({ provider_id }) => provider_id);
  const late = lateDues(dynamo, named['sync-state']);
  let ids = 0;
  const common = (name: FunctionName) => ({
    ...told, dynamo, sqs, clock, random, changes,
    connections: known,
    settings: gates(name),
    leases: leases(dynamo, named['sync-state']),
    quota: quota({ dynamo, table: named['sync-state'], clock, random, waited: () => undefined }),
    open: { google: openGoogle({ apiUrl: urls.google, clock }), microsoft: openMicrosoft({ graphUrl: urls.graph, clock }) },
    tokens: tokenVault({ dynamo, table: named.connections, connections: known, settings: gates(name), refresh: refreshGrant({ google: urls.google, microsoft: urls.login }, clock), clock }),
    grantDied: grantDied({ dynamo, connectionsTable: named.connections, busyIntervalsTable: named['busy-intervals'], changes, clock, log: told.log }),
    bookings: rows,
  });
  const leaving = leavingRows(dynamo, named['sync-state']);
  const pullParts = common('inbound-sync');
  const farewell = { ...pullParts, future, pushRow: pushRows(dynamo, named['sync-state']) };
  const ownTables = { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] };
  const ownRows = connectionRows(dynamo, ownTables);
  const leaveParts = {
    ...pullParts, leaving,
    rows: ownRows,
    dialog: consentDialogs({ redirectUri: '', consentUrl: '', oauthUrl: urls.google, loginUrl: urls.login, clock }),
    drain: (connection: Connection, endsAt: number) => drainPushes(farewell, connection, endsAt),
    removeEvents: (connection: Connection, calendars: (endsAt: number) => Calendars, endsAt: number) => removeOurEvents(farewell, connection, { calendars, endsAt }),
  };
  const inbound = {
    ...pullParts, leaving,
    leave: (asked: Parameters<typeof leave>[1]) => leave(leaveParts, asked),
    hints: inboundHints,
    states: syncStates(dynamo, named['sync-state']),
    rows: busyRows(dynamo, named['busy-intervals']),
    own: ownEvents({ bookings: rows, future, changes, connections: known, hints: bookingHints, clock }),
    fleet: readFleet(dynamo, { table: named['sync-state'], clock }),
    watches: watchKeeper({ dynamo, table: named.connections, connections: known, webhookBaseUrl: urls.webhooks, clock, newId: () => `watch-${(ids += 1)}` }),
    // Each invocation here is a process of its own.
    listing: <T>(work: () => Promise<T>) => work(),
    windowDays: { back: 1, ahead: 180 },
    deadLetters: deadLetters(sqs, 'inbound-dead'),
  };
  const erasing = {
    connections: known, leaving, rows: ownRows, clock, providerHints,
    connectionIdsOf: connectionIdsOf(dynamo, named['busy-intervals']),
    begin: (id: string, removes: boolean) => beginLeaving({ connections: known, leaving, rows: ownRows, hints: inboundHints, clock }, id, removes),
    eraseBookings: (id: string, endsAt: number) => eraseBookings({ dynamo, table: named['booking-events'], bookings: rows, future, clock }, id, endsAt),
  };
  const marking = { bookings: rows, future, clock, late, hints: bookingHints, providerHints, markConnection: markConnection({ mark: inbound.states.mark, hints: inboundHints, clock }) };
  const booking = {
    ...common('booking-sync'),
    hints: bookingHints,
    pushRow: pushRows(dynamo, named['sync-state']),
    connectionIdsOf: connectionIdsOf(dynamo, named['busy-intervals']),
    forProvider: (hint: Parameters<ForProvider>[0], endsAt: number) => hint.hint === 'erase' ? eraseProvider(erasing, hint.provider_id, endsAt) : markProvider(marking, hint),
    deadLetters: deadLetters(sqs, 'booking-dead'),
  };
  const tables = { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] };
  const upkeep = { ...told, dynamo, tables, states: upkeepStates(dynamo, named['sync-state']), settings: gates('upkeep'), inbound: inboundHints, booking: bookingHints, provider: providerHints, clock };
  const hears = (provider: CalendarProvider) => ({ provider, inbox: inbox(dynamo, named['sync-state']), hints: inboundHints, clock, trace: ({ connectionId, watchId }: { connectionId: string; watchId: string }) => traceOf(told, undefined, { connection_id: connectionId, watch_id: watchId }), told: tellDelivery(told, provider) });
  return {
    logged: told.lines,
    inbound: receiveHints(inbound),
    booking: receiveBookingBatch(booking),
    upkeep: () => tick(upkeep),
    webhook: {
      google: receiveWebhook({ ...hears('google'), read: readGoogleNotice, settings: gates('google-webhook') }),
      microsoft: receiveWebhook({ ...hears('microsoft'), read: readMicrosoftNotices, settings: gates('microsoft-webhook') }),
    },
    ...connectionRoutes({
      ...common('sync-now'), leaving, providerHints,
      consentSettings: gates('connect'),
      tables: ownTables,
      rows: ownRows,
      hints: inboundHints,
      dialog: leaveParts.dialog,
      telemetry: told,
      mark: inbound.states.mark,
      late,
      markFutureBookings: markFutureBookings({ late, providerHints, clock }),
      failed: (failure) => told.log.error('failed', { error: safeError(failure) }),
    }),
    lines: told.lines,
    figures: told.figures,
    moments: told.moments,
    async create(connection) {
      await createConnection({ dynamo, tables: ownTables, hints: inboundHints, clock }, connection);
      await markFutureBookings({ late, providerHints, clock })(connection);
    },
  };
}
