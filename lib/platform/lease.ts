// Leases with fences, on the `pull` and `push` rows of sync-state. Who holds the lease works; who lost it can still write, but every
// write it makes carries an older fence and is refused where a newer one has been.
import { UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unlessRefused } from './dynamo.ts';

export type LeasePart = 'pull' | 'push';

/** What a lease needs to know of its row, as it was read. */
export interface LeaseRow {
  readonly fence: number;
  readonly leaseUntil?: number;
}

export interface Lease {
  readonly connectionId: string;
  readonly part: LeasePart;
  readonly fence: number;
  readonly endsAt: number;
  /** The holder before never released: it may be a zombie that still writes. */
  readonly takenOver: boolean;
}

/** Attributes to set with a lease's own; undefined removes. Numbers and strings only. */
export type RowChange = Readonly<Record<string, string | number | undefined>>;

export interface Leases {
  /** Undefined: somebody holds it, or has just taken it. */
  take(row: LeaseRow, wanted: { connectionId: string; part: LeasePart; now: number; endsAt: number; onTakeover?: RowChange }): Promise<Lease | undefined>;
  /** Gives the lease back and saves what else the row should hold. False: it was lost meanwhile, and nothing was saved. */
  release(lease: Lease, change: RowChange): Promise<boolean>;
  /** The same after a failure, and only where it is still held: a release whose answer was lost has said all there is to say. */
  giveUp(lease: Lease, change: RowChange): Promise<boolean>;
}

/** A restore of the table must not turn a fence back: hence never below the clock. */
export const nextFence = (old: number, now: number): number => Math.max(old + 1, now);

export function leases(dynamo: DynamoDBClient, table: string): Leases {
  const update = (connectionId: string, part: LeasePart, change: RowChange, condition: { expression: string; values: Record<string, AttributeValue> }): Promise<boolean> => {
    const { expression, names, values } = updateExpression(change);
    return unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { connection_id: { S: connectionId }, part: { S: part } },
          UpdateExpression: expression,
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: { ...names, '#fence': 'fence' },
          ExpressionAttributeValues: { ...values, ...condition.values },
        }),
      ),
    );
  };
  const giveBack = ({ connectionId, part, fence }: Lease, change: RowChange, expression: string): Promise<boolean> =>
    update(connectionId, part, { ...change, leaseUntil: undefined }, { expression, values: { ':mine': { N: String(fence) } } });
  return {
    async take(row, { connectionId, part, now, endsAt, onTakeover = {} }) {
      if (row.leaseUntil !== undefined && row.leaseUntil > now) return undefined;
      const takenOver = row.leaseUntil !== undefined;
      const fence = nextFence(row.fence, now);
      const free = row.leaseUntil === undefined ? 'attribute_not_exists(leaseUntil)' : 'leaseUntil <= :now';
      const taken = await update(connectionId, part, { fence, leaseUntil: endsAt, ...(takenOver ? onTakeover : {}) }, {
        expression: `#fence = :seen AND ${free}`,
        values: { ':seen': { N: String(row.fence) }, ...(takenOver && { ':now': { N: String(now) } }) },
      });
      return taken ? { connectionId, part, fence, endsAt, takenOver } : undefined;
    },
    release: (lease, change) => giveBack(lease, change, '#fence = :mine'),
    giveUp: (lease, change) => giveBack(lease, change, '#fence = :mine AND attribute_exists(leaseUntil)'),
  };
}

/** SET for what has a value, REMOVE for what has none. Every name is a placeholder, so that no reserved word can trip it. */
export function updateExpression(change: RowChange): { expression: string; names: Record<string, string>; values: Record<string, AttributeValue> } {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const sets: string[] = [];
  const removes: string[] = [];
  for (const [name, value] of Object.entries(change)) {
    names[`#${name}`] = name;
    if (value === undefined) removes.push(`#${name}`);
    else {
      values[`:${name}`] = typeof value === 'number' ? { N: String(value) } : { S: value };
      sets.push(`#${name} = :${name}`);
    }
  }
  const expression = [sets.length > 0 && `SET ${sets.join(', ')}`, removes.length > 0 && `REMOVE ${removes.join(', ')}`].filter(Boolean).join(' ');
  return { expression, names, values };
}
