// A hint for a connection that is being disconnected: the steps run under its pull lease, so that no pull is under way beside them.
import { backoff } from '../platform/backoff.ts';
import { seconds, type Clock, type Random } from '../platform/clock.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { Lease, Leases } from '../platform/lease.ts';
import { leaveKey, type LeavingRow, type LeavingRows } from '../platform/leaving-rows.ts';
import type { InboundHint } from '../platform/messages.ts';
import type { Trace } from '../platform/trace.ts';
import type { ConnectionSyncState } from './sync-state.ts';

export interface LeavingParts {
  readonly leaving: LeavingRows;
  /** Its steps; wired in functions/, as rooms don't import each other. */
  readonly leave: (asked: { connectionId: string; row: LeavingRow; endsAt: number; trace?: Trace | undefined }) => Promise<{ readonly outcome: 'removed' } | { readonly outcome: 'waiting'; readonly retryAt: number; readonly step: string; readonly error?: unknown }>;
  readonly leases: Leases;
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
  readonly random: Random;
  readonly trace?: Trace;
}

export type LeavingEnd = { readonly outcome: 'removed' | 'held' | 'backing_off' } | { readonly outcome: 'leaving'; readonly step: string; readonly error?: unknown };

/** A zombie whose lease was taken over is killed within seconds of its lease's end; what it still writes must not outlive the erasing. */
const zombieLife = seconds(30);
const longestDelay = 900;

export async function leaveConnection(parts: LeavingParts, { connectionId, row, pull, endsAt }: { connectionId: string; row: LeavingRow; pull: ConnectionSyncState['pull'] | undefined; endsAt: number }): Promise<LeavingEnd> {
  const now = parts.clock();
  if (row.dueAt > now) return { outcome: 'backing_off' };
  const lease = pull && (await parts.leases.take(pull, { connectionId, part: 'pull', now, endsAt }));
  if (pull && !lease) {
    await parts.hints.send({ v: 1, hint: 'pull', connection_id: connectionId }, 10);
    return { outcome: 'held' };
  }
  if (lease?.takenOver) return later(parts, { lease, connectionId, step: 'wait', retryAt: now + zombieLife });
  try {
    const end = await parts.leave({ connectionId, row, endsAt, trace: parts.trace });
    if (end.outcome === 'removed') return end;
    return await later(parts, { lease, connectionId, ...end });
  } catch (error) {
    return later(parts, { lease, connectionId, step: 'interrupted', retryAt: now + backoff(1, parts.random), error });
  }
}

async function later({ leaving, leases, hints, clock }: LeavingParts, { lease, connectionId, retryAt, step, error }: { lease: Lease | undefined; connectionId: string; retryAt: number; step: string; error?: unknown }): Promise<LeavingEnd> {
  await leaving.save(leaveKey(connectionId), { dueAt: retryAt });
  if (lease) await leases.release(lease, {});
  await hints.send({ v: 1, hint: 'pull', connection_id: connectionId }, Math.min(longestDelay, Math.max(0, Math.ceil((retryAt - clock()) / 1000)) + 1));
  return { outcome: 'leaving', step, ...(error !== undefined && { error }) };
}
