// What a migration is, and what whoever runs one is asked for and told. The runner (run.ts) keeps the order, the ledger and the pace; a
// migration only says what is to be done with one line, or one item.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../../calendars/port.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Connection, Connections } from '../../platform/connections.ts';
import type { Item } from '../../platform/dynamo.ts';
import type { TableName } from '../../platform/names.ts';
import type { Settings } from '../../platform/settings.ts';

/** How many lines or items ended how. */
export type Counts = Readonly<Record<string, number>>;

/** A line that was not loaded, and why; the reason names members, never what they hold. */
export interface BadLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface AccountOwner {
  readonly provider: CalendarProvider;
  readonly providerId: string;
  /** The account's own id at the calendar provider. */
  readonly stableId: string;
}

/** What belongs to the room of connections, lent to this one by whoever wires them. */
export interface ConnectRoom {
  /** Hash of an account, as it stands on a connection. */
  accountOf(owner: AccountOwner): string;
  /** `other`: the account is connected already, or just being connected, under another id. */
  claim(owner: AccountOwner, connectionId: string): Promise<'claimed' | 'other'>;
  unclaim(connection: Connection): Promise<void>;
  /** Makes all rows of a connection, the connection last; rings for nobody. */
  create(connection: Connection): Promise<void>;
  /** A grant as it lies on a connection: sealed under the newest key of the ring. */
  seal(connectionId: string, grant: { readonly access_token: string; readonly expires_at: number; readonly refresh_token: string }): string;
}

export interface MigrationParts {
  readonly dynamo: DynamoDBClient;
  /** Physical names. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly connections: Connections;
  readonly connect: ConnectRoom;
  /** Makes a booking pending, once the booking service has told of it; else it does nothing. */
  readonly markBooking: (bookingId: string) => Promise<unknown>;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Names this run in the ledger: two runs have two. */
  readonly holder: string;
  /** Lines or items a second, at most. */
  readonly perSecond: number;
}

export type Direction = 'forward' | 'verify' | 'rollback';

export interface Told {
  readonly migration: string;
  readonly direction: Direction;
  readonly counts: Counts;
}

export interface MigrationReport extends Told {
  /** `already`: the ledger says so, and nothing was looked at. `dry_run`: counted, nothing written. */
  readonly outcome: 'done' | 'already' | 'dry_run';
}

export interface RunOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (told: Told) => void;
  readonly bad?: (line: BadLine) => void;
}

/** How one line or item ended: a word that is counted; `bad` with the reason, counted as `bad` unless another word is given. Undefined: it does not matter here. */
export type Ending = string | { readonly bad: string; readonly counted?: string } | undefined;

/** One line of an export. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined: longer than any line of ours, or no UTF-8. */
  readonly text: string | undefined;
}

/** Runs over every line of a file of the export, in order. */
export interface LinePass {
  readonly file: string;
  readonly each: (line: Line) => Promise<Ending>;
  /** How many at once; 10 unless said. */
  readonly atOnce?: number;
}

/** Runs over every item of a table, in no order. */
export interface ItemPass {
  readonly table: TableName;
  readonly each: (item: Item) => Promise<Ending>;
  /** How many at once; 10 unless said. */
  readonly atOnce?: number;
}

export interface PassContext {
  readonly parts: MigrationParts;
  readonly dryRun: boolean;
  /** Absent where there is none: a rollback needs none. */
  readonly source?: Source;
}

export interface Source {
  readonly folder: string;
  /** Of the files' content: another export has another. */
  readonly fingerprint: string;
}

export interface Migration {
  readonly name: string;
  /** `import`: from an export, while SYNC is off. `layout`: of our own rows, beside live traffic. */
  readonly kind: 'import' | 'layout';
  forward(context: PassContext): Promise<LinePass | ItemPass>;
  /** The same lines or items once more, reading alone; those counted as `missing` are violations. */
  verify(context: PassContext): Promise<LinePass | ItemPass>;
  rollback(context: PassContext): Promise<ItemPass>;
}

/** Nothing was begun, or it was stopped half way: the sentence tells the operator what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

/** `migrate` in run.ts: all up to and including `to`, in order; each is verified before the next begins. Without a folder only changes of our own rows. */
export type Migrate = (parts: MigrationParts, options: RunOptions & { readonly folder?: string; readonly to?: string }) => Promise<MigrationReport[]>;
/** `rollback` in run.ts: in reverse order, all after `to`, which stays; without it, all. */
export type Rollback = (parts: MigrationParts, options: RunOptions & { readonly to?: string }) => Promise<MigrationReport[]>;
