import type { Clock } from '../platform/clock.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { shardOf } from '../platform/shard.ts';
import type { SyncStates } from './sync-state.ts';

/** As a notice would, without one: marked, and rung for. A connection that is gone is left alone. */
export const markConnection =
  ({ mark, hints, clock }: { mark: SyncStates['mark']; hints: HintQueue<InboundHint>; clock: Clock }) =>
  async (connectionId: string): Promise<void> => {
    if (await mark(connectionId, clock(), shardOf(connectionId))) await hints.send({ v: 1, hint: 'pull', connection_id: connectionId });
  };
