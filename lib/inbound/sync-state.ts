// A connection's rows in sync-state: `inbox` (the mark), `pull` (lease, back-off, what is due), `cal#…` (a cursor each).
import { DeleteItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromItem, toItem, unlessRefused } from '../platform/dynamo.ts';
import type { Lease } from '../platform/lease.ts';
import type { LeavingRow } from '../platform/leaving-rows.ts';
import type { CallCount } from '../platform/quota.ts';
import type { Dues } from './due.ts';
import type { Suspicion } from './silence.ts';

export interface InboxRow {
  readonly generation: number;
  /** Absent: clean. */
  readonly dirtySince?: number;
  /** A lifecycle notice asks for a look at the watch. */
  readonly watchDue?: number;
  /** A consent asks for a complete list: here, since a pull under way when it came writes over the due times that it never saw. */
  readonly listDue?: number;
  /** Digest of all slots: differs from the one that the pull row holds when a webhook has delivered since. */
  readonly delivered: string;
}

export interface PullRow extends Dues, Suspicion, CallCount {
  /** The last reminder told, in days, and of which death (ms). */
  readonly remindedDay?: number;
  readonly remindedOf?: number;
  readonly fence: number;
  readonly leaseUntil?: number;
  readonly backoffUntil?: number;
  readonly errorCount?: number;
  readonly lastError?: string;
  /** InboxRow.delivered as of the last complete pull. */
  readonly delivered?: string;
  /** When a watch last proved that it delivers. */
  readonly provenAt?: number;
  /** 1: the last complete pull met a calendar that blocks and cannot be read. */
  readonly unreadable?: number;
  /** Attempts in a row to make or renew a watch that failed. */
  readonly watchFailures?: number;
}

/** One calendar's progress. */
export interface CursorRow {
  /** As read: that of the pull that saved it. */
  readonly fence?: number;
  readonly cursor?: string;
  /** The window of the last complete list. */
  readonly windowFrom?: number;
  readonly windowTo?: number;
  readonly zone?: string;
  readonly lastRead?: number;
  /** 0: it was read for news of our events alone, 1 or absent: its rows are in busy-intervals. */
  readonly blocks?: 0 | 1;
  /** Since when a list came back empty though busy rows live. */
  readonly emptySince?: number;
}

export interface ConnectionSyncState {
  readonly inbox: InboxRow;
  readonly pull: PullRow;
  readonly cursors: ReadonlyMap<string, CursorRow>;
}

/** It is being disconnected: nothing else matters of it. */
export interface LeavingState {
  readonly leaving: LeavingRow;
  /** Gone towards the end. */
  readonly pull?: PullRow;
}

export interface SyncStates {
  /** One consistent query. Undefined: no such connection. */
  read(connectionId: string): Promise<ConnectionSyncState | LeavingState | undefined>;
  /** Moves the cursor, on the lease's fence. False: a newer holder has been here. */
  saveCursor(lease: Lease, calendarKey: string, row: CursorRow): Promise<boolean>;
  /** Forgets a calendar that is read no more. */
  dropCursor(lease: Lease, calendarKey: string): Promise<void>;
  /** Takes the mark away if nothing has landed since `generation` was noted. `listed`: the `listDue` that a complete list was made for; it goes whatever has landed, unless another consent did. */
  clear(connectionId: string, generation: number, listed?: number): Promise<boolean>;
  /** Marks as a notice would, without one. False: no such connection. */
  mark(connectionId: string, now: number, shard: string): Promise<boolean>;
}

const cursorPart = (calendarKey: string): string => `cal#${calendarKey}`;

export function syncStates(dynamo: DynamoDBClient, table: string): SyncStates {
  const inboxKey = (connectionId: string) => ({ connection_id: { S: connectionId }, part: { S: 'inbox' } });
  return {
    async read(connectionId) {
      const { Items } = await dynamo.send(
        new QueryCommand({ TableName: table, ConsistentRead: true, KeyConditionExpression: 'connection_id = :id', ExpressionAttributeValues: { ':id': { S: connectionId } } }),
      );
      const rows = new Map((Items ?? []).map((item) => [item['part']?.S ?? '', fromItem(item)]));
      const inbox = rows.get('inbox');
      const pull = rows.get('pull');
      const leaving = rows.get('leave');
      if (leaving) return { leaving: leaving as unknown as LeavingRow, ...(pull && { pull: pull as unknown as PullRow }) };
      if (!inbox || !pull) return undefined;
      const cursors = [...rows].flatMap(([part, row]) => (part.startsWith('cal#') ? [[part.slice(4), row as CursorRow] as const] : []));
      return { inbox: { ...(inbox as unknown as InboxRow), delivered: deliveredDigest(inbox) }, pull: pull as unknown as PullRow, cursors: new Map(cursors) };
    },
    saveCursor: ({ connectionId, fence }, calendarKey, row) =>
      unlessRefused(
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem({ connection_id: connectionId, part: cursorPart(calendarKey), v: 1, ...row, fence }),
            ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
            ExpressionAttributeValues: { ':fence': { N: String(fence) } },
          }),
        ),
      ),
    dropCursor: async ({ connectionId, fence }, calendarKey) =>
      void (await unlessRefused(
        dynamo.send(
          new DeleteItemCommand({
            TableName: table,
            Key: { connection_id: { S: connectionId }, part: { S: cursorPart(calendarKey) } },
            ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
            ExpressionAttributeValues: { ':fence': { N: String(fence) } },
          }),
        ),
      )),
    async clear(connectionId, generation, listed) {
      const key = { TableName: table, Key: inboxKey(connectionId) };
      const cleared = await unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            ...key,
            UpdateExpression: `REMOVE dirtySince, dirtyShard, watchDue${listed === undefined ? '' : ', listDue'}`,
            ConditionExpression: 'generation = :noted',
            ExpressionAttributeValues: { ':noted': { N: String(generation) } },
          }),
        ),
      );
      if (!cleared && listed !== undefined) await unlessRefused(dynamo.send(new UpdateItemCommand({ ...key, UpdateExpression: 'REMOVE listDue', ConditionExpression: 'listDue = :listed', ExpressionAttributeValues: { ':listed': { N: String(listed) } } })));
      return cleared;
    },
    mark: (connectionId, now, shard) =>
      unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: inboxKey(connectionId),
            UpdateExpression: 'SET generation = generation + :one, dirtySince = if_not_exists(dirtySince, :now), dirtyShard = if_not_exists(dirtyShard, :shard)',
            ConditionExpression: 'attribute_exists(connection_id)',
            ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(now) }, ':shard': { S: shard } },
          }),
        ),
      ),
  };
}

/** Changes whenever a webhook filled a slot: what the slots hold, in slot order. */
function deliveredDigest(row: Record<string, unknown>): string {
  const filled = Object.entries(row).filter(([name]) => /^s\d+$/.test(name));
  return filled.length === 0 ? '' : filled.sort(([a], [b]) => a.localeCompare(b)).map(([, key]) => String(key).slice(0, 4)).join('');
}
