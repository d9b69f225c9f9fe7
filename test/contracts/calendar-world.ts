// What the contract of `Calendars` needs of the world around an adapter. Each adapter's test builds one over its simulator.
import type { CalendarRef, Calendars, Session, Window } from '../../lib/calendars/port.ts';
import type { Clock } from '../../lib/platform/clock.ts';
import type { Notice } from '../support/notice-receiver.ts';

export interface HumanEvent {
  readonly start: number;
  readonly end: number;
  /** Shown as free: does not block. */
  readonly free?: boolean;
}

/** The person whose calendar it is, editing it by hand: no request of theirs is logged or faulted. */
export interface Human {
  /** The id under which the adapter reports it. */
  insert(event: HumanEvent): Promise<string>;
  /** Dates `yyyy-mm-dd`, the end exclusive. */
  insertAllDay(startDate: string, endDate: string): Promise<string>;
  /** Weekly, `count` times, in the world's zone. The id removes the whole series. */
  insertSeries(first: HumanEvent, count: number): Promise<string>;
  move(eventId: string, to: { readonly start: number; readonly end: number }): Promise<void>;
  remove(eventId: string): Promise<void>;
  /** An event as a person sees it; undefined once deleted. Absent text is '' or undefined. */
  see(eventId: string): Promise<{ title: string; description?: string; location?: string; start: number; end: number } | undefined>;
  /** How many events that are not deleted the calendar holds; a series counts once. */
  count(): Promise<number>;
}

/** What happens to the next requests; each in this provider's own way of saying it. */
export interface Faults {
  /** Every cursor given so far is refused from now on. */
  expireCursors(): void;
  /** The next list or delta gives an empty page that is not the last. */
  emptyPage(): void;
  /** The next `times` (1) requests are answered 401. */
  refuseToken(times?: number): void;
  /** The next request is throttled and told to wait. */
  throttle(retryAfterSeconds: number): void;
  /** The next request is answered with this status of 5xx, without effect. */
  fail(status: number): void;
  /** The next request's connection is reset, without effect. */
  reset(): void;
  /** The next request takes effect, but its answer is lost. */
  loseAnswer(): void;
  /** The next request is answered after so many milliseconds only. */
  stall(ms: number): void;
}

export interface World {
  readonly clock: Clock;
  /** IANA zone of the calendar. */
  readonly zone: string;
  readonly calendar: CalendarRef;
  /** Never existed. */
  readonly missingCalendar: CalendarRef;
  /** Never existed, in the form of this provider's event ids where it refuses any other. */
  readonly missingEventId?: string;
  /** Holds now, with a day before and at least five weeks after. */
  readonly window: Window;
  /** The token of a plain `open()`: accepted, and a secret to look for in errors. */
  readonly token: string;
  readonly human: Human;
  readonly faults: Faults;
  /** The adapter on this world's one account, with a lease that is long enough unless told otherwise. */
  open(session?: Partial<Session> & { readonly callMs?: number }): Calendars;
  /** How many requests came so far, token requests left out. */
  requestCount(): number;
  /** Resolves once every notice that is due has been sent. */
  noticesSent(): Promise<void>;
  /** The secret of the watch that a notice belongs to. */
  secretOf(notice: Notice): string | undefined;
  close(): Promise<void>;
}

/** `pageSize`: how many items the provider gives at most on a page, whatever is asked. */
export type MakeWorld = (options?: { readonly pageSize?: number }) => Promise<World>;

/** A fresh world before each test, closed after it. */
export type UseWorld = () => World;

/** The id of an event that never existed. */
export const missingEvent = ({ missingEventId = 'neverexisted' }: World): string => missingEventId;
