// Who is leaving: a row of its own in sync-state (part `leave`) for each connection that is being disconnected, and one (part `erase`) for
// each provider who is being erased. It is written first and deleted last, and holds how far the work has come; on the sparse index `due`
// under a gate that is always open, so that upkeep rings for it whatever the flags. A connection that is being made has one too, `making`,
// until it is there: what a maker who died has begun leaves by the same steps.
import { createHash } from 'node:crypto';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { minutes } from './clock.ts';
import { fromItem, toItem, unlessRefused } from './dynamo.ts';
import { updateExpression, type RowChange } from './lease.ts';
import { dueShard } from './shard.ts';

export interface LeavingRow {
  readonly provider_id: string;
  /** In ms. */
  readonly since: number;
  /** Steps done. */
  readonly step: number;
  /** 1: our future events are to be removed from the calendars. */
  readonly removes?: number;
  /** 1: that is done. It may be asked for when its step is long over. */
  readonly removed?: number;
  /** Not to be worked on before (ms). */
  readonly dueAt: number;
  /** 1: it is only being made. If the connection is not there when this is due, it never will be. */
  readonly making?: number;
  /** While it is being made: the key of its account's claim. */
  readonly claim?: string;
}

/** So long a connection may be in the making, several times the life of the function that makes it. */
export const makingTime = minutes(2);

export type LeavingPart = 'leave' | 'erase';
export interface LeavingKey {
  readonly part: LeavingPart;
  readonly id: string;
}

export const leaveKey = (connectionId: string): LeavingKey => ({ part: 'leave', id: connectionId });
/** No connection id looks like this. */
export const eraseKey = (providerId: string): LeavingKey => ({ part: 'erase', id: `!erase#${createHash('sha256').update(providerId).digest('base64url')}` });

/** Whether a provider's erasing has begun and not ended. */
export const isBeingErased =
  ({ get }: Pick<LeavingRows, 'get'>) =>
  async (providerId: string): Promise<boolean> =>
    (await get(eraseKey(providerId))) !== undefined;

export interface LeavingRows {
  get(key: LeavingKey): Promise<LeavingRow | undefined>;
  /** Before anything of a connection is made. */
  making(key: LeavingKey, wish: { providerId: string; claim: string; now: number }): Promise<void>;
  /** It is there: what had `making` goes, unless it leaves already. */
  made(key: LeavingKey): Promise<void>;
  /** Begun anew a connection's goes on where it was, a provider's begins again: what came meanwhile is looked for as late after this. `removes` can be added, not taken away. */
  begin(key: LeavingKey, wish: { providerId: string; removes: boolean; now: number }): Promise<void>;
  /** Saves progress, or when to look again. */
  save(key: LeavingKey, change: { readonly step?: number; readonly dueAt?: number; readonly removed?: 1 }): Promise<void>;
  /** `dueAt`: unless it was asked for anew since this was read. */
  end(key: LeavingKey, dueAt?: number): Promise<void>;
}

export function leavingRows(dynamo: DynamoDBClient, table: string): LeavingRows {
  const keyOf = ({ id, part }: LeavingKey) => ({ connection_id: { S: id }, part: { S: part } });
  return {
    async get(key) {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
      return Item && (fromItem(Item) as unknown as LeavingRow);
    },
    async making(key, { providerId, claim, now }) {
      const row = { v: 1, connection_id: key.id, part: key.part, provider_id: providerId, claim, since: now, step: 0, making: 1, dueAt: now + makingTime, dueShard: dueShard('any', key.id) };
      await dynamo.send(new PutItemCommand({ TableName: table, Item: toItem(row) }));
    },
    made: async (key) => void (await unlessRefused(dynamo.send(new DeleteItemCommand({ TableName: table, Key: keyOf(key), ConditionExpression: 'attribute_exists(making)' })))),
    async begin(key, { providerId, removes, now }) {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(key),
          UpdateExpression: `SET v = :one, provider_id = :provider, since = if_not_exists(since, :now), #step = ${key.part === 'erase' ? ':zero' : 'if_not_exists(#step, :zero)'}, dueAt = :now, dueShard = :shard${removes ? ', removes = :one' : ''} REMOVE making`,
          ExpressionAttributeNames: { '#step': 'step' },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':zero': { N: '0' }, ':now': { N: String(now) }, ':provider': { S: providerId }, ':shard': { S: dueShard('any', key.id) } },
        }),
      );
    },
    async save(key, change) {
      const { expression, names, values } = updateExpression(change as RowChange);
      const write = new UpdateItemCommand({ TableName: table, Key: keyOf(key), UpdateExpression: expression, ConditionExpression: 'attribute_exists(connection_id)', ExpressionAttributeNames: names, ExpressionAttributeValues: values });
      await unlessRefused(dynamo.send(write));
    },
    async end(key, dueAt) {
      const unlessAskedAnew = dueAt === undefined ? {} : { ConditionExpression: 'dueAt = :noted', ExpressionAttributeValues: { ':noted': { N: String(dueAt) } } };
      await unlessRefused(dynamo.send(new DeleteItemCommand({ TableName: table, Key: keyOf(key), ...unlessAskedAnew })));
    },
  };
}
