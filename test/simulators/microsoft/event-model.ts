// An event as the simulator keeps it. Never changed in place: each change is a new version.

/** A wall clock (2026-03-01T09:00:00) in an IANA zone. */
export interface ZonedWall {
  readonly wall: string;
  readonly zone: string;
}

export interface Slot {
  readonly start: ZonedWall;
  readonly end: ZonedWall;
  readonly isAllDay: boolean;
  /** originalStartTimeZone: a Windows name, or tzone://Microsoft/Custom. */
  readonly startZoneName: string;
  readonly endZoneName: string;
}

/** Members of the event that are kept and given back as they are. */
export type Fields = Readonly<Record<string, unknown>>;

export interface ExceptionItem {
  readonly slot: Slot;
  readonly fields: Fields;
  readonly change: number;
  readonly modifiedAt: number;
}

export interface Series {
  /** RFC 5545 lines. */
  readonly rules: readonly string[];
  /** Graph's JSON of the same, as near as it can say it. */
  readonly recurrence: object;
  /** By occurrence key: the original start's date, or date and time where a day has several. */
  readonly exceptions: ReadonlyMap<string, ExceptionItem>;
  readonly cancelled: ReadonlySet<string>;
}

export interface SimEvent {
  readonly key: string;
  readonly calendarId: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Grows with every change of the mailbox; the changeKey is made of it. */
  readonly change: number;
  readonly slot: Slot;
  readonly fields: Fields;
  readonly transactionId?: string;
  /** singleValueExtendedProperties: value by canonical property id. */
  readonly properties: ReadonlyMap<string, string>;
  readonly series?: Series;
}

/** An event, or one instance of a series, as it is shown. */
export interface View {
  readonly type: 'singleInstance' | 'seriesMaster' | 'occurrence' | 'exception';
  readonly event: SimEvent;
  /** The occurrence key, of an instance. */
  readonly occurrence?: string;
  readonly slot: Slot;
  readonly fields: Fields;
  readonly change: number;
  readonly modifiedAt: number;
}

/** The event itself: a single instance, or the master of a series. */
export function viewOf(event: SimEvent): View {
  const { slot, fields, change, modifiedAt } = event;
  return { type: event.series === undefined ? 'singleInstance' : 'seriesMaster', event, slot, fields, change, modifiedAt };
}
