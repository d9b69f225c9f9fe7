// When a gate or a list changes, whoever it lets in, and whoever's notices it lets in or turns away, is marked once: those may have
// missed notices, which Google never repeats; these are to be polled fast from now on. The walk goes over the due index, which holds
// every connection, a shard at a time, spread over ten minutes.
import { BatchGetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseAllowlist } from '../platform/allowlist.ts';
import { minutes } from '../platform/clock.ts';
import { eachConcurrently } from '../platform/concurrently.ts';
import { unlessRefused } from '../platform/dynamo.ts';
import { Index, Setting } from '../platform/names.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { groupShards, shardOf, shards, type DueShardGroup } from '../platform/shard.ts';
import type { WalkPlace } from './upkeep-state.ts';
import { walk, type IndexEntry } from './walk.ts';

/** As the parameters stood. */
export interface GatesSeen {
  readonly sync: boolean;
  readonly webhook: boolean;
  /** The lists' texts. */
  readonly providers: string;
  readonly connections: string;
}

export interface Sweep {
  /** Against each of these a connection's lot is compared; more than a few changes at once, and everybody counts as changed. */
  readonly before: readonly GatesSeen[] | 'everything';
  readonly toward: GatesSeen;
  readonly startsAt: number;
  /** The shard that it began with; absent: 0. */
  readonly first?: number;
  /** How many shards are done. */
  readonly done: number;
  readonly place?: WalkPlace;
}

export interface Gates {
  readonly seen?: GatesSeen;
  readonly sweep?: Sweep;
}

/** Functions go on with what they cached for up to 30 s: a pull before all have the new gates could clear a mark too early. */
const settle = minutes(1);
export const sweepLength = minutes(10);
const mostBefore = 4;
const groups: readonly DueShardGroup[] = ['sync', 'jobs', 'tight'];
const nothingSeen: GatesSeen = { sync: false, webhook: false, providers: '', connections: '' };

/** Undefined while the settings are unknown: nothing is concluded from that. */
export function gatesOf(snapshot: SettingsSnapshot): GatesSeen | undefined {
  const [sync, webhook] = [snapshot.flag(Setting.syncEnabled), snapshot.flag(Setting.webhookEnabled)];
  if (sync === 'unknown' || webhook === 'unknown') return undefined;
  const text = (list: typeof Setting.providerAllowlist | typeof Setting.connectionAllowlist): string => (snapshot.text(list) ?? '').trim();
  return { sync: sync === 'open', webhook: webhook === 'open', providers: text(Setting.providerAllowlist), connections: text(Setting.connectionAllowlist) };
}

const same = (a: GatesSeen, b: GatesSeen): boolean => a.sync === b.sync && a.webhook === b.webhook && a.providers === b.providers && a.connections === b.connections;

/**
 * What to remember now. A change while a sweep is under way begins it anew, and nobody whom the first concerned is left out. It begins with the
 * shard that the first had come to: where lists change every few minutes, the last shards would else never be reached.
 */
export function noteGates({ seen = nothingSeen, sweep }: Gates, now: GatesSeen, at: number): Gates {
  if (same(seen, now)) return { seen, ...(sweep && { sweep }) };
  const earlier = sweep === undefined ? [] : sweep.before;
  const before = earlier === 'everything' || earlier.length >= mostBefore ? ('everything' as const) : [...earlier, seen];
  const first = sweep === undefined ? 0 : shardAt(sweep, sweep.done);
  return { seen: now, sweep: { before, toward: now, startsAt: at + settle, ...(first > 0 && { first }), done: 0 } };
}

const shardAt = ({ first = 0 }: Sweep, turn: number): number => (first + turn) % shards;

interface Who {
  readonly connectionId: string;
  readonly providerId: string;
}

/** How a connection fares under some gates: whether it is read, and whether its notices are let in. */
function lot(gates: GatesSeen): (who: Who) => { reads: boolean; hears: boolean } {
  const providers = parseAllowlist(gates.providers, { percent: true });
  const connections = parseAllowlist(gates.connections, { percent: false });
  return ({ connectionId, providerId }) => ({ reads: gates.sync && providers.allows(providerId), hears: gates.webhook && connections.allows(connectionId) });
}

/** Whom a sweep marks: who is read now, and was not, or whose notices fare otherwise than they did. */
export function concerns({ before, toward }: Sweep): (who: Who) => boolean {
  const now = lot(toward);
  const then = before === 'everything' ? undefined : before.map(lot);
  return (who) => {
    const { reads, hears } = now(who);
    return reads && (then === undefined || then.some((was) => !was(who).reads || was(who).hears !== hears));
  };
}

export interface SweepParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly syncState: string; readonly connections: string };
  readonly clock: () => number;
}

/** Does what of the sweep is due by now, and says where it stands; undefined: done. */
export async function runSweep(parts: SweepParts, sweep: Sweep, goOn: () => boolean): Promise<Sweep | undefined> {
  let { done, place } = sweep;
  const marks = concerns(sweep);
  while (done < shards && parts.clock() >= sweep.startsAt + (sweepLength / shards) * done) {
    let stopped = false;
    place = await walk(parts.dynamo, shardWalk(parts, shardAt(sweep, done)), {
      from: place,
      goOn: () => !(stopped = !goOn()),
      page: (entries) => markPage(parts, entries, marks),
    });
    if (stopped) return { ...sweep, done, place };
    [done, place] = [done + 1, undefined];
  }
  const { place: _, ...rest } = sweep;
  return done < shards ? { ...rest, done, ...(place && { place }) } : undefined;
}

/** All of one shard, whichever group it is in: a row that changes its group meanwhile was pulled just now, under the new gates. */
const shardWalk = ({ tables }: SweepParts, shard: number) => ({
  table: tables.syncState, index: Index.due, shardName: 'dueShard', timeName: 'dueAt', until: Number.MAX_SAFE_INTEGER,
  shards: groups.flatMap((group) => groupShards(group)[shard] ?? []),
});

async function markPage(parts: SweepParts, entries: readonly IndexEntry[], marks: (who: Who) => boolean): Promise<void> {
  const ids = [...new Set(entries.flatMap(({ connection_id, part }) => (part?.S === 'pull' ? (connection_id?.S ?? []) : [])))];
  const concerned = (await providersOf(parts, ids)).filter(marks);
  await eachConcurrently(concerned, 20, ({ connectionId }) => mark(parts, connectionId));
}

async function providersOf({ dynamo, tables }: SweepParts, ids: readonly string[]): Promise<Who[]> {
  const found: Who[] = [];
  for (let keys = ids.map((id) => ({ connection_id: { S: id } })); keys.length > 0; ) {
    const asked = keys.slice(0, 100);
    const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [tables.connections]: { Keys: asked, ProjectionExpression: 'connection_id, provider_id' } } }));
    found.push(...(Responses?.[tables.connections] ?? []).map((row) => ({ connectionId: row['connection_id']?.S ?? '', providerId: row['provider_id']?.S ?? '' })));
    const left = (UnprocessedKeys?.[tables.connections]?.Keys ?? []) as typeof keys;
    if (left.length === asked.length) throw new Error(`${tables.connections} answered none of the keys asked.`);
    keys = [...left, ...keys.slice(100)];
  }
  return found;
}

/** As a notice would, without one. */
const mark = async ({ dynamo, tables, clock }: SweepParts, connectionId: string): Promise<void> =>
  void (await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.syncState,
        Key: { connection_id: { S: connectionId }, part: { S: 'inbox' } },
        UpdateExpression: 'SET generation = generation + :one, dirtySince = if_not_exists(dirtySince, :now), dirtyShard = if_not_exists(dirtyShard, :shard)',
        ConditionExpression: 'attribute_exists(connection_id)',
        ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(clock()) }, ':shard': { S: shardOf(connectionId) } },
      }),
    ),
  ));
