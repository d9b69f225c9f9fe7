import { createHash } from 'node:crypto';

/** Sparse indexes are spread over this many partitions; upkeep walks each of them. */
export const shards = 8;

/** The shard of an id: stable, so that a row always lands in the same partition of its index. */
export const shardOf = (id: string): string => String(createHash('sha256').update(id).digest().readUInt32BE(4) % shards);
export const allShards: readonly string[] = Array.from({ length: shards }, (_, n) => String(n));

/**
 * The due index keeps apart what SYNC alone may run and what needs JOBS too, so that a walk of one is not held up by the other. `any`:
 * who is leaving, whatever the flags; they are few, and asked for every minute, so that one partition is enough.
 */
export type DueGate = 'sync' | 'jobs' | 'any';
/** `tight`: under JOBS too, of connections that are polled fast; apart so that they are counted by what they are. */
export type DueShardGroup = DueGate | 'tight';
export const dueShard = (group: DueShardGroup, connectionId: string): string => (group === 'any' ? group : `${group}#${shardOf(connectionId)}`);
const groupsOf: Readonly<Record<DueGate, readonly DueShardGroup[]>> = { any: ['any'], sync: ['sync'], jobs: ['jobs', 'tight'] };
export const groupShards = (group: DueShardGroup): string[] => (group === 'any' ? [group] : allShards.map((shard) => `${group}#${shard}`));
export const dueShards = (gate: DueGate): string[] => groupsOf[gate].flatMap(groupShards);
