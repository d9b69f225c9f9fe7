// Which criterion of the operators' gate each of these sabotages must turn to NO-GO, and the drill that shows it. One gate has many drills:
// the one that is to see it is done, and the gate judges by that.
import { sabotages } from './list.ts';
import { inFile, type Sabotage } from './sabotage.ts';

export interface AgainstGate {
  readonly criterion: string;
  readonly drill: string;
  readonly ids: readonly string[];
}

/** Those that no test need see, since only a run shows what they take away. */
const forGateAlone: readonly Sabotage[] = [
  ...inFile('infra/deployments.ts', [], [
    { id: 'deployment-goes-on-in-alarm', breaks: 'A deployment during which the service is unhealthy is taken back.', find: 'deploymentInAlarm: true', replace: 'deploymentInAlarm: false' },
  ]),
  ...inFile('lib/inbound/receive-hints.ts', [], [
    { id: 'failures-not-counted', breaks: 'A pull that failed is counted.', find: "=== 'failed') figures.push([Metric.failures, 1, dimensions]);", replace: "=== 'failed' && ms < 0) figures.push([Metric.failures, 1, dimensions]);" },
  ]),
];

export const againstGate: readonly AgainstGate[] = [
  { criterion: 'flags-default-off', drill: 'flags', ids: ['flags-default-on', 'lists-default-everyone'] },
  { criterion: 'degrades-gracefully', drill: 'flags', ids: ['sync-flag-ignored', 'webhook-flag-ignored', 'oauth-flag-ignored'] },
  { criterion: 'allowlists-enforced', drill: 'allowlist', ids: ['provider-list-ignored', 'connection-list-ignored', 'emptied-list-is-everyone', 'empty-list-is-everyone'] },
  { criterion: 'migrations-verified', drill: 'rollback', ids: ['dry-run-writes', 'clear-token-not-found', 'two-events-not-found', 'double-busy-row-not-found'] },
  { criterion: 'rollback-drilled', drill: 'rollback', ids: ['rollback-in-forward-order', 'rollback-does-nothing', 'migration-beside-live-sync'] },
  { criterion: 'rollback-drilled', drill: 'deployment-rollback', ids: ['deployment-goes-on-in-alarm', 'composite-of-one'] },
  { criterion: 'inbound-works', drill: 'inbound', ids: ['removals-forgotten'] },
  { criterion: 'outbound-works', drill: 'outbound', ids: ['event-of-cancelled-stays', 'version-compare-reversed'] },
  { criterion: 'no-duplicates', drill: 'outbound', ids: ['same-version-again'] },
  { criterion: 'no-duplicates', drill: 'provider-outage', ids: ['google-id-not-ours', 'transaction-id-dropped'] },
  { criterion: 'metrics-exported', drill: 'metrics-export', ids: ['metrics-not-told'] },
  { criterion: 'logs-redacted', drill: 'dead-letters', ids: ['dead-letter-shown-whole'] },
  { criterion: 'back-off-works', drill: 'provider-outage', ids: ['back-off-removed', 'back-off-ignored', 'failure-without-back-off', 'push-without-back-off'] },
  { criterion: 'alarms-rung', drill: 'alarms', ids: ['alarm-tells-nobody', 'anomaly-alarm-deleted', 'runbook-heading-missing'] },
  { criterion: 'alarms-rung', drill: 'malformed-webhooks', ids: ['forgeries-never-ring'] },
  { criterion: 'alarms-rung', drill: 'dead-letters', ids: ['dead-letters-never-ring'] },
  { criterion: 'alarms-rung', drill: 'provider-outage', ids: ['failures-never-ring'] },
  { criterion: 'signatures-validated', drill: 'malformed-webhooks', ids: ['mac-not-compared'] },
  { criterion: 'webhooks-idempotent', drill: 'idempotency', ids: ['dedupe-dropped'] },
  { criterion: 'no-silent-failure', drill: 'dead-letters', ids: ['poison-booking-dropped', 'poison-hint-dropped', 'dead-letter-body-lost', 'dead-letter-reason-lost', 'dead-letter-queue-missing'] },
  { criterion: 'no-silent-failure', drill: 'provider-outage', ids: ['failures-not-counted'] },
  { criterion: 'no-silent-failure', drill: 'settings-failing', ids: ['unknown-is-off'] },
];

const all = [...sabotages, ...forGateAlone];

/** One trial each, in the list's order. Throws for an id that no sabotage has. */
export const gateTrials = (): { readonly sabotage: Sabotage; readonly criterion: string; readonly drill: string }[] =>
  againstGate.flatMap(({ criterion, drill, ids }) =>
    ids.map((id) => {
      const sabotage = all.find((one) => one.id === id);
      if (sabotage === undefined) throw new Error(`There is no sabotage ${id}.`);
      return { sabotage, criterion, drill };
    }),
  );
