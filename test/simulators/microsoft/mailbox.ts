// One mailbox: its calendars, its events, and every version that they ever had, so that deltas can look back.
import type { SimEvent } from './event-model.ts';
import { mailboxPart } from './event-ids.ts';

export interface SimCalendar {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly canEdit: boolean;
  /** IANA; where people who use this calendar are. */
  readonly timeZone: string;
  /** Address of the person whose calendar it is, where they shared it with the mailbox: its events are not the mailbox's. */
  readonly sharedBy?: string;
}

/** One state of an event. `seq` counts the changes of the mailbox. */
export interface Version {
  readonly seq: number;
  readonly at: number;
  readonly event: SimEvent;
  readonly deleted: boolean;
}

export type ChangeType = 'created' | 'updated' | 'deleted';

export interface Transaction {
  readonly key: string;
  readonly content: string;
}

export interface Mailbox {
  readonly email: string;
  readonly tid: string;
  readonly oid: string;
  /** Short names of the scopes granted. */
  readonly scopes: readonly string[];
  readonly idPart: string;
  readonly calendars: Map<string, SimCalendar>;
  readonly transactions: Map<string, Transaction>;
  /** Requests in hand. */
  open: number;
  /** Delta tokens of an earlier generation are dead. */
  tokenGeneration: number;
  readonly defaultCalendar: () => SimCalendar;
  readonly nextKey: () => string;
  readonly nextChange: () => number;
  /** Writes the next version of an event. */
  readonly put: (event: SimEvent) => void;
  readonly remove: (key: string) => void;
  readonly newest: (key: string) => Version | undefined;
  /** The event as it was when the mailbox had seen `seq` changes. */
  readonly asOf: (key: string, seq: number) => Version | undefined;
  readonly keys: () => Iterable<string>;
  /** Keys changed in (from, to], in order of their last change. */
  readonly changedBetween: (from: number, to: number) => string[];
  /** The number of changes that were made before or at a time. */
  readonly seqAt: (time: number) => number;
}

export interface MailboxInput {
  readonly email: string;
  readonly tid: string;
  readonly oid: string;
  readonly scopes: readonly string[];
  readonly calendars: readonly SimCalendar[];
  readonly clock: () => number;
  /** Called after each change. */
  readonly onChange: (mailbox: Mailbox, version: Version, type: ChangeType) => void;
}

/** An empty mailbox. */
export function createMailbox(input: MailboxInput): Mailbox {
  const log: Version[] = [];
  const histories = new Map<string, Version[]>();
  let lastKey = 0;
  let lastChange = 0;

  const write = (event: SimEvent, deleted: boolean): void => {
    const history = histories.get(event.key) ?? [];
    const type = deleted ? 'deleted' : history.length === 0 ? 'created' : 'updated';
    const version = { seq: log.length + 1, at: input.clock(), event, deleted };
    history.push(version);
    histories.set(event.key, history);
    log.push(version);
    input.onChange(mailbox, version, type);
  };
  const mailbox: Mailbox = {
    email: input.email,
    tid: input.tid,
    oid: input.oid,
    scopes: input.scopes,
    idPart: mailboxPart(input.oid),
    calendars: new Map(input.calendars.map((calendar) => [calendar.id, calendar])),
    transactions: new Map(),
    open: 0,
    tokenGeneration: 0,
    defaultCalendar: () => firstDefault([...mailbox.calendars.values()]),
    nextKey: () => `e${(lastKey += 1)}`,
    nextChange: () => (lastChange += 1),
    put: (event) => write(event, false),
    remove: (key) => {
      const last = histories.get(key)?.at(-1);
      if (last !== undefined && !last.deleted) write({ ...last.event, change: mailbox.nextChange(), modifiedAt: input.clock() }, true);
    },
    newest: (key) => histories.get(key)?.at(-1),
    asOf: (key, seq) => histories.get(key)?.findLast((version) => version.seq <= seq),
    keys: () => histories.keys(),
    changedBetween: (from, to) => lastChanges(log.slice(from, to)),
    seqAt: (time) => log.findLast((version) => version.at <= time)?.seq ?? 0,
  };
  return mailbox;
}

function firstDefault(calendars: SimCalendar[]): SimCalendar {
  const found = calendars.find((calendar) => calendar.isDefault) ?? calendars[0];
  if (found === undefined) throw new Error('A mailbox needs a calendar.');
  return found;
}

function lastChanges(versions: readonly Version[]): string[] {
  const last = new Map<string, number>();
  for (const version of versions) {
    last.delete(version.event.key);
    last.set(version.event.key, version.seq);
  }
  return [...last.keys()];
}
