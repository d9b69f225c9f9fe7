// From a message of the booking service to a trusted booking: schema, sizes, instants. Whoever gets a `Booking` need not check it again.
import { createHash } from 'node:crypto';
import { Ajv, type ErrorObject } from 'ajv';
import { bookingEventSchema } from './booking-event-schema.ts';

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

interface Raw {
  readonly type: string;
  readonly booking: {
    readonly id: string; readonly version: number; readonly provider_id: string; readonly service_id: string; readonly title: string;
    readonly description?: string; readonly location?: string; readonly start_time: string; readonly end_time: string; readonly time_zone?: string; readonly status: string;
  };
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const isInstant = (text: string): boolean => rfc3339.test(text) && !Number.isNaN(Date.parse(text));
const validate = new Ajv({ strict: true, formats: { 'date-time': isInstant } }).compile<Raw>(bookingEventSchema);

export function readBookingEvent(value: unknown): ReadEvent {
  if (value === undefined) return { kind: 'invalid', reason: 'not_json', detail: 'The body is not JSON.' };
  if (!validate(value)) {
    const errors = validate.errors ?? [];
    const reason = errors.some(({ instancePath }) => instancePath === '/type') ? 'unknown_type' : 'invalid_event';
    return { kind: 'invalid', reason, detail: errors.map(said).join('; ') };
  }
  const fault = faultOf(value.booking);
  return fault ? { kind: 'invalid', reason: 'invalid_event', detail: fault } : { kind: 'booking', booking: bookingOf(value) };
}

const said = ({ instancePath, message }: ErrorObject): string => `${instancePath || '/'} ${message ?? 'is invalid'}`;

/** What the schema cannot say. */
function faultOf(raw: Raw['booking']): string | undefined {
  const sizes = [['title', 1024], ['location', 1024], ['description', 8192]] as const;
  const tooLong = sizes.find(([member, bytes]) => Buffer.byteLength(raw[member] ?? '') > bytes);
  if (tooLong) return `/booking/${tooLong[0]} must be at most ${tooLong[1]} bytes`;
  if (Date.parse(raw.end_time) <= Date.parse(raw.start_time)) return '/booking/end_time must be after start_time';
  if (raw.time_zone !== undefined && !isZone(raw.time_zone)) return '/booking/time_zone must be an IANA zone';
  return undefined;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

function bookingOf({ type, booking: raw }: Raw): Booking {
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
