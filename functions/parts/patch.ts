// What a change of calendars is made of: it asks the provider for the account's calendars, as workers do, and rings for both halves.
import type { PatchParts } from '../../lib/connect/patch-connection.ts';
import { hintQueue } from '../../lib/platform/hint-queue.ts';
import { lateDues } from '../../lib/platform/late-dues.ts';
import type { ProviderHint } from '../../lib/platform/messages.ts';
import { safeError } from '../../lib/platform/telemetry.ts';
import type { inboundParts } from './workers.ts';

export function patchParts(parts: ReturnType<typeof inboundParts>): PatchParts {
  const { dynamo, sqs, env, connections, settings, open, tokens, states, hints, clock, log } = parts;
  const providerHints = hintQueue<ProviderHint>(sqs, env.BOOKING_QUEUE_URL, ({ provider_id }) => provider_id);
  return {
    dynamo, connections, settings, open, tokens, hints, providerHints, clock,
    tables: { connections: env.CONNECTIONS_TABLE, busyIntervals: env.BUSY_INTERVALS_TABLE },
    mark: states.mark,
    late: lateDues(dynamo, env.SYNC_STATE_TABLE),
    failed: (failure) => log.error('connection not changed', { error: safeError(failure) }),
  };
}
