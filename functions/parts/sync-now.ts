// POST /v1/sync/outbound {booking_id} and POST /v1/sync/inbound {connection_id}: mark, do it at once, and say what was done. It joins
// two rooms, so it lives beside the wiring. What isn't done within 20 s goes on by itself: 202, with where to look.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { pullAndTell } from '../../lib/inbound/receive-hints.ts';
import type { InboundParts } from '../../lib/inbound/sync-connection.ts';
import { drainBooking, type OutboundParts } from '../../lib/outbound/drain-booking.ts';
import { tellDrain } from '../../lib/outbound/receive-booking-batch.ts';
import { seconds } from '../../lib/platform/clock.ts';
import { parseJson } from '../../lib/platform/messages.ts';
import { answering, jsonAnswer, Problem } from '../../lib/platform/problem.ts';
import { shardOf } from '../../lib/platform/shard.ts';
import { safeError, type Telemetry } from '../../lib/platform/telemetry.ts';

const within = seconds(20);

export const syncNow =
  ({ inbound, outbound }: { inbound: InboundParts & Telemetry; outbound: OutboundParts & Telemetry }) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(
      () => {
        const body = parseJson(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8')) as Record<string, unknown> | null | undefined;
        return event.rawPath.endsWith('/outbound') ? syncBooking(outbound, idOf(body, 'booking_id')) : syncInbound(inbound, idOf(body, 'connection_id'));
      },
      (failure) => inbound.log.error('sync-now not done', { error: safeError(failure) }),
    );

function idOf(body: Record<string, unknown> | null | undefined, name: string): string {
  const id = body?.[name];
  if (typeof id !== 'string' || id === '' || id.length > 256) throw new Problem('bad-request', `Send JSON with ${name}, a text of 1 to 256 characters.`);
  return id;
}

async function syncBooking(parts: OutboundParts & Telemetry, bookingId: string): Promise<APIGatewayProxyStructuredResultV2> {
  if (!(await parts.bookings.mark(bookingId, parts.clock()))) throw new Problem('not-found', 'There is no booking of this id.');
  const end = await drainBooking(parts, { v: 1, hint: 'booking', booking_id: bookingId }, parts.clock() + within);
  tellDrain(parts, bookingId, end);
  if (end.outcome === 'gated') throw new Problem('forbidden', 'Sync is off, or not known to be on, for this provider; the booking is recorded and follows once it is on.');
  const targets = end.targets.map(({ connectionId, provider, outcome, eventId }) => ({ connection_id: connectionId, calendar_provider: provider, outcome, event_id: eventId ?? null }));
  const told = { booking_id: bookingId, version: end.version ?? null, outcome: end.outcome === 'done' && targets.length === 0 ? 'unchanged' : end.outcome, targets };
  return end.outcome === 'left' ? jsonAnswer(202, { ...told, look: 'Ask again: it goes on by itself.' }) : jsonAnswer(200, told);
}

async function syncInbound(parts: InboundParts & Telemetry, connectionId: string): Promise<APIGatewayProxyStructuredResultV2> {
  if (!(await parts.states.mark(connectionId, parts.clock(), shardOf(connectionId)))) throw new Problem('not-found', 'There is no connection of this id.');
  const end = await pullAndTell(parts, connectionId, { endsAt: parts.clock() + within });
  if (end.outcome === 'gone') throw new Problem('not-found', 'There is no connection of this id.');
  if (end.outcome === 'gated') throw new Problem('forbidden', 'Sync is off, or not known to be on, for this provider; the connection is marked and follows once it is on.');
  const told = { connection_id: connectionId, outcome: end.outcome, ...('items' in end && { items: end.items }) };
  return end.outcome === 'pulled' || end.outcome === 'idle' ? jsonAnswer(200, told) : jsonAnswer(202, { ...told, look: `/v1/connections/${connectionId}` });
}
