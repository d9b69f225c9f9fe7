// What a small world's tables and calendars say, read past all processes.
import { readProvider } from '../../lib/availability/read-provider.ts';
import { syncStates, type ConnectionSyncState } from '../../lib/inbound/sync-state.ts';
import { listedWindow } from '../../lib/inbound/window.ts';
import type { ConnectionHealth } from '../../lib/platform/busy-keys.ts';
import { inbox } from '../../lib/ingest/inbox.ts';
import { shardOf } from '../../lib/platform/shard.ts';
import type { Connected, SmallWorld } from './small-world.ts';
import { refOf } from './small-world.ts';

const always = { start: Date.parse('2000-01-01T00:00:00Z'), end: Date.parse('2100-01-01T00:00:00Z') };
/** `from/to` in minutes of UTC, easy to compare and to read. */
export const told = ({ start, end }: { readonly start: number | string; readonly end: number | string }): string => `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`;

/** What a reader of availability finds. */
export async function busy(world: SmallWorld, { providerId }: Pick<Connected, 'providerId'>): Promise<string[]> {
  const { intervals } = await readProvider(world.tables.dynamo, world.tables.named['busy-intervals'])(providerId, always);
  return intervals.map(told).sort();
}

export async function health(world: SmallWorld, { providerId, id }: Connected): Promise<ConnectionHealth | undefined> {
  const { connections } = await readProvider(world.tables.dynamo, world.tables.named['busy-intervals'])(providerId, always);
  return connections.find(({ connection_id }) => connection_id === id);
}

/** What the blocking calendars hold in the window, as a fresh list says. */
export async function truth(world: SmallWorld, connected: Connected): Promise<string[]> {
  const found: string[] = [];
  const window = listedWindow({ back: 1, ahead: 180 }, world.clock());
  for (const [index, { blocks }] of connected.calendars.entries()) {
    if (!blocks) continue;
    const items = new Map<string, string | undefined>();
    for await (const page of connected.adapter.everything(refOf(connected, index), window)) {
      for (const item of page.items) if (item.kind === 'present') items.set(item.id, item.blocks && item.start < window.to && item.end > window.from && !item.ours ? told(item) : undefined);
    }
    found.push(...[...items.values()].filter((span) => span !== undefined));
  }
  return found.sort();
}

export async function stateOf(world: SmallWorld, { id }: Connected): Promise<ConnectionSyncState> {
  const state = await syncStates(world.tables.dynamo, world.tables.named['sync-state']).read(id);
  if (!state || 'leaving' in state) throw new Error(`${id} has no state, or is leaving.`);
  return state;
}

/** A row of sync-state as it lies there. */
export const part = async (world: SmallWorld, { id }: Connected, name: string): Promise<Record<string, unknown>> => (await world.tables.get('sync-state', { connection_id: id, part: name })) ?? {};

export const isDirty = async (world: SmallWorld, connected: Connected): Promise<boolean> => (await stateOf(world, connected)).inbox.dirtySince !== undefined;

let deliveries = 0;
/** As the webhook records one notice. */
export async function notice(world: SmallWorld, { id }: Connected): Promise<void> {
  deliveries += 1;
  await inbox(world.tables.dynamo, world.tables.named['sync-state']).record({ connectionId: id, dedupes: [{ slot: deliveries % 40, key: `key-${deliveries}`.slice(0, 11) }], neverDuplicate: false, watchDue: false }, world.clock());
}

/** As an operator, or a new consent, marks it: without a delivery. */
export async function mark(world: SmallWorld, { id }: Connected): Promise<void> {
  await syncStates(world.tables.dynamo, world.tables.named['sync-state']).mark(id, world.clock(), shardOf(id));
}
