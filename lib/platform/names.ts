// The names that the stack and the running code must agree on. CDK and runtime both import this file; nothing else says them.

export const Setting = {
  syncEnabled: 'CALENDAR_SYNC_ENABLED',
  oauthEnabled: 'CALENDAR_OAUTH_ENABLED',
  jobsEnabled: 'CALENDAR_JOBS_ENABLED',
  webhookEnabled: 'CALENDAR_WEBHOOK_ENABLED',
  providerAllowlist: 'CALENDAR_ALLOWLIST_PROVIDER_IDS',
  connectionAllowlist: 'CALENDAR_ALLOWLIST_CONNECTION_IDS',
  webhookKeys: 'WEBHOOK_KEYS',
  tokenKeys: 'TOKEN_KEYS',
  googleOauth: 'GOOGLE_OAUTH',
  microsoftOauth: 'MICROSOFT_OAUTH',
} as const;
export type SettingName = (typeof Setting)[keyof typeof Setting];

/** Default `false`. Only `true` (any case, trimmed) is on. */
export const flagNames = [Setting.syncEnabled, Setting.oauthEnabled, Setting.jobsEnabled, Setting.webhookEnabled] as const;
/** Default `none`, which admits nobody. */
export const allowlistNames = [Setting.providerAllowlist, Setting.connectionAllowlist] as const;
/** SecureStrings, each one JSON document; made by the operator, as CloudFormation cannot. */
export const secretNames = [Setting.webhookKeys, Setting.tokenKeys, Setting.googleOauth, Setting.microsoftOauth] as const;

/** The path below which a stage's parameters live, with its closing slash. */
export const settingsPath = (stage: string): string => `/calendar-sync/${stage}/`;

const worker = [Setting.syncEnabled, Setting.providerAllowlist, Setting.tokenKeys, Setting.googleOauth, Setting.microsoftOauth] as const;

/** Which settings each function asks for, in one GetParameters call, and may read. A function's file, construct, log service and runbook heading carry the same name. */
export const functionSettings = {
  'google-webhook': [Setting.webhookEnabled, Setting.connectionAllowlist, Setting.webhookKeys],
  'microsoft-webhook': [Setting.webhookEnabled, Setting.connectionAllowlist, Setting.webhookKeys],
  'inbound-sync': [...worker, Setting.jobsEnabled, Setting.webhookEnabled, Setting.connectionAllowlist, Setting.webhookKeys],
  'booking-sync': worker,
  availability: [Setting.syncEnabled, Setting.providerAllowlist],
  connections: [Setting.oauthEnabled, Setting.providerAllowlist],
  connect: [Setting.oauthEnabled, Setting.providerAllowlist, Setting.tokenKeys, Setting.googleOauth, Setting.microsoftOauth],
  'sync-now': [...worker, Setting.jobsEnabled, Setting.webhookEnabled, Setting.connectionAllowlist, Setting.webhookKeys],
  /** Answers operators. */
  ops: [],
  upkeep: [Setting.syncEnabled, Setting.jobsEnabled, Setting.webhookEnabled, Setting.providerAllowlist, Setting.connectionAllowlist],
} as const satisfies Record<string, readonly SettingName[]>;
export type FunctionName = keyof typeof functionSettings;

/** Environment variables of the functions. */
export const Env = {
  stage: 'STAGE',
  /** Powertools' own: the name of the function's file, under which it logs and counts. */
  serviceName: 'POWERTOOLS_SERVICE_NAME',
  settingsPath: 'SETTINGS_PATH',
  connectionsTable: 'CONNECTIONS_TABLE',
  syncStateTable: 'SYNC_STATE_TABLE',
  busyIntervalsTable: 'BUSY_INTERVALS_TABLE',
  bookingEventsTable: 'BOOKING_EVENTS_TABLE',
  inboundQueueUrl: 'INBOUND_QUEUE_URL',
  bookingQueueUrl: 'BOOKING_QUEUE_URL',
  inboundDeadQueueUrl: 'INBOUND_DEAD_QUEUE_URL',
  bookingDeadQueueUrl: 'BOOKING_DEAD_QUEUE_URL',
  calendarChangesQueueUrl: 'CALENDAR_CHANGES_QUEUE_URL',
  /** Where calendar providers reach the webhooks; https, no closing slash. */
  webhookBaseUrl: 'WEBHOOK_BASE_URL',
  /** Days of the promised window behind and ahead of now. */
  windowBackDays: 'WINDOW_BACK_DAYS',
  windowAheadDays: 'WINDOW_AHEAD_DAYS',
  /** Where the HTTP API answers; https, no closing slash. */
  apiUrl: 'API_URL',
  /** Where the calendar providers answer; https, no closing slash. */
  googleApiUrl: 'GOOGLE_API_URL',
  googleOauthUrl: 'GOOGLE_OAUTH_URL',
  /** Where people consent at Google, which is another host than its token endpoint. */
  googleConsentUrl: 'GOOGLE_CONSENT_URL',
  microsoftGraphUrl: 'MICROSOFT_GRAPH_URL',
  microsoftLoginUrl: 'MICROSOFT_LOGIN_URL',
} as const;
export type EnvName = (typeof Env)[keyof typeof Env];

export const providerUrls = {
  [Env.googleApiUrl]: 'https://www.googleapis.com',
  [Env.googleOauthUrl]: 'https://oauth2.googleapis.com',
  [Env.googleConsentUrl]: 'https://accounts.google.com',
  [Env.microsoftGraphUrl]: 'https://graph.microsoft.com',
  [Env.microsoftLoginUrl]: 'https://login.microsoftonline.com',
} as const;

export const tableNames = ['connections', 'sync-state', 'busy-intervals', 'booking-events'] as const;
export type TableName = (typeof tableNames)[number];

/** Indexes; keys as section "Tables" of docs/architecture.md tells. */
export const Index = {
  connectionsByProvider: 'by-provider',
  connectionsByAccount: 'by-account',
  dirty: 'dirty',
  due: 'due',
  busyByStart: 'by-start',
  busyBySeries: 'by-series',
  pending: 'pending',
  bookingsByEnd: 'by-provider-end',
} as const;

/** Each queue `x` has a dead-letter queue `x-dead`. */
export const queueNames = ['inbound', 'booking', 'calendar-changes'] as const;
export type QueueName = (typeof queueNames)[number];

export const metricNamespace = 'CalendarSync';
/** The one dimension that every metric has, by which stages in one account are told apart: `service` = this. */
export const metricService = (stage: string): string => `calendar-sync-${stage}`;

/** Metrics; metric-catalog.ts says what each counts, by which dimensions. */
export const Metric = {
  runs: 'calendar_sync_runs_total',
  items: 'calendar_sync_items_processed',
  failures: 'calendar_sync_failures_total',
  latency: 'calendar_sync_latency_ms',
  webhooks: 'calendar_sync_webhooks_total',
  noticeToVisible: 'calendar_sync_notice_to_visible_ms',
  bookingToEvent: 'calendar_sync_booking_to_event_ms',
  deadLetters: 'calendar_sync_dead_letters_total',
  settingsUnknown: 'calendar_sync_settings_unknown_total',
  enabled: 'calendar_sync_enabled',
  ticks: 'calendar_sync_upkeep_ticks_total',
  waiting: 'calendar_sync_waiting',
  hintsSent: 'calendar_sync_hints_sent_total',
  hintsCoalesced: 'calendar_sync_hints_coalesced_total',
  oldestDirty: 'calendar_sync_oldest_dirty_ms',
  oldestPending: 'calendar_sync_oldest_pending_ms',
  connections: 'calendar_sync_connections',
  watches: 'calendar_sync_watches',
  watchActs: 'calendar_sync_watch_acts_total',
  quotaWaits: 'calendar_sync_quota_waits_total',
  refreshFailures: 'calendar_sync_refresh_failures_total',
  consents: 'calendar_sync_consents_total',
  oauthClientRefused: 'calendar_sync_oauth_client_refused_total',
} as const;
export type MetricName = (typeof Metric)[keyof typeof Metric];
