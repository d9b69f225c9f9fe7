import { createHash } from 'node:crypto';

/** Sparse indexes are spread over this many partitions; upkeep walks each of them. */
export const shards = 8;

/** The shard of an id: stable, so that a row always lands in the same partition of its index. */
export const shardOf = (id: string): string => String(createHash('sha256').update(id).digest().readUInt32BE(4) % shards);
export const allShards: readonly string[] = Array.from({ length: shards }, (_, n) => String(n));
