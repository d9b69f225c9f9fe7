// Every metric: its unit, what it says, and the closed values of its dimensions. CloudWatch bills each combination of name and values that
// was ever sent in an hour, about $0.30 a month (https://aws.amazon.com/cloudwatch/pricing/), so that an id here would cost thousands:
// ids belong in log lines.
import { Metric, type MetricName } from './names.ts';

const calendarProvider = ['google', 'microsoft'] as const;
const direction = ['inbound', 'outbound'] as const;
/** What a pull does to watches. */
export const watchActs = ['made', 'renewed', 'stopped', 'orphans'] as const;
/** How the watch of a calendar stands: `near_expiry` ends within a day, a day after it should have been renewed at the latest, or has ended unrenewed within three days. */
export const watchHealth = ['live', 'near_expiry', 'missing'] as const;
export type WatchHealth = (typeof watchHealth)[number];

export interface MetricKind {
  /** `counter`: add up what was sent. `gauge`: the newest counts. `summary`: a spread of latencies. */
  readonly kind: 'counter' | 'gauge' | 'summary';
  readonly help: string;
  readonly dimensions: Readonly<Record<string, readonly string[]>>;
  /** Coarser sets of dimensions, sent in the same line; `[]` is the total. An alarm can neither add up more than ten metrics nor percentiles at all. */
  readonly totals?: readonly (readonly string[])[];
}

export const metricCatalog = {
  [Metric.runs]: { kind: 'counter', help: 'Pulls of a connection, and bookings brought to one calendar, by how they ended.', dimensions: { direction, calendar_provider: calendarProvider, outcome: ['succeeded', 'failed', 'waiting'] }, totals: [['outcome']] },
  [Metric.items]: { kind: 'counter', help: 'Busy rows and calendar events that were written or removed.', dimensions: { direction, calendar_provider: calendarProvider }, totals: [[]] },
  [Metric.failures]: { kind: 'counter', help: 'Runs that failed; of an unknown calendar provider where a run was interrupted before it had read its connection.', dimensions: { direction, calendar_provider: [...calendarProvider, 'unknown'] }, totals: [[]] },
  [Metric.latency]: { kind: 'summary', help: 'How long a run took, without those that only had to wait.', dimensions: { direction, calendar_provider: calendarProvider }, totals: [[]] },
  [Metric.webhooks]: { kind: 'counter', help: 'Deliveries to the webhooks, by how they were answered.', dimensions: { calendar_provider: calendarProvider, outcome: ['handshake', 'accepted', 'duplicate', 'too_large', 'malformed', 'unknown_settings', 'not_durable', 'webhooks_off', 'not_allowlisted', 'not_authentic'] }, totals: [['outcome']] },
  [Metric.hintsCoalesced]: { kind: 'counter', help: 'Connections that a notice found dirty already, so that no hint was sent.', dimensions: { calendar_provider: calendarProvider } },
  [Metric.noticeToVisible]: { kind: 'summary', help: 'From the first unseen notice until readers see its change.', dimensions: { calendar_provider: calendarProvider } },
  [Metric.bookingToEvent]: { kind: 'summary', help: 'From the recorded booking until its event stands in the calendar.', dimensions: { calendar_provider: calendarProvider } },
  [Metric.deadLetters]: { kind: 'counter', help: 'Messages put aside because they can never be valid.', dimensions: { queue: ['inbound', 'booking'], reason: ['not_a_hint', 'not_json', 'unknown_type', 'invalid_event', 'version_reused'] } },
  [Metric.settingsUnknown]: { kind: 'counter', help: 'Reads of the flags, allowlists and secrets that failed.', dimensions: {} },
  [Metric.enabled]: { kind: 'gauge', help: 'CALENDAR_SYNC_ENABLED as upkeep saw it: 1 on, 0 off; nothing while it is unknown.', dimensions: {} },
  [Metric.ticks]: { kind: 'counter', help: 'Ticks that upkeep began, whatever the flags: its heartbeat.', dimensions: {} },
  [Metric.waiting]: { kind: 'gauge', help: 'Connections and bookings that upkeep found dirty, due or pending for more than 10 s.', dimensions: {} },
  [Metric.hintsSent]: { kind: 'counter', help: 'Hints that upkeep sent, by what for.', dimensions: { why: ['dirty', 'due-any', 'due-sync', 'due-jobs', 'late', 'pending'] } },
  [Metric.oldestDirty]: { kind: 'gauge', help: 'How long the oldest unread notice has waited, ms.', dimensions: {} },
  [Metric.oldestPending]: { kind: 'gauge', help: 'How long the oldest booking has waited for its calendars, ms.', dimensions: {} },
  [Metric.connections]: { kind: 'gauge', help: 'Connections by state, counted once an hour.', dimensions: { state: ['active', 'paused', 'reauthorization_required', 'disconnecting'] } },
  [Metric.watches]: { kind: 'gauge', help: 'What is to be watched, by how its watch stands, counted once an hour.', dimensions: { calendar_provider: calendarProvider, health: watchHealth }, totals: [['health']] },
  [Metric.watchActs]: { kind: 'counter', help: 'Watches made, renewed and stopped.', dimensions: { calendar_provider: calendarProvider, what: watchActs } },
  [Metric.quotaWaits]: { kind: 'counter', help: 'Calls put off because our own budget of calls was used up.', dimensions: { purpose: ['poll', 'notice', 'booking'], whose: ['project', 'user'] } },
  [Metric.refreshFailures]: { kind: 'counter', help: 'Access tokens that could not be renewed.', dimensions: { calendar_provider: calendarProvider, reason: ['grant_dead', 'misconfigured', 'throttled', 'unavailable', 'other'] }, totals: [[]] },
  [Metric.oauthClientRefused]: { kind: 'counter', help: 'The calendar provider refused our own OAuth client.', dimensions: { calendar_provider: calendarProvider }, totals: [[]] },
  [Metric.consents]: {
    kind: 'counter',
    help: 'Consents, by how they ended.',
    dimensions: {
      outcome: [
        'connected', 'admin', 'unknown_link', 'expired', 'replayed', 'worn_out', 'tampered', 'other_browser', 'off', 'erasing', 'unknown', 'denied', 'scope_missing', 'no_refresh_token', 'admin_consent_required',
        'provider_refused', 'provider_unavailable', 'code_refused', 'identity_refused', 'no_calendar', 'account_taken', 'busy', 'our_fault',
      ],
    },
  },
} as const satisfies Readonly<Record<MetricName, MetricKind>>;

type Catalog = typeof metricCatalog;

/** What a figure of this metric must say, and may say. */
export type DimensionsOf<N extends MetricName> = { readonly [D in keyof Catalog[N]['dimensions']]: Catalog[N]['dimensions'][D] extends readonly (infer Value)[] ? Value : never };

/** One figure of a metric in the catalog, with exactly its dimensions. */
export type Figure = { readonly [N in MetricName]: readonly [name: N, value: number, dimensions: DimensionsOf<N>] }[MetricName];

/** By its name's ending, as Prometheus has it: `_ms` are milliseconds. */
export const unitOf = (name: MetricName): 'Milliseconds' | 'Count' => (name.endsWith('_ms') ? 'Milliseconds' : 'Count');

export interface Series {
  readonly name: MetricName;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Every combination that can ever be sent, coarser sets included. */
export function everySeries(): Series[] {
  return (Object.keys(metricCatalog) as MetricName[]).flatMap((name) => {
    const { dimensions, totals = [] }: MetricKind = metricCatalog[name];
    const sets = [Object.keys(dimensions), ...totals];
    return sets.flatMap((set) => combinations(dimensions, set).map((each) => ({ name, dimensions: each })));
  });
}

/** The finest series of one metric: those that add up to it. */
export const seriesOf = (name: MetricName): Series[] => combinations(metricCatalog[name].dimensions, Object.keys(metricCatalog[name].dimensions)).map((dimensions) => ({ name, dimensions }));

const combinations = (values: MetricKind['dimensions'], names: readonly string[]): Record<string, string>[] =>
  names.reduce<Record<string, string>[]>((found, name) => found.flatMap((each) => (values[name] ?? []).map((value) => ({ ...each, [name]: value }))), [{}]);
