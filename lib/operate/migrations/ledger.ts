// What was migrated, how far, from which export, and who is at it: one item of sync-state, `!ledger` / `state`. Every write of it is on the
// condition that the lock is still the writer's, so that two operators never run at once.
import { GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { minutes, type Clock } from '../../platform/clock.ts';
import { fromItem, toItem, unlessRefused } from '../../platform/dynamo.ts';
import { MigrationRefused, type Counts } from './migration.ts';

export interface LedgerEntry {
  readonly migration: string;
  /** `forward`, `verify` and `rollback` are under way, or died there. */
  readonly state: 'forward' | 'verify' | 'done' | 'rollback' | 'rolled_back';
  /** Of the export that it was made from. */
  readonly fingerprint?: string;
  readonly counts: Counts;
  /** How far a pass has come; JSON, its own. */
  readonly place?: string;
  /** In ms. */
  readonly startedAt: number;
  readonly endedAt?: number;
}

export interface LedgerParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

/** Longer than any pause between two saves. */
const lockLength = minutes(2);
const key: Record<string, AttributeValue> = { connection_id: { S: '!ledger' }, part: { S: 'state' } };
const entryName = (migration: string): string => `entry#${migration}`;

export interface Ledger {
  entries(): Promise<LedgerEntry[]>;
  /** Throws MigrationRefused while somebody else holds it. */
  take(holder: string): Promise<HeldLedger>;
}

export interface HeldLedger {
  /** Saves an entry, and keeps the lock. Throws MigrationRefused once somebody else has it. */
  save(entry: LedgerEntry): Promise<void>;
  release(): Promise<void>;
}

export function ledgerIn({ dynamo, table, clock }: LedgerParts): Ledger {
  const update = (UpdateExpression: string, { condition, names = {}, values }: { condition: string; names?: Record<string, string>; values: Record<string, unknown> }): Promise<boolean> =>
    unlessRefused(
      dynamo.send(
        new UpdateItemCommand({ TableName: table, Key: key, UpdateExpression, ConditionExpression: condition, ExpressionAttributeNames: { '#holder': 'holder', '#until': 'until', ...names }, ExpressionAttributeValues: toItem(values) }),
      ),
    );
  const read = async (): Promise<Record<string, unknown>> => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
    return Item ? fromItem(Item) : {};
  };
  return {
    async entries() {
      const row = await read();
      return Object.keys(row).flatMap((name) => (name.startsWith('entry#') ? [row[name] as LedgerEntry] : []));
    },
    async take(holder) {
      const now = clock();
      const free = 'attribute_not_exists(#holder) OR #until <= :now OR #holder = :me';
      if (!(await update('SET #holder = :me, #until = :until, v = :one', { condition: free, values: { ':me': holder, ':until': now + lockLength, ':now': now, ':one': 1 } }))) {
        const { until } = await read();
        throw new MigrationRefused(`Another migration or rollback is under way. If it died, its lock ends at ${new Date(Number(until ?? now)).toISOString()}; run it again then.`);
      }
      return {
        async save(entry) {
          const saved = await update('SET #entry = :entry, #until = :until', { condition: '#holder = :me', names: { '#entry': entryName(entry.migration) }, values: { ':me': holder, ':until': clock() + lockLength, ':entry': definedOf(entry) } });
          if (!saved) throw new MigrationRefused('Somebody else has taken over: this run stops here, and theirs goes on where it was.');
        },
        async release() {
          await update('REMOVE #holder, #until', { condition: '#holder = :me', values: { ':me': holder } });
        },
      };
    },
  };
}

const definedOf = (entry: LedgerEntry): Record<string, unknown> => Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
