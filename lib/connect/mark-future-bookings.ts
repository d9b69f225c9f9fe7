import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/connections.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { lateAfter, type LateDues } from '../platform/late-dues.ts';
import type { ProviderHint } from '../platform/messages.ts';

export interface MarkParts {
  readonly late: LateDues;
  readonly providerHints: HintQueue<ProviderHint>;
  readonly clock: Clock;
}

/**
 * Every future booking of a provider is brought in line anew: after a consent, or once another calendar receives. Now by a hint, and once
 * more in five minutes by what is saved here, which also makes good a lost hint.
 */
export const markFutureBookings =
  ({ late, providerHints, clock }: MarkParts) =>
  async ({ connection_id, provider_id }: Pick<Connection, 'connection_id' | 'provider_id'>): Promise<void> => {
    await late.ask(connection_id, provider_id, clock() + lateAfter);
    await providerHints.send({ v: 1, hint: 'provider', provider_id });
  };
