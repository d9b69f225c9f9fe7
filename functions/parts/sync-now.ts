// POST /v1/sync/outbound {booking_id} and POST /v1/sync/inbound {connection_id}: mark, do it at once, and say what was done. It joins
// two rooms, so it lives beside the wiring. What isn't done within 20 s goes on by itself: 202, with where to look.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { pullAndTell } from '../../lib/inbound/receive-hints.ts';
import type { InboundParts } from '../../lib/inbound/sync-connection.ts';
import { drainBooking, type OutboundParts } from '../../lib/outbound/drain-booking.ts';
import { tellDrain } from '../../lib/outbound/receive-booking-batch.ts';
import { seconds } from '../../lib/platform/clock.ts';
import { parseJson } from '../../lib/platform/messages.ts';
import { Setting } from '../../lib/platform/names.ts';
import { answering, jsonAnswer, Problem } from '../../lib/platform/problem.ts';
import type { Settings } from '../../lib/platform/settings.ts';
import { shardOf } from '../../lib/platform/shard.ts';
import { safeError, safeReason } from '../../lib/platform/telemetry.ts';
import { traceOf, under, type Tracing } from '../../lib/platform/trace.ts';

const within = seconds(20);

export const syncNow =
  ({ inbound, outbound }: { inbound: InboundParts & Tracing; outbound: OutboundParts & Tracing }) =>
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

/** Unknown is not off: the caller asks again. */
async function notOn({ settings }: { settings: Settings }, kept: string): Promise<Problem> {
  const unknown = (await settings.read()).flag(Setting.syncEnabled) === 'unknown';
  return unknown ? new Problem('unavailable', `Whether sync is on is not known just now; ${kept} and follows once it is.`) : new Problem('forbidden', `Sync is off for this provider; ${kept} and follows once it is on.`);
}

/** Why something failed, as far as that is safe to tell. */
const why = (error: unknown): { reason?: string } => (error === undefined ? {} : { reason: safeReason(error) });

async function syncBooking(parts: OutboundParts & Tracing, bookingId: string): Promise<APIGatewayProxyStructuredResultV2> {
  if (!(await parts.bookings.mark(bookingId, parts.clock()))) throw new Problem('not-found', 'There is no booking of this id.');
  const trace = traceOf(parts, undefined, {});
  const end = await drainBooking(under(parts, trace), { v: 1, hint: 'booking', booking_id: bookingId }, parts.clock() + within);
  tellDrain({ ...parts, log: trace.log }, bookingId, end);
  if (end.outcome === 'gated') throw await notOn(parts, 'the booking is recorded');
  const targets = end.targets.map(({ connectionId, provider, outcome, eventId, error }) => ({ connection_id: connectionId, calendar_provider: provider, outcome, event_id: eventId ?? null, ...why(error) }));
  const told = { booking_id: bookingId, version: end.version ?? null, outcome: end.outcome === 'done' && targets.length === 0 ? 'unchanged' : end.outcome, targets };
  return end.outcome === 'left' ? jsonAnswer(202, { ...told, look: 'Ask again: it goes on by itself.' }) : jsonAnswer(200, told);
}

async function syncInbound(parts: InboundParts & Tracing, connectionId: string): Promise<APIGatewayProxyStructuredResultV2> {
  if (!(await parts.states.mark(connectionId, parts.clock(), shardOf(connectionId)))) throw new Problem('not-found', 'There is no connection of this id.');
  const end = await pullAndTell(parts, connectionId, { endsAt: parts.clock() + within });
  if (end.outcome === 'gone') throw new Problem('not-found', 'There is no connection of this id.');
  if (end.outcome === 'gated') throw await notOn(parts, 'the connection is marked');
  if (end.outcome === 'paused') throw new Problem('conflict', 'An operator has paused this connection; it is read once it is resumed.');
  const told = { connection_id: connectionId, outcome: end.outcome, ...('items' in end && { items: end.items }), ...('error' in end && why(end.error)) };
  return end.outcome === 'pulled' || end.outcome === 'idle' ? jsonAnswer(200, told) : jsonAnswer(202, { ...told, look: `/v1/connections/${connectionId}` });
}
