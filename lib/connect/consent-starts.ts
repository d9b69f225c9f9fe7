// Starts of consents, in the connections table under `start#hash of the start id`: who may come back with what, until when, and once.
// What is secret about one is only here as a hash, or sealed.
import { createHash, timingSafeEqual } from 'node:crypto';
import { GetItemCommand, PutItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../calendars/port.ts';
import { days, minutes } from '../platform/clock.ts';
import { fromItem, toItem, unlessRefused } from '../platform/dynamo.ts';

/** Of a start, and of each opening of one: an answer that is older is not taken. */
export const startLife = minutes(10);
/** So long a start may still be opened that waits for an administrator. */
export const waitingLife = days(1);
/** How often one start may be opened, and how often asked again after an answer that would not do. */
export const mostOpenings = 20;
export const mostTries = 5;

export interface ConsentStart {
  readonly v: 1;
  /** `start#…`, in the place of a connection's id. */
  readonly connection_id: string;
  /** Not `provider_id`: the index by provider lists connections. */
  readonly starts_for: string;
  readonly calendar_provider: CalendarProvider;
  readonly return_url?: string;
  readonly zone?: string;
  readonly login_hint?: string;
  readonly ends_at: number;
  /** Seconds, for the table's own tidying; nothing is decided by it. */
  readonly expires: number;
  readonly openings: number;
  readonly tries: number;
  /** Of the last opening. */
  readonly state_hash?: string;
  readonly browser_hash?: string;
  readonly verifier?: string;
  readonly answer_by?: number;
  readonly used_at?: number;
  /** Google gives a refresh token again only to who insists. */
  readonly insist?: boolean;
  /** An administrator must allow the app first. */
  readonly waiting?: 'admin';
}

/** What one opening of the link leaves behind. */
export interface Opening {
  readonly stateHash: string;
  readonly browserHash: string;
  /** Sealed. */
  readonly verifier: string;
}

export interface ConsentStarts {
  create(start: ConsentStart): Promise<void>;
  /** Strongly consistent. */
  get(key: string): Promise<ConsentStart | undefined>;
  /** False: used, ended or opened too often meanwhile. The last opening counts. */
  open(key: string, opening: Opening, now: number): Promise<boolean>;
  /** Once: before the code is exchanged, so that no code is exchanged twice. */
  use(key: string, stateHash: string, now: number): Promise<boolean>;
  /** After an answer that would not do: the link may be opened again, where it waits for an administrator for a day. */
  reopen(key: string, how: { insist: boolean; waiting?: 'admin' }, now: number): Promise<boolean>;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
export const startKey = (startId: string): string => `start#${hashOf(startId)}`;

/** In constant time; hashes are all of one length. */
export const sameHash = (given: string, stored: string | undefined): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(stored ?? hashOf(''))];
  return a.length === b.length && timingSafeEqual(a, b) && stored !== undefined;
};

export function consentStarts(dynamo: DynamoDBClient, table: string): ConsentStarts {
  const update = (key: string, change: { set: string; remove?: string; condition: string; values: Record<string, AttributeValue> }): Promise<boolean> =>
    unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { connection_id: { S: key } },
          UpdateExpression: `SET ${change.set}${change.remove === undefined ? '' : ` REMOVE ${change.remove}`}`,
          ConditionExpression: `attribute_exists(connection_id) AND ends_at > :now AND ${change.condition}`,
          ExpressionAttributeValues: change.values,
        }),
      ),
    );
  const at = (now: number): AttributeValue => ({ N: String(now) });
  return {
    async create(start) {
      await dynamo.send(new PutItemCommand({ TableName: table, Item: toItem({ ...start }), ConditionExpression: 'attribute_not_exists(connection_id)' }));
    },
    async get(key) {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: { connection_id: { S: key } }, ConsistentRead: true }));
      return Item && (fromItem(Item) as unknown as ConsentStart);
    },
    open: (key, { stateHash, browserHash, verifier }, now) =>
      update(key, {
        set: 'state_hash = :state, browser_hash = :browser, verifier = :verifier, answer_by = :by, openings = openings + :one',
        condition: 'attribute_not_exists(used_at) AND openings < :most',
        values: { ':state': { S: stateHash }, ':browser': { S: browserHash }, ':verifier': { S: verifier }, ':by': at(now + startLife), ':one': { N: '1' }, ':most': { N: String(mostOpenings) }, ':now': at(now) },
      }),
    use: (key, stateHash, now) =>
      update(key, { set: 'used_at = :now', remove: 'verifier', condition: 'attribute_not_exists(used_at) AND state_hash = :state', values: { ':state': { S: stateHash }, ':now': at(now) } }),
    reopen: (key, { insist, waiting }, now) =>
      update(key, {
        set: `tries = tries + :one, insist = :insist${waiting === undefined ? '' : ', waiting = :waiting, ends_at = :ends, expires = :expires'}`,
        remove: 'used_at, state_hash, verifier',
        condition: 'attribute_exists(used_at) AND tries < :most',
        values: { ':one': { N: '1' }, ':insist': { BOOL: insist }, ':most': { N: String(mostTries) }, ':now': at(now), ...(waiting !== undefined && { ':waiting': { S: waiting }, ':ends': at(now + waitingLife), ':expires': at(Math.ceil((now + waitingLife) / 1000)) }) },
      }),
  };
}
