// An export of the system before, as its tables would give it: connections of both calendar providers, months of busy time, bookings old and
// new, some of them cancelled. Which lines are what follows from their number, so that a test can count.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { days, hours } from '../../lib/platform/clock.ts';

type Json = Record<string, unknown>;

export const uuidOf = (kind: number, n: number): string => `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(n).padStart(12, '0')}`;
/** As Postgres prints it. */
export const pgTime = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00');

/** A valid line; a bad case is one override. */
export const aConnectionLine = (n: number, more: Json = {}): Json => ({
  id: uuidOf(1, n),
  provider_id: uuidOf(2, n),
  calendar_provider: n % 2 === 0 ? 'google' : 'microsoft',
  external_account_id: n % 2 === 0 ? `1000000000000000000${n}` : `tenant-${n}:${uuidOf(3, n)}`,
  calendar_id: n % 2 === 0 ? `pro${n}@example.com` : `AAMkAGI2${n}=`,
  access_token: `ya29.clear-access-${n}`,
  refresh_token: `1//0clear-refresh-${n}`,
  token_expires_at: '2026-03-27 08:10:00+00',
  scopes: 'openid https://www.googleapis.com/auth/calendar.events',
  time_zone: 'Europe/Berlin',
  status: 'active',
  webhook_dedupe_keys: ['old-channel:1', 'old-channel:2'],
  backoff_until: null,
  error_count: 0,
  last_error: null,
  created_at: '2025-11-02 12:00:00.123+00',
  updated_at: '2026-03-27 08:00:00+00',
  ...more,
});

export const anEventLine = (owner: number, n: number, span: { start: number; end: number }, more: Json = {}): Json => ({
  id: uuidOf(4, n),
  provider_id: uuidOf(2, owner),
  calendar_provider: owner % 2 === 0 ? 'google' : 'microsoft',
  external_event_id: owner % 2 === 0 ? `event${n}abc_20260401t0900` : `AAMkAGI2TG93AAA${n}=`,
  ical_uid: `${n}@example.com`,
  start_time: pgTime(span.start),
  end_time: pgTime(span.end),
  is_busy: true,
  created_at: '2026-01-05 10:00:00+00',
  ...more,
});

/** Google's ids of bookings carry the word; Graph chooses its own, so that the booking is named beside it. */
export const aBookingLine = (owner: number, n: number, span: { start: number; end: number }, more: Json = {}): Json => {
  const booking = uuidOf(5, n);
  const ids = owner % 2 === 0 ? { external_event_id: `booking${booking.replaceAll('-', '')}` } : { external_event_id: `AAMkBooked${n}=`, booking_id: booking };
  return anEventLine(owner, n, span, { ...ids, ical_uid: `booking-${booking}@platform.example`, ...more });
};

/** A folder with the two files. Texts are written as they are. */
export function writeExport(files: { connections: readonly (Json | string)[]; events: readonly (Json | string)[] }, folder = mkdtempSync(join(tmpdir(), 'export-'))): string {
  const write = (name: string, lines: readonly (Json | string)[]): void => writeFileSync(join(folder, name), lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  write('external_calendar_connections.jsonl', files.connections);
  write('external_calendar_events.jsonl', files.events);
  return folder;
}

/** Of every five events of a connection one is a booking; every tenth booking is cancelled, and every seventh event past. */
export function anExport(now: number, { connections, events }: { connections: number; events: number }): { connections: Json[]; events: Json[] } {
  const spanOf = (n: number) => {
    const start = now + (n % 7 === 6 ? -days(3) : days(1 + (n % 90))) + hours(n % 9);
    return { start, end: start + hours(1) };
  };
  const eventsOf = (owner: number): Json[] =>
    Array.from({ length: events }, (_, at) => {
      const n = owner * events + at;
      return at % 5 === 4 ? aBookingLine(owner, n, spanOf(n), { is_busy: n % 10 !== 9 }) : anEventLine(owner, n, spanOf(n));
    });
  const owners = Array.from({ length: connections }, (_, n) => n);
  return { connections: owners.map((n) => aConnectionLine(n)), events: owners.flatMap(eventsOf) };
}
