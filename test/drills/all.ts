// Every drill, in the order in which they are done and shown.
import type { Drill } from './drill.ts';
import { outbound } from './enablement/outbound.ts';
import { malformedWebhooks } from './failure/malformed-webhooks.ts';

export const drills: readonly Drill[] = [outbound, malformedWebhooks];
