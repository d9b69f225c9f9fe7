// After a restore a cursor may stand for rows that the tables do not hold any more: it is forgotten, and the connection marked, so that its
// next pull lists every calendar whole. Under the pull lease, so that it may be done beside live traffic.
import { minutes, type Clock } from '../platform/clock.ts';
import type { Leases } from '../platform/lease.ts';
import { shardOf } from '../platform/shard.ts';
import type { SyncStates } from './sync-state.ts';

export interface ForgetParts {
  readonly states: SyncStates;
  readonly leases: Leases;
  readonly clock: Clock;
}

/** `held`: somebody pulls just now, ask again. `gone`: it leaves, or is not there. Safe to repeat. */
export async function forgetCursors({ states, leases, clock }: ForgetParts, connectionId: string): Promise<'forgotten' | 'held' | 'gone'> {
  const state = await states.read(connectionId);
  if (!state || 'leaving' in state) return 'gone';
  const now = clock();
  const lease = await leases.take(state.pull, { connectionId, part: 'pull', now, endsAt: now + minutes(1) });
  if (!lease) return 'held';
  for (const key of state.cursors.keys()) await states.dropCursor(lease, key);
  await states.mark(connectionId, now, shardOf(connectionId));
  await leases.release(lease, {});
  return 'forgotten';
}
