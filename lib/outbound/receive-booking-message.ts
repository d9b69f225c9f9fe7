// One message of the booking queue: an event becomes the wish, a hint finds it, what can never be valid goes to the dead letters.
import type { SQSRecord } from 'aws-lambda';
import type { DeadLetters } from '../platform/dead-letters.ts';
import { parseJson, readBookingHint, readProviderHint, type BookingHint, type ProviderHint } from '../platform/messages.ts';
import { readBookingEvent } from './booking-event.ts';
import type { Bookings } from './bookings.ts';
import { drainBooking, type DrainEnd, type OutboundParts } from './drain-booking.ts';

type DeadLetterReason = 'not_json' | 'unknown_type' | 'invalid_event' | 'version_reused';

export type MessageEnd =
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason; readonly detail: string }
  /** An event that changed nothing: older, or the same again. */
  | { readonly kind: 'no_op'; readonly bookingId: string; readonly why: 'older' | 'same' }
  | { readonly kind: 'drained'; readonly bookingId: string; readonly drain: DrainEnd }
  /** Work for a whole provider, one page of it. */
  | { readonly kind: 'provider'; readonly hint: ProviderHint; readonly marked: number }
  | { readonly kind: 'provider_interrupted'; readonly hint: ProviderHint; readonly error: unknown }
  /** The wish is saved and still pending; upkeep rings again. */
  | { readonly kind: 'interrupted'; readonly bookingId: string; readonly error: unknown };

/** What hints for a whole provider ask for: how many bookings it touched. */
export type ForProvider = (hint: ProviderHint, endsAt: number) => Promise<number>;
export type MessageParts = OutboundParts & { readonly bookings: Bookings; readonly deadLetters: DeadLetters; readonly forProvider: ForProvider };

/** Throws only where nothing is saved yet: then the queue's own visibility time-out brings the message again. */
export async function receiveBookingMessage(parts: MessageParts, record: SQSRecord, endsAt: number): Promise<MessageEnd> {
  const value = parseJson(record.body);
  const hint = readBookingHint(value);
  if (hint) return drained(parts, hint, endsAt);
  const provider = readProviderHint(value);
  if (provider) return forProvider(parts, provider, endsAt);

  const read = readBookingEvent(value);
  if (read.kind === 'invalid') return aside(parts, record, read);
  const recorded = await parts.bookings.record(read.booking, parts.clock());
  if (recorded !== 'version_reused') parts.trace?.log.info('wish', { booking_id: read.booking.id, provider_id: read.booking.providerId, version: read.booking.version, outcome: recorded });
  if (recorded === 'version_reused') return aside(parts, record, { reason: 'version_reused', detail: 'this version was recorded with other content' });
  if (recorded === 'older') return { kind: 'no_op', bookingId: read.booking.id, why: 'older' };
  const end = await drained(parts, { v: 1, hint: 'booking', booking_id: read.booking.id }, endsAt);
  return recorded === 'same' && end.kind === 'drained' && end.drain.outcome === 'idle' ? { kind: 'no_op', bookingId: read.booking.id, why: 'same' } : end;
}

/** What is due stays on its row until it is done, so that the message may go. */
async function forProvider(parts: MessageParts, hint: ProviderHint, endsAt: number): Promise<MessageEnd> {
  try {
    return { kind: 'provider', hint, marked: await parts.forProvider(hint, endsAt) };
  } catch (error) {
    return { kind: 'provider_interrupted', hint, error };
  }
}

/** From here on the wish is saved: whatever fails is met again by a hint or by upkeep, and the message may go. */
async function drained(parts: OutboundParts, hint: BookingHint, endsAt: number): Promise<MessageEnd> {
  try {
    return { kind: 'drained', bookingId: hint.booking_id, drain: await drainBooking(parts, hint, endsAt) };
  } catch (error) {
    return { kind: 'interrupted', bookingId: hint.booking_id, error };
  }
}

async function aside(parts: { deadLetters: DeadLetters }, record: SQSRecord, { reason, detail }: { reason: DeadLetterReason; detail: string }): Promise<MessageEnd> {
  await parts.deadLetters(record, reason);
  return { kind: 'dead_letter', reason, detail };
}
