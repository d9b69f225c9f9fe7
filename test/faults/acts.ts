// What people and the booking platform do, done to the world and told to the model.
import { DateTime } from 'luxon';
import { hours } from '../../lib/platform/clock.ts';
import type { FaultWorld, Person } from './fault-world.ts';
import { zone } from './fault-world.ts';
import type { Span } from './model.ts';

/** The n-th free hour after the world began: no two acts take the same. */
export const hourSlot = (world: FaultWorld, n: number): Span => {
  const start = Math.ceil(world.now / hours(1)) * hours(1) + hours(24 + 2 * n);
  return { start, end: start + hours(1) };
};

interface At {
  readonly person: Person;
  readonly calendar?: number;
}
const at = ({ person, calendar = 0 }: At) => {
  const found = person.calendars[calendar];
  if (!found) throw new Error(`There is no calendar ${calendar}.`);
  return found;
};
const note = (world: FaultWorld, where: At, eventId: string, spans: readonly Span[]): void => world.model.person(where.person.id, at(where).id, { eventId, spans });

export function add(world: FaultWorld, where: At, span: Span): string {
  const eventId = at(where).hands.add(span);
  note(world, where, eventId, [span]);
  return eventId;
}
export function move(world: FaultWorld, where: At, eventId: string, span: Span): void {
  at(where).hands.move(eventId, span);
  note(world, where, eventId, [span]);
}
export function remove(world: FaultWorld, where: At, eventId: string): void {
  at(where).hands.remove(eventId);
  note(world, where, eventId, []);
}
const weekly = (first: Span, count: number): Span[] => {
  const start = DateTime.fromMillis(first.start, { zone });
  return Array.from({ length: count }, (_, week) => start.plus({ weeks: week }).toMillis()).map((ms) => ({ start: ms, end: ms + first.end - first.start }));
};
const clocksChange = Date.parse('2026-03-29T01:00:00Z');

/** At the same wall clock time, across the change of clocks; not begun in the very hour of it, whose length is a matter of opinion. */
export function addWeekly(world: FaultWorld, where: At, first: Span, count: number): string {
  if (Math.abs(first.start - clocksChange) < hours(2)) return add(world, where, first);
  const eventId = at(where).hands.addWeekly(first, count);
  note(world, where, eventId, weekly(first, count));
  return eventId;
}

export interface BookingChange {
  readonly id: string;
  readonly version: number;
  readonly providerId: string;
  readonly span: Span;
  readonly cancelled?: boolean;
}

/** Sends one event of the booking service, as it would be published. Say `quietly` to send without telling the model again. */
export function publish(world: FaultWorld, { id, version, providerId, span, cancelled = false }: BookingChange): string {
  const title = `${id} v${version}`;
  world.model.publish(id, { ...span, title, version, providerId, cancelled });
  const body = JSON.stringify({
    id: `event-${id}-${version}`,
    type: cancelled ? 'booking.cancelled' : version === 1 ? 'booking.created' : 'booking.updated',
    occurred_at: new Date(world.now).toISOString(),
    booking: { id, version, provider_id: providerId, service_id: 's', title, start_time: new Date(span.start).toISOString(), end_time: new Date(span.end).toISOString(), status: cancelled ? 'cancelled' : 'confirmed' },
  });
  world.queues.push('booking', body);
  return body;
}
