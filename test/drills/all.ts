// Every drill, in the order in which they are done and shown.
import type { Drill } from './drill.ts';
import { malformedWebhooks } from './failure/malformed-webhooks.ts';

export const drills: readonly Drill[] = [malformedWebhooks];
