// The outside world of calendars behind one port: two unlike protocols, one result type.
// Instants are milliseconds since the epoch, UTC. Adapters live in google/ and microsoft/; both pass test/contracts/calendars.

import type { Trace } from '../platform/trace.ts';

export type CalendarProvider = 'google' | 'microsoft';

/** A calendar of a connection. `id` is the calendar provider's own; `key` is ours (see calendarKey), safe in table keys. */
export interface CalendarRef {
  readonly id: string;
  readonly key: string;
}

/** Half-open: from ≤ t < to. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What an event of ours carries in its private property: which booking it stands for, and in which state we wrote it. */
export interface OurMark {
  readonly bookingId: string;
  readonly generation: number;
  readonly version: number;
}

/** An event (or one instance of a series) as it stands, reduced to what the service may know: no title, body or attendee. */
export interface Present {
  readonly kind: 'present';
  readonly id: string;
  readonly start: number;
  /** Always after start: a zero-length or inverted range ends one millisecond after it began. */
  readonly end: number;
  /** By the table "what blocks"; an event of ours is told by `ours`, not by this. */
  readonly blocks: boolean;
  readonly etag?: string;
  /** Graph only: the series whose occurrences are replaced as a set. */
  readonly series?: string;
  /** Graph only: lastModifiedDateTime, by which the newest of a round wins. */
  readonly modified?: number;
  readonly ours?: OurMark;
  /** Graph only, whose deltas show no property: a hint that the event may be ours; confirm with `read`. */
  readonly transactionId?: string;
}

/** Deleted, cancelled, or (Graph) outside the window: no longer busy. Only a read tells which. */
export interface Gone {
  readonly kind: 'gone';
  readonly id: string;
}

/** Graph: all that a series has in the window, replacing whatever it had there before. */
export interface SeriesSet {
  readonly kind: 'series';
  readonly series: string;
  readonly members: readonly Present[];
}

export type RemoteItem = Present | Gone | SeriesSet;

/** One page of a list or delta. Only the last carries the next cursor, to be saved once everything before it is applied. */
export interface Page {
  readonly items: readonly RemoteItem[];
  readonly cursor?: string;
  /** The calendar's own IANA zone, where the provider says it (Google). A change of it asks for a re-list. */
  readonly zone?: string;
}

/** Names one event of ours at one calendar. Google's event id and Graph's transactionId both derive from it. */
export interface EventIdentity {
  readonly connectionId: string;
  readonly calendarId: string;
  readonly bookingId: string;
  readonly generation: number;
}

/** A booking as it should stand in the calendar. Times RFC 3339 with offset or Z. */
export interface DesiredEvent {
  readonly title: string;
  readonly description?: string;
  readonly location?: string;
  readonly start: string;
  readonly end: string;
  /** IANA; shown to people by the calendar. */
  readonly zone?: string;
  readonly version: number;
}

export interface WrittenEvent {
  readonly id: string;
  readonly icalUid: string;
  readonly etag: string;
}

/** An event read back. `cancelled` = in the provider's bin; a person, or we, deleted it. */
export interface FoundEvent extends WrittenEvent {
  readonly cancelled: boolean;
  readonly start: number;
  readonly end: number;
  readonly mark?: OurMark;
}

export type CreateOutcome =
  | { readonly outcome: 'created'; readonly event: WrittenEvent }
  /** The identity is taken: by an earlier attempt of ours whose answer was lost, or by an event since deleted. `find` tells. */
  | { readonly outcome: 'exists'; readonly eventId?: string };
export type UpdateOutcome =
  | { readonly outcome: 'updated'; readonly event: WrittenEvent }
  /** The etag given is not the event's any more: read, decide again. */
  | { readonly outcome: 'changed' }
  | { readonly outcome: 'gone' };

/** A calendar that the account can see. */
export interface CalendarInfo {
  readonly id: string;
  readonly name: string;
  readonly primary: boolean;
  readonly writable: boolean;
  readonly zone?: string;
  /** False: another person's, which no watch of this account's covers. */
  readonly watchable?: false;
}

export interface WatchRequest {
  /** Google: our channel id. Graph chooses its own subscription id and ignores this. */
  readonly id: string;
  /** Google: the channel token. Graph: clientState. Comes back with every notice. */
  readonly secret: string;
  /** Where notices are posted. */
  readonly address: string;
  readonly expiresAt: number;
}

/** A watch channel (Google) or subscription (Graph). `expiresAt` is what the provider returned, whatever was asked. */
export interface Watch {
  readonly id: string;
  readonly resourceId?: string;
  readonly expiresAt: number;
}

/**
 * The calendars of one connection. Every method asks `session.permit` before each HTTP call, starts none that could end after
 * `session.endsAt`, renews the token once on 401, and throws CalendarError for what is not an expected outcome.
 */
export interface Calendars {
  /** Every event of the window, series expanded; also the first cursor. Ends by throwing if the provider stops half way. */
  everything(calendar: CalendarRef, window: Window): AsyncIterable<Page>;
  /** What changed since the cursor. Items may lie outside the window (Google): the caller filters. Throws `cursor_gone`. */
  changes(calendar: CalendarRef, cursor: string, window: Window): AsyncIterable<Page>;
  /** The event by its id; undefined where the provider answers 404 or 410. */
  read(calendar: CalendarRef, eventId: string): Promise<FoundEvent | undefined>;
  /** The event id that `create` will use, where it can be known before (Google). */
  predictedId(identity: EventIdentity): string | undefined;
  /** Whether this is the event of that identity, told without a call: Google by its id, Graph by its transactionId. */
  wrote(identity: EventIdentity, event: Pick<Present, 'id' | 'transactionId'>): boolean;
  /** Our event by its identity, also after a lost answer. Google: by id, cancelled ones too. Graph: by extended property. */
  find(calendar: CalendarRef, identity: EventIdentity): Promise<FoundEvent | undefined>;
  create(calendar: CalendarRef, identity: EventIdentity, event: DesiredEvent): Promise<CreateOutcome>;
  /** Changes our fields only. Without an etag it is unconditional. */
  update(calendar: CalendarRef, eventId: string, identity: EventIdentity, event: DesiredEvent, etag?: string): Promise<UpdateOutcome>;
  /** `absent`: 404 or 410. */
  remove(calendar: CalendarRef, eventId: string): Promise<'removed' | 'absent'>;
  list(): Promise<readonly CalendarInfo[]>;
  /** Google: one channel on this calendar. Graph: one subscription on the mailbox (`calendar` ignored). Throws `unwatchable`. */
  watch(calendar: CalendarRef, request: WatchRequest): Promise<Watch>;
  /** Graph: extends the same subscription. Google has no renewal: `undefined`, make a new channel. `gone`: make a new one and list. */
  renew(watch: Watch, expiresAt: number): Promise<Watch | 'gone' | undefined>;
  /** Already stopped, unknown or expired is success. */
  stop(watch: Watch): Promise<void>;
  /** Graph: this app's subscriptions to the mailbox's events. Google has no list: `undefined`. */
  listWatches(): Promise<readonly Watch[] | undefined>;
}

/** What a caller lends to an adapter for the length of one lease. */
export interface Session {
  readonly connectionId: string;
  /** A bearer token; `renew` = true after a 401. May throw CalendarError `grant_dead`. */
  token(renew?: boolean): Promise<string>;
  /** Throws when a gate has closed. */
  permit(): Promise<void>;
  /** No call may end later than this. */
  readonly endsAt: number;
  /** IANA zone of the provider (the professional), given at connect; for all-day events of calendars that tell none. */
  readonly zone?: string;
  /** In whose story each call is told, and which id goes along where the provider takes one. */
  readonly trace?: Trace | undefined;
}

export type OpenCalendars = (session: Session) => Calendars;

export type CalendarErrorKind =
  /** 410 fullSyncRequired / updatedMinTooLongAgo, SyncStateNotFound, resyncRequired…: list again, once. */
  | 'cursor_gone'
  /** invalid_grant and its kin, or 401 with a freshly renewed token: the person must consent again. */
  | 'grant_dead'
  /** invalid_client and its kin: our own registration is broken; touch no connection. */
  | 'misconfigured'
  /** 429, Google's 403 rate limits, Graph's 503 with MailboxConcurrency. `retryAfterMs` where told. */
  | 'throttled'
  /** 5xx, resets, time-outs, anything unknown: try again later. The effect may have happened. */
  | 'unavailable'
  /** This calendar or mailbox can't be read (404, 403, no mailbox): retrying soon cannot help. */
  | 'unreadable'
  /** The request itself is refused (400 and other 4xx): retrying the same cannot help. */
  | 'rejected'
  /** This calendar cannot be watched: poll it. */
  | 'unwatchable'
  /** Graph: a twin subscription exists (409 ObjectIdentifierInUse). */
  | 'watch_exists'
  /** Not begun: it could have ended after the lease. */
  | 'out_of_time';

/** Carries no token, URL, header or body of the request: safe to log. */
export class CalendarError extends Error {
  readonly kind: CalendarErrorKind;
  readonly status: number | undefined;
  /** The provider's own reason or code, such as `rateLimitExceeded`. */
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: CalendarErrorKind, detail: { status?: number | undefined; reason?: string | undefined; retryAfterMs?: number | undefined } = {}) {
    super([kind, detail.status, detail.reason].filter((part) => part !== undefined).join(' '));
    this.name = 'CalendarError';
    this.kind = kind;
    this.status = detail.status;
    this.reason = detail.reason;
    this.retryAfterMs = detail.retryAfterMs;
  }
}
