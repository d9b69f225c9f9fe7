// Where each index walk stopped, so that the next tick goes on there, round and round: one item of sync-state, `!upkeep` / `state`.
import { GetItemCommand, PutItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem, toItem } from '../platform/dynamo.ts';
import type { Census } from './census.ts';
import type { Gates } from './gate-sweep.ts';

export type WalkName = 'dirty' | 'pending' | 'due-any' | 'due-sync' | 'due-jobs';

/** A place in a walk: the shard, and the key of its index after which to go on (base64 JSON). */
export interface WalkPlace {
  readonly shard: number;
  readonly after?: string;
}

export interface UpkeepState {
  readonly walks: Readonly<Partial<Record<WalkName, WalkPlace>>>;
  /** As of `countedAt` (ms). */
  readonly connections?: number;
  readonly unproven?: number;
  readonly countedAt?: number;
  /** As of about then. */
  readonly census?: Census;
  /** Gates and lists as last seen, and the sweep that a change of them began. */
  readonly gates?: Gates;
}

export interface UpkeepStates {
  read(): Promise<UpkeepState>;
  save(state: UpkeepState): Promise<void>;
}

export function upkeepStates(dynamo: DynamoDBClient, table: string): UpkeepStates {
  const key: Record<string, AttributeValue> = { connection_id: { S: '!upkeep' }, part: { S: 'state' } };
  return {
    async read() {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
      return Item ? (fromItem(Item) as unknown as UpkeepState) : { walks: {} };
    },
    async save(state) {
      await dynamo.send(new PutItemCommand({ TableName: table, Item: { ...toItem({ v: 1, ...state }), ...key } }));
    },
  };
}
