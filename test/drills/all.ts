// Every drill, in the order in which they are done and shown.
import type { Drill } from './drill.ts';
import { allowlist } from './enablement/allowlist.ts';
import { alarms } from './enablement/alarms.ts';
import { flags } from './enablement/flags.ts';
import { idempotency } from './enablement/idempotency.ts';
import { inbound } from './enablement/inbound.ts';
import { logs } from './enablement/logs.ts';
import { metricsExport } from './enablement/metrics-export.ts';
import { outbound } from './enablement/outbound.ts';
import { deadLetters } from './failure/dead-letters.ts';
import { deploymentRollback } from './failure/deployment-rollback.ts';
import { malformedWebhooks } from './failure/malformed-webhooks.ts';
import { providerOutage } from './failure/provider-outage.ts';
import { queuesFailing } from './failure/queues-failing.ts';
import { replayStorm } from './failure/replay-storm.ts';
import { rollback } from './failure/rollback.ts';
import { settingsFailing } from './failure/settings-failing.ts';
import { tablesFailing } from './failure/tables-failing.ts';
import { tokenRevocation } from './failure/token-revocation.ts';
import { watchExpiry } from './failure/watch-expiry.ts';

export const drills: readonly Drill[] = [flags, allowlist, inbound, outbound, idempotency, metricsExport, logs, alarms, malformedWebhooks, providerOutage, tablesFailing, queuesFailing, settingsFailing, watchExpiry, tokenRevocation, replayStorm, deadLetters, rollback, deploymentRollback];
