// What of Graph's behaviour differs between tenants, days and reports: a test may turn each of these while the simulator runs.

export interface Behaviour {
  /** How long a request occupies one of the mailbox's places. */
  latencyMs: number;
  maxConcurrent: number;
  /** Deltas also carry the series itself, dated at its first occurrence. */
  seriesMasterRows: boolean;
  /** Whether an occurrence that no longer happens is told as removed, or just no longer listed. */
  occurrenceTombstones: boolean;
  /** A deleted series is told by the id of its master alone. */
  masterTombstoneOnly: boolean;
  /** Probability that an entity comes twice in one round, the second time perhaps as it was before. */
  replays: number;
  /** Whether the rows of a round come in any order. */
  shuffled: boolean;
  /** Probability that a page is empty though more follow. */
  emptyPages: number;
  /** A change enters deltas this much later than its notice is sent. */
  deltaLagMs: number;
  /** How a dead delta token is answered. */
  deadTokenCode: 'SyncStateNotFound' | 'resyncRequired';
  iCalUIdIsNull: boolean;
  /** Whether `If-Match` on an event is looked at. */
  ifMatch: boolean;
  duplicateTransactionStatus: 400 | 409;
  /** Probability that a duplicate transactionId is answered with `@event.existingEventId`. */
  duplicateTellsEventId: number;
  /** A transactionId stays taken after its event is deleted. */
  transactionIdsOutliveEvents: boolean;
  /** A deleted event can still be read, as cancelled. */
  deletedEventsReadable: boolean;
  /** A second subscription of one app to the same resource and change types: 409, or made. */
  twinSubscriptionsConflict: boolean;
  /** How many `updated` notices one change causes. */
  noticesPerUpdate: number;
  /** Notices of this span travel in one POST. */
  batchMs: number;
  /** The first wait before a refused notice is sent again; doubles each time. */
  noticeRetryMs: number;
  handshakeTimeoutMs: number;
  /** Whether a person may let an app at their calendar without their administrator. */
  usersMayConsent: boolean;
  /** How long a refresh token lives, used or not. */
  refreshTokenDays: number;
  /** After `reauthorizationRequired` changes are not told, and lost, until the subscription is reauthorized or renewed. */
  pausesUntilReauthorized: boolean;
}

/** As Graph is, where it is known, and otherwise as hard on its callers as it has been reported. */
export const usualBehaviour = (): Behaviour => ({
  latencyMs: 10,
  maxConcurrent: 4,
  seriesMasterRows: true,
  occurrenceTombstones: false,
  masterTombstoneOnly: false,
  replays: 0,
  shuffled: false,
  emptyPages: 0.1,
  deltaLagMs: 0,
  deadTokenCode: 'SyncStateNotFound',
  iCalUIdIsNull: false,
  ifMatch: true,
  duplicateTransactionStatus: 400,
  duplicateTellsEventId: 0,
  transactionIdsOutliveEvents: true,
  deletedEventsReadable: false,
  twinSubscriptionsConflict: true,
  noticesPerUpdate: 1,
  batchMs: 5,
  noticeRetryMs: 1000,
  handshakeTimeoutMs: 10_000,
  usersMayConsent: true,
  refreshTokenDays: 90,
  pausesUntilReauthorized: false,
});
