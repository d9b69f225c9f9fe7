// The alarms of a stage, by what they are called in infra/, in drills and as headings of docs/runbook.md.

/** In the order in which a dashboard shows them: what people feel first. `unhealthy` is made of others and rolls deployments back. */
export const alarmNames = [
  'unhealthy',
  'sync-stalled', 'sync-failures', 'sync-latency', 'notices-unread', 'bookings-unapplied', 'items-anomaly',
  'api-5xx', 'webhook-401-spike', 'signature-failures',
  'settings-unknown', 'upkeep-silent', 'refresh-failures', 'oauth-client-refused', 'watches-near-expiry',
  'inbound-dead-letters', 'booking-dead-letters', 'calendar-changes-dead-letters',
  'google-webhook-errors', 'microsoft-webhook-errors', 'inbound-sync-errors', 'booking-sync-errors', 'availability-errors', 'upkeep-errors',
  'google-webhook-throttled', 'microsoft-webhook-throttled',
  'connections-throttled', 'sync-state-throttled', 'busy-intervals-throttled', 'booking-events-throttled',
] as const;
export type AlarmName = (typeof alarmNames)[number];

/** What it is called in the account. */
export const physicalAlarmName = (stage: string, name: AlarmName): string => `calendar-sync-${stage}-${name}`;
