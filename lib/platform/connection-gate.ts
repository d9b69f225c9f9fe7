// What stands before every page read from a calendar, and every write to one.
import { seconds, type Clock } from './clock.ts';
import type { Connection, Connections } from './connections.ts';
import { GateClosed } from './gate-closed.ts';
import { syncGate, type Settings } from './settings.ts';

/** How long the connection's row is believed: a pause takes this long to reach work that is under way. */
export const pauseTakes = seconds(5);

/** Throws GateClosed unless SYNC is on, the provider is on the list and the connection, read at `readAt`, is not paused. */
export function connectionGate({ settings, connections, clock }: { settings: Settings; connections: Pick<Connections, 'get'>; clock: Clock }, { connection_id, provider_id }: Connection, readAt: number): () => Promise<void> {
  let believedFrom = readAt;
  return async () => {
    if (syncGate(await settings.read(), provider_id) !== 'open') throw new GateClosed();
    if (clock() - believedFrom < pauseTakes) return;
    believedFrom = clock();
    if ((await connections.get(connection_id))?.paused_at !== undefined) throw new GateClosed();
  };
}
