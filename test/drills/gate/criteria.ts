// What must hold before calendars of real people are touched, and what forbids it; each tied to the drills that show it.

export interface Criterion {
  readonly id: string;
  /** As one who decides would say it. */
  readonly says: string;
  /** Drills, or drill/step: all must have passed, here, on this tree, within a day. */
  readonly proof: readonly string[];
}

export const criteria: readonly Criterion[] = [
  { id: 'flags-default-off', says: 'The four flags are off and both lists admit nobody until an operator says otherwise.', proof: ['flags/default-off'] },
  { id: 'allowlists-enforced', says: 'Both allowlists are set and enforced, also while it runs.', proof: ['allowlist'] },
  { id: 'migrations-verified', says: 'The migrations are applied and every verification query finds nothing.', proof: ['rollback/forward', 'rollback/verified'] },
  { id: 'inbound-works', says: 'Busy time in the calendars of listed providers blocks their slots.', proof: ['inbound'] },
  { id: 'outbound-works', says: 'A booking becomes one event with a row that names it, and is moved and cancelled with it.', proof: ['outbound'] },
  { id: 'no-duplicates', says: 'Nothing that comes twice is done twice.', proof: ['idempotency', 'outbound/same-again', 'provider-outage/no-duplicates', 'dead-letters/redriven-twice'] },
  { id: 'metrics-exported', says: 'Metrics are emitted, and read outside the process that counted them.', proof: ['metrics-export'] },
  { id: 'logs-redacted', says: 'Logs are structured, tell one connection’s story, and neither they nor what operators are shown hold a secret.', proof: ['logs', 'dead-letters/told', 'dead-letters/shown'] },
  { id: 'back-off-works', says: 'A provider that fails is asked less often, and again once it is back.', proof: ['provider-outage/backs-off', 'provider-outage/recovers'] },
  { id: 'alarms-rung', says: 'Alarms are configured, routed and in the runbook, and each failure rings its own and clears.', proof: ['alarms', 'provider-outage', 'tables-failing', 'queues-failing', 'settings-failing', 'malformed-webhooks', 'watch-expiry', 'dead-letters'] },
  { id: 'webhooks-enabled', says: 'Webhooks are accepted for listed connections, and for them alone.', proof: ['allowlist/connections', 'inbound/by-notice'] },
  { id: 'signatures-validated', says: 'What is not authentic is refused, for every calendar provider.', proof: ['malformed-webhooks'] },
  { id: 'webhooks-idempotent', says: 'A notice that comes again is answered as a duplicate and changes nothing.', proof: ['idempotency/replayed-at-once', 'idempotency/replayed-later', 'replay-storm'] },
  { id: 'errors-absent', says: 'Enabling it for listed providers brings no error.', proof: ['inbound/without-errors', 'outbound/without-errors'] },
  { id: 'degrades-gracefully', says: 'Each switch, turned in the middle of everything, takes within a minute and loses nothing.', proof: ['flags', 'token-revocation', 'watch-expiry'] },
  { id: 'no-silent-failure', says: 'Whatever fails is in the metrics and in the log, and what cannot be done is set aside whole.', proof: ['provider-outage/told', 'tables-failing/told', 'queues-failing/told', 'settings-failing/told', 'token-revocation/told', 'dead-letters/configured', 'dead-letters/set-aside', 'dead-letters/told'] },
  { id: 'rollback-drilled', says: 'The way back has been gone: flags, lists, migrations in reverse, and a deployment that was taken back.', proof: ['rollback', 'deployment-rollback'] },
];
