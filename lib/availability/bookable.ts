// Whether what we know of a provider is good enough to book on. Unknown is never free.
import type { ConnectionHealth } from '../platform/busy-keys.ts';
import { minutes } from '../platform/clock.ts';
import type { Gate } from '../platform/settings.ts';
import type { Interval } from './intervals.ts';

export type UnknownReason = 'stale' | 'unreadable' | 'reauthorization_required' | 'not_yet_read' | 'beyond_window' | 'sync_off';

/** Why a connection leaves busy time unknown, whatever the span is. */
export function reasonsOf(health: ConnectionHealth, now: number): UnknownReason[] {
  if (!health.blocks || health.state === 'disconnecting') return [];
  const reasons: UnknownReason[] = [];
  if (health.state === 'reauthorization_required') reasons.push('reauthorization_required');
  if (health.unreadable) reasons.push('unreadable');
  if (health.last_read === undefined) reasons.push('not_yet_read');
  else if (now - health.last_read > 2 * (health.poll_ms ?? minutes(5)) + minutes(5)) reasons.push('stale');
  return reasons;
}

/** A span that reaches beyond what was last listed completely. */
export const beyondWindow = (health: ConnectionHealth, { start, end }: Interval): boolean =>
  health.blocks && health.state !== 'disconnecting' && health.last_read !== undefined && !(health.window_from !== undefined && health.window_to !== undefined && start >= health.window_from && end <= health.window_to);

/** All reasons for a span, each once. A provider without connections has none: nothing is unknown of them. */
export function unknownReasons(connections: readonly ConnectionHealth[], span: Interval, { now, gate }: { now: number; gate: Gate }): UnknownReason[] {
  const reasons = new Set<UnknownReason>();
  if (connections.some(({ state }) => state !== 'disconnecting') && gate !== 'open') reasons.add('sync_off');
  for (const health of connections) {
    for (const reason of reasonsOf(health, now)) reasons.add(reason);
    if (beyondWindow(health, span)) reasons.add('beyond_window');
  }
  return [...reasons];
}
