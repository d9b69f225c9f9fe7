// The one write of a webhook: an UpdateItem on the connection's inbox row that is dedupe, outbox and coalescer at once.
import { GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { seconds } from '../platform/clock.ts';
import { isRefused } from '../platform/dynamo.ts';
import { shardOf } from '../platform/shard.ts';
import type { Dedupe } from './reading.ts';

/** All deliveries of one POST for one connection. */
export interface Delivery {
  readonly connectionId: string;
  readonly dedupes: readonly Dedupe[];
  /** At least one of them can't be told from a redelivery: the write is accepted whatever the slots hold. */
  readonly neverDuplicate: boolean;
  readonly watchDue: boolean;
}

export type Recorded =
  /** Durable. `ring`: it turned a clean row dirty, so one hint is owed. */
  | { readonly outcome: 'accepted'; readonly ring: boolean }
  /** Seen before. `ring`: the row is dirty for so long that its hint may be lost. */
  | { readonly outcome: 'duplicate'; readonly ring: boolean }
  /** No such connection (any more). */
  | { readonly outcome: 'gone' };

export interface Inbox {
  record(delivery: Delivery, now: number, signal?: AbortSignal): Promise<Recorded>;
}

/** A row dirty for longer than this has perhaps lost its hint. */
export const perhapsUnhinted = seconds(5);

export function inbox(dynamo: DynamoDBClient, table: string): Inbox {
  const key = (connectionId: string): Record<string, AttributeValue> => ({ connection_id: { S: connectionId }, part: { S: 'inbox' } });
  return {
    async record(delivery, now, signal) {
      const limits = signal ? { abortSignal: signal } : {};
      let attempts: number | undefined;
      try {
        const { Attributes, $metadata } = await dynamo.send(
          new UpdateItemCommand({ TableName: table, Key: key(delivery.connectionId), ReturnValues: 'UPDATED_OLD', ...theOneWrite(delivery, now) }),
          limits,
        );
        const before = Attributes?.['dirtySince']?.N;
        return { outcome: 'accepted', ring: before === undefined || isOurOwn(before, now, $metadata.attempts) };
      } catch (error) {
        if (!isRefused(error)) throw error;
        attempts = error.$metadata.attempts;
      }
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: key(delivery.connectionId), ConsistentRead: true, ProjectionExpression: 'connection_id, dirtySince' }),
        limits,
      );
      if (!Item) return { outcome: 'gone' };
      const dirtySince = Item['dirtySince']?.N;
      return { outcome: 'duplicate', ring: dirtySince !== undefined && (now - Number(dirtySince) > perhapsUnhinted || isOurOwn(dirtySince, now, attempts)) };
    },
  };
}

/** The client tried again after a lost answer, and met what its own first attempt had written: the hint for it is still owed. */
const isOurOwn = (dirtySince: string, now: number, attempts = 1): boolean => attempts > 1 && Number(dirtySince) === now;

/** Expressions only; pure. Of two keys for one slot the later stands; a slot holds one at most, so the other is new, and the write is due. */
export function theOneWrite({ connectionId, dedupes, neverDuplicate, watchDue }: Delivery, now: number) {
  const keys = new Map(dedupes.map(({ slot, key }) => [`s${slot}`, key]));
  const someNew = neverDuplicate || dedupes.some(({ slot, key }) => keys.get(`s${slot}`) !== key);
  const values: Record<string, AttributeValue> = { ':one': { N: '1' }, ':now': { N: String(now) }, ':shard': { S: shardOf(connectionId) } };
  const sets = ['generation = generation + :one', 'dirtySince = if_not_exists(dirtySince, :now)', 'dirtyShard = if_not_exists(dirtyShard, :shard)'];
  const news: string[] = [];
  for (const [slot, key] of keys) {
    values[`:${slot}`] = { S: key };
    sets.push(`${slot} = :${slot}`);
    news.push(`attribute_not_exists(${slot}) OR ${slot} <> :${slot}`);
  }
  if (watchDue) sets.push('watchDue = :now');
  const known = 'attribute_exists(connection_id)';
  return {
    UpdateExpression: `SET ${sets.join(', ')}`,
    ConditionExpression: someNew ? known : `${known} AND (${news.join(' OR ')})`,
    ExpressionAttributeValues: values,
  };
}
