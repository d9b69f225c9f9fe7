// Every drill, in the order in which they are done and shown.
import type { Drill } from './drill.ts';
import { allowlist } from './enablement/allowlist.ts';
import { idempotency } from './enablement/idempotency.ts';
import { inbound } from './enablement/inbound.ts';
import { outbound } from './enablement/outbound.ts';
import { deadLetters } from './failure/dead-letters.ts';
import { malformedWebhooks } from './failure/malformed-webhooks.ts';
import { replayStorm } from './failure/replay-storm.ts';

export const drills: readonly Drill[] = [allowlist, inbound, outbound, idempotency, malformedWebhooks, replayStorm, deadLetters];
