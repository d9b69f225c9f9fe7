// What the verification queries are asked and answer.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../platform/clock.ts';
import type { TableName } from '../../platform/names.ts';

export interface Finding {
  readonly check: string;
  /** What holds where it finds nothing. */
  readonly holds: string;
  readonly violations: number;
  /** Ids of the first ones; nothing but ids. */
  readonly samples: readonly string[];
}

export interface VerifyParts {
  readonly dynamo: DynamoDBClient;
  /** Physical names. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Items a second, at most. */
  readonly perSecond: number;
  /** What live traffic is given to finish what was met half way: a finding is looked at again after it. Default 2 s. */
  readonly settleMs?: number;
}

export interface VerifyOptions {
  readonly progress?: (seen: { readonly table: TableName; readonly items: number }) => void;
  readonly signal?: AbortSignal;
}

/** `verify` in verify.ts: one finding for each check, those without violations too. */
export type Verify = (parts: VerifyParts, options?: VerifyOptions) => Promise<Finding[]>;
