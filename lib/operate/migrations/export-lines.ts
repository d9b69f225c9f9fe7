// From one line of an export to a trusted row, or to the reason why not. Reasons name columns and what is expected of them, never what they
// hold: a line can carry tokens.
import * as v from 'valibot';
import { parseJson } from '../../platform/messages.ts';
import { connectionIdPattern } from '../../platform/watch-token.ts';
import { isZoneName } from '../../platform/zone-name.ts';

const written = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2})(?::?(\d{2}))?$/;

/** As RFC 3339 or as Postgres prints a timestamptz (`2026-01-10 09:00:00+00`); in ms. */
export function instantOf(text: string): number | undefined {
  const [whole, date, time, zone, minutes = '00'] = written.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone === 'Z' ? 'Z' : `${zone}:${minutes}`}`);
  return Number.isNaN(ms) ? undefined : ms;
}

const text = (longest: number) => v.pipe(v.string('must be a text'), v.minLength(1, 'must not be empty'), v.maxLength(longest, `must have at most ${longest} characters`), v.check((value) => value.isWellFormed(), 'must be well-formed Unicode'));
const instant = v.pipe(v.string('must be a timestamp'), v.transform((value) => instantOf(value)), v.number('must be a timestamp with its offset'));
const id = v.pipe(text(36), v.regex(connectionIdPattern, 'must be 1 to 36 of A–Z, a–z, 0–9, _ and -'));
const provider = v.picklist(['google', 'microsoft'], 'must be google or microsoft');
const words = v.pipe(v.union([v.string(), v.array(v.string())], 'must be a text or a list of texts'), v.transform((value) => (typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : value)));

const connectionLine = v.object({
  id,
  provider_id: text(256),
  calendar_provider: provider,
  external_account_id: text(256),
  calendar_id: v.pipe(text(1024), v.check((value) => value !== 'primary', "must be the calendar's own id, not its alias")),
  access_token: v.nullish(text(8192)),
  refresh_token: v.nullish(text(8192)),
  token_expires_at: v.nullish(instant),
  scopes: v.nullish(words),
  time_zone: v.nullish(v.pipe(text(64), v.check(isZoneName, 'must be an IANA zone'))),
  status: v.nullish(v.picklist(['active', 'reauthorization_required', 'disconnected'], 'must be active, reauthorization_required or disconnected')),
  backoff_until: v.nullish(instant),
  error_count: v.nullish(v.pipe(v.number('must be a number'), v.integer('must be whole'), v.minValue(0, 'must not be below 0'))),
  last_error: v.nullish(v.string('must be a text')),
  created_at: instant,
});
export type ConnectionLine = v.InferOutput<typeof connectionLine>;

const eventLine = v.object({
  provider_id: text(256),
  calendar_provider: provider,
  external_event_id: text(1024),
  connection_id: v.nullish(id),
  booking_id: v.nullish(text(256)),
  provider_event_id: v.nullish(text(1024)),
  ical_uid: v.nullish(text(1024)),
  start_time: instant,
  end_time: instant,
  is_busy: v.boolean('must be true or false'),
});
export type EventLine = v.InferOutput<typeof eventLine>;

export type Read<Row> = Row | { readonly bad: string };

function read<Row>(schema: v.GenericSchema<unknown, Row>, line: string | undefined): Read<Row> {
  if (line === undefined) return { bad: 'it is longer than 64 KB, or no UTF-8' };
  const value = parseJson(line.replace(/^\uFEFF/, ''));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { bad: 'it is no JSON object' };
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  return { bad: result.issues.map((issue) => `${v.getDotPath(issue) ?? 'it'} ${issue.message.startsWith('must') ? issue.message : 'is missing'}`).join('; ') };
}

export const readConnectionLine = (line: string | undefined): Read<ConnectionLine> => read(connectionLine, line);

export function readEventLine(line: string | undefined): Read<EventLine> {
  const row = read(eventLine, line);
  if ('bad' in row) return row;
  return row.end_time < row.start_time ? { bad: 'end_time must not be before start_time' } : row;
}

/** Rows of bookings carry the word in their id, or name the booking. */
export const isBooking = ({ external_event_id, booking_id }: EventLine): boolean => external_event_id.includes('booking') || typeof booking_id === 'string';

const uuid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i;

/** Which booking it stands for: as the row says, else the UUID in its ids. */
export function bookingOf({ booking_id, external_event_id, ical_uid }: EventLine): string | undefined {
  if (typeof booking_id === 'string') return booking_id;
  const found = uuid.exec(external_event_id.slice(external_event_id.indexOf('booking') + 'booking'.length)) ?? uuid.exec(ical_uid ?? '');
  return found?.[0].toLowerCase().replace(/^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The event's own id at the calendar provider; undefined where only the platform's name for it is known. */
export function providerEventId({ provider_event_id, external_event_id, calendar_provider }: EventLine): string | undefined {
  if (typeof provider_event_id === 'string') return provider_event_id;
  // Google takes no other characters in an id that a client chooses, and Graph lets nobody choose.
  const possible = calendar_provider === 'google' ? /^[a-v0-9_]{5,1024}$/.test(external_event_id) : !external_event_id.includes('booking');
  return possible ? external_event_id : undefined;
}
