// A verification query: judges one item of one table, with what else it needs read consistently.
import type { Connection } from '../../platform/connections.ts';
import type { TableName } from '../../platform/names.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Consistent reads beside the item; those of one page are made once. */
export interface Look {
  readonly now: number;
  connection(connectionId: string): Promise<Connection | undefined>;
  get(table: TableName, key: Readonly<Record<string, string>>): Promise<Row | undefined>;
  /** All rows of one booking. */
  booking(bookingId: string): Promise<readonly Row[]>;
}

export interface Check {
  readonly name: string;
  /** What holds where it finds nothing. */
  readonly holds: string;
  readonly tables: readonly TableName[];
  /** Whether the row breaks the rule. */
  broken(row: Row, look: Look): Promise<boolean> | boolean;
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const part = (row: Row): string => text(row['part']);
/** Items that are no connection's: upkeep's state, the budget of calls, the ledger, starts of consents, claims of accounts. */
export const isOfConnection = (row: Row): boolean => !/^!|#/.test(text(row['connection_id']));
