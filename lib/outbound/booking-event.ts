// From a message of the booking service to a trusted booking: schema, sizes, instants. Whoever gets a `Booking` need not check it again.
// docs/booking-event.schema.json is the schema below, written out as JSON Schema.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isZoneName } from '../platform/zone-name.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Years in UTC that both calendars take, and that sort as text. */
const [earliest, latest] = ['1900-01-01T00:00:00Z', '2999-12-31T23:59:59Z'].map((text) => Date.parse(text)) as [number, number];
/** Date.parse rolls 30 February over into March, and 24:00 into the next day. */
function existsAsWritten(text: string): boolean {
  if (!(Date.parse(text) >= earliest && Date.parse(text) <= latest)) return false;
  const midnight = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(Date.parse(text)) || Number.isNaN(midnight)) return false;
  return new Date(midnight).toISOString().startsWith(text.slice(0, 10)) && text.slice(11, 13) !== '24';
}
/** The tables would write lone surrogates as one and the same character, and two ids would become one. */
const wellFormed = v.check((text: string) => text.isWellFormed(), 'must be well-formed Unicode');
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(256), wellFormed);
const instant = v.pipe(v.string(), v.regex(rfc3339, 'must be an RFC 3339 instant with an offset'), v.check(existsAsWritten, 'must be an instant that exists, from 1900 to 2999'));
const text = (bytes: number) => v.pipe(v.string(), v.maxLength(bytes), v.maxBytes(bytes, `must be at most ${bytes} bytes`), wellFormed);

/** One change of a booking, as published to the booking queue. Unknown members are ignored. `version` grows with each change. */
export const bookingEventSchema = v.object({
  id,
  type: v.picklist(['booking.created', 'booking.updated', 'booking.cancelled']),
  occurred_at: instant,
  booking: v.object({
    id,
    version: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
    provider_id: id,
    service_id: id,
    title: text(1024),
    description: v.optional(text(8192)),
    location: v.optional(text(1024)),
    start_time: instant,
    end_time: instant,
    time_zone: v.optional(v.pipe(v.string(), v.maxLength(64), v.check(isZoneName, 'must be an IANA zone'))),
    status: v.picklist(['pending', 'confirmed', 'cancelled']),
  }),
});
type Event = v.InferOutput<typeof bookingEventSchema>;

/** A booking as wished. Instants are RFC 3339 in UTC with milliseconds. */
export interface Booking {
  readonly id: string;
  readonly version: number;
  readonly providerId: string;
  readonly serviceId: string;
  readonly title: string;
  readonly description?: string;
  readonly location?: string;
  readonly start: string;
  readonly end: string;
  readonly timeZone?: string;
  /** By its type or its status. */
  readonly cancelled: boolean;
  /** Of all the above: the same version with another hash is refused. */
  readonly hash: string;
}

export type ReadEvent =
  | { readonly kind: 'booking'; readonly booking: Booking }
  /** It can never be valid. `detail` names members, never their values. */
  | { readonly kind: 'invalid'; readonly reason: 'not_json' | 'unknown_type' | 'invalid_event'; readonly detail: string };

export function readBookingEvent(value: unknown): ReadEvent {
  if (value === undefined) return { kind: 'invalid', reason: 'not_json', detail: 'the body is not JSON' };
  const read = v.safeParse(bookingEventSchema, value);
  if (!read.success) {
    const paths = read.issues.map((issue) => v.getDotPath(issue) ?? 'the event');
    return { kind: 'invalid', reason: hasOtherType(value) ? 'unknown_type' : 'invalid_event', detail: read.issues.map((issue, n) => `${paths[n]}: ${sentence(issue)}`).join('; ') };
  }
  const { booking } = read.output;
  if (Date.parse(booking.end_time) <= Date.parse(booking.start_time)) return { kind: 'invalid', reason: 'invalid_event', detail: 'booking.end_time: must be after start_time' };
  return { kind: 'booking', booking: bookingOf(read.output) };
}

/** It says a type, and one that we don't know. */
const hasOtherType = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && !bookingEventSchema.entries.type.options.some((known) => known === value.type);

/** Valibot's own sentences quote what was received: only ours, and what was expected, are told. */
const sentence = ({ message, expected }: v.BaseIssue<unknown>): string => (message.startsWith('must be') ? message : `expected ${expected ?? 'another value'}`);

function bookingOf({ type, booking: raw }: Event): Booking {
  const known = {
    id: raw.id,
    version: raw.version,
    providerId: raw.provider_id,
    serviceId: raw.service_id,
    title: raw.title,
    ...(raw.description !== undefined && { description: raw.description }),
    ...(raw.location !== undefined && { location: raw.location }),
    start: new Date(raw.start_time).toISOString(),
    end: new Date(raw.end_time).toISOString(),
    ...(raw.time_zone !== undefined && { timeZone: raw.time_zone }),
    cancelled: type === 'booking.cancelled' || raw.status === 'cancelled',
  };
  // Members in one fixed order, status included: two spellings of one instant, and members that we don't know, make no difference.
  return { ...known, hash: createHash('sha256').update(JSON.stringify([known, raw.status])).digest('base64url') };
}
