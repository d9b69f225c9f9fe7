// The workers of a small world, each as a process of its own that may die or be interrupted by others.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ConsentDialog } from '../../lib/calendars/consent.ts';
import type { Calendars } from '../../lib/calendars/port.ts';
import { connectionRows } from '../../lib/connect/connection-rows.ts';
import { grantDied } from '../../lib/connect/grant-died.ts';
import { leave } from '../../lib/connect/leave.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { readFleet } from '../../lib/inbound/fleet.ts';
import { syncConnection, type InboundParts, type PullEnd } from '../../lib/inbound/sync-connection.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { bookings } from '../../lib/outbound/bookings.ts';
import { drainBooking, type DrainEnd, type OutboundParts } from '../../lib/outbound/drain-booking.ts';
import { futureBookings } from '../../lib/outbound/future-bookings.ts';
import { drainPushes, removeOurEvents } from '../../lib/outbound/remove-our-events.ts';
import { ownEvents } from '../../lib/outbound/own-events.ts';
import { connectionIdsOf, pushRows } from '../../lib/outbound/targets.ts';
import type { Changes } from '../../lib/platform/changes.ts';
import { days, seconds } from '../../lib/platform/clock.ts';
import { connections, type Connection } from '../../lib/platform/connections.ts';
import type { HintQueue } from '../../lib/platform/hint-queue.ts';
import { inTurn } from '../../lib/platform/in-turn.ts';
import { leases } from '../../lib/platform/lease.ts';
import { leavingRows } from '../../lib/platform/leaving-rows.ts';
import type { BookingHint } from '../../lib/platform/messages.ts';
import type { Quota } from '../../lib/platform/quota.ts';
import type { Figure } from '../../lib/platform/metric-catalog.ts';
import type { Measure } from '../../lib/platform/telemetry.ts';
import type { Tracing } from '../../lib/platform/trace.ts';
import { correlations } from './traces.ts';
import { live, mortalCalendars, mortalDynamo, type Life } from './mortal.ts';
import { tokenOf, type Sent, type SmallWorld } from './small-world.ts';

export const leaseLength = seconds(60);

export function fakeQueue<H>(life: Life, sent: Sent<H>[], what: string): HintQueue<H> {
  return {
    send: (hint, delay = 0) => life.call(what, () => Promise.resolve(void sent.push({ hint, delay }))),
    sendAll: (hints) => life.call(what, () => Promise.resolve(void sent.push(...hints.map((hint) => ({ hint, delay: 0 }))))),
  };
}

/** What was logged and measured, for tests that look. */
export interface Told {
  readonly lines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly figures: { readonly name: string; readonly value: number; readonly dimensions: Readonly<Record<string, string>> }[];
  /** The same, as they were told together. */
  readonly moments: Parameters<Measure>[];
}

/** `also`: where every line goes too. */
export function telling(also: unknown[] = []): Tracing & Told {
  const told: Told = { lines: [], figures: [], moments: [] };
  const line = (message: string, fields: Readonly<Record<string, unknown>>): void => {
    told.lines.push({ message, fields });
    also.push({ message, fields });
  };
  const measure: Measure = (name, value, dimensions, ...others) => {
    told.moments.push([name, value, dimensions, ...others]);
    told.figures.push(...[[name, value, dimensions] as Figure, ...others].map((figure) => ({ name: figure[0], value: figure[1], dimensions: figure[2] })));
  };
  return { ...told, newCorrelation: correlations(), log: { info: line, warn: line, error: line }, measure };
}

/** Nobody else spends the budget here. */
const unlimited: Quota = { meter: () => ({ permit: () => Promise.resolve(), count: () => ({ callsLeft: undefined, callsAt: undefined }) }) };

function common(world: SmallWorld, life: Life) {
  const { tables, settings, clock, random } = world;
  const dynamo = mortalDynamo(tables.dynamo, life);
  const told = telling(world.lines);
  const changes: Changes = { tell: (change) => life.call('tell', () => Promise.resolve(void world.changes.push(change))) };
  return {
    dynamo, changes, settings, clock, random,
    ...told,
    connections: connections(dynamo, tables.named.connections),
    leases: leases(dynamo, tables.named['sync-state']),
    quota: world.quota ?? unlimited,
    open: { google: mortalCalendars(world.open.google, life), microsoft: mortalCalendars(world.open.microsoft, life) },
    tokens: ({ connection_id }: { connection_id: string }) => () => tokenOf(world, connection_id),
    grantDied: grantDied({
      dynamo, connectionsTable: tables.named.connections, busyIntervalsTable: tables.named['busy-intervals'], clock, changes, log: told.log,
    }),
    bookings: bookings(dynamo, tables.named['booking-events']),
    bookingHints: fakeQueue<BookingHint>(life, world.bookingHints, 'booking hint'),
  };
}

export function inbound(world: SmallWorld, life: Life = live()): InboundParts & Tracing & Told {
  const parts = common(world, life);
  const { named } = world.tables;
  return {
    ...parts,
    hints: fakeQueue(life, world.hints, 'inbound hint'),
    states: syncStates(parts.dynamo, named['sync-state']),
    rows: busyRows(parts.dynamo, named['busy-intervals']),
    own: ownEvents({ bookings: parts.bookings, future: futureBookings(parts.dynamo, named['booking-events']), changes: parts.changes, connections: parts.connections, hints: parts.bookingHints, clock: world.clock }),
    fleet: readFleet(parts.dynamo, { table: named['sync-state'], clock: world.clock }),
    listing: inTurn(3),
    windowDays: { back: 1, ahead: 180 },
    watches: unwatched,
    ...farewell(world, life, parts),
  };
}

const rowsOf = (world: SmallWorld, dynamo: DynamoDBClient) => connectionRows(dynamo, { connections: world.tables.named.connections, syncState: world.tables.named['sync-state'], busyIntervals: world.tables.named['busy-intervals'] });

/** What a connection that leaves asks for; revocations land in `world.revoked`. */
function farewell(world: SmallWorld, life: Life, parts: ReturnType<typeof common>): LeavingOf<InboundParts> {
  const { named } = world.tables;
  const { dynamo, bookings: known, leases: held, clock } = parts;
  const leaving = leavingRows(dynamo, named['sync-state']);
  const outbound = { bookings: known, leases: held, clock, future: futureBookings(dynamo, named['booking-events']), pushRow: pushRows(dynamo, named['sync-state']) };
  const asked = {
    ...parts,
    leaving,
    rows: rowsOf(world, dynamo),
    dialog: () => ({ revoke: (token: string) => life.call('calendar revoke', () => Promise.resolve(void world.revoked.push(token))) }) as unknown as ConsentDialog,
    drain: (connection: Connection, endsAt: number) => drainPushes(outbound, connection, endsAt),
    removeEvents: (connection: Connection, calendars: (endsAt: number) => Calendars, endsAt: number) => removeOurEvents(outbound, connection, { calendars, endsAt }),
  };
  return { leaving, leave: (run) => leave(asked, run) };
}
type LeavingOf<P extends { leaving: unknown; leave: unknown }> = Pick<P, 'leaving' | 'leave'>;

/** Watches are as they are: nobody makes, renews or stops one. */
const unwatched: InboundParts['watches'] = { want: () => undefined, covers: () => true, nextAt: (_connection, now) => now + days(365), ensure: () => Promise.reject(new Error('Nobody keeps watches here.')) };

export function outbound(world: SmallWorld, life: Life = live()): OutboundParts & Tracing & Told {
  const parts = common(world, life);
  const { named } = world.tables;
  return { ...parts, hints: parts.bookingHints, pushRow: pushRows(parts.dynamo, named['sync-state']), connectionIdsOf: connectionIdsOf(parts.dynamo, named['busy-intervals']) };
}

/** One run of the inbound worker for a connection. */
export const pull = (world: SmallWorld, connectionId: string, life?: Life): Promise<PullEnd> => syncConnection(inbound(world, life), connectionId, { endsAt: world.clock() + leaseLength });

/** One run of the booking worker for a hint. */
export const drain = (world: SmallWorld, bookingId: string, life?: Life, tries?: number): Promise<DrainEnd> =>
  drainBooking(outbound(world, life), { v: 1, hint: 'booking', booking_id: bookingId, ...(tries !== undefined && { tries }) }, world.clock() + leaseLength);
