// What must be so when all is quiet. Nothing here knows how it comes about.
export interface Span {
  readonly start: number;
  readonly end: number;
}
export interface WishedEvent extends Span {
  readonly title: string;
}
interface Calendar {
  readonly id: string;
  readonly blocks: boolean;
  receives: boolean;
  /** What the person has there, by event id; a series has several spans. */
  readonly events: Map<string, readonly Span[]>;
}
interface Connected {
  readonly id: string;
  readonly providerId: string;
  readonly calendars: readonly Calendar[];
  state: 'active' | 'reauthorization_required' | 'gone';
}
interface Booking extends WishedEvent {
  readonly providerId: string;
  readonly version: number;
  readonly cancelled: boolean;
}

export class Model {
  readonly connections = new Map<string, Connected>();
  readonly bookings = new Map<string, Booking>();

  connect(connection: Omit<Connected, 'state'>): void {
    this.connections.set(connection.id, { ...connection, state: 'active' });
  }

  /** A person's event stands at these times, or is gone. */
  person(connectionId: string, calendarId: string, { eventId, spans }: { eventId: string; spans: readonly Span[] }): void {
    const { events } = this.calendar(connectionId, calendarId);
    if (spans.length === 0) events.delete(eventId);
    else events.set(eventId, spans);
  }

  /** The newest version stands, in whatever order they come. */
  publish(id: string, booking: Booking): void {
    if ((this.bookings.get(id)?.version ?? 0) < booking.version) this.bookings.set(id, booking);
  }

  leave(connectionId: string): void {
    const connection = this.connections.get(connectionId);
    if (connection) connection.state = 'gone';
  }

  /** Nothing of them is left. */
  erase(providerId: string): void {
    for (const [id, connection] of this.connections) if (connection.providerId === providerId) this.leave(id);
    for (const [id, booking] of this.bookings) if (booking.providerId === providerId) this.bookings.delete(id);
  }

  calendar(connectionId: string, calendarId: string): Calendar {
    const found = this.connections.get(connectionId)?.calendars.find(({ id }) => id === calendarId);
    if (!found) throw new Error(`${connectionId} has no calendar ${calendarId}.`);
    return found;
  }

  /** True busy time of a provider: every event of a person in a blocking calendar that is read. */
  busy(providerId: string): Span[] {
    const read = [...this.connections.values()].filter((one) => one.providerId === providerId && one.state === 'active');
    return read.flatMap(({ calendars }) => calendars.filter(({ blocks }) => blocks).flatMap(({ events }) => [...events.values()].flat()));
  }

  /** What must stand in a calendar besides the person's own: one event for each booking of its provider, if it receives. */
  wished({ providerId, state }: Connected, { receives }: Calendar): WishedEvent[] {
    if (!receives || state !== 'active') return [];
    return [...this.bookings.values()].filter((booking) => booking.providerId === providerId && !booking.cancelled);
  }
}
