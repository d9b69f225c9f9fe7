// All events of one calendar, the deleted ones too, each under the number of the change that last touched it.
import type { Clock } from '../../../lib/platform/clock.ts';
import type { EventContent, EventRecord, EventTime } from './event-record.ts';
import { instanceSuffix, isSeries } from './event-record.ts';
import { instanceAt, readInstanceId } from './instances.ts';

/** What a record is known by beside its content. */
export interface EventIdentity {
  readonly id: string;
  readonly iCalUID: string;
  readonly created: number;
  readonly updated: number;
  readonly sequence: number;
  readonly recurringEventId?: string;
  readonly originalStart?: EventTime;
}

export interface EventStore {
  readonly records: ReadonlyMap<string, EventRecord>;
  /** How many changes the calendar has seen; a sync token is one of these numbers. */
  seq(): number;
  write(identity: EventIdentity, content: EventContent): EventRecord;
  /** The event, exception or instance of that id; instances that nobody touched are made up from their master. */
  find(id: string): EventRecord | undefined;
  hasUid(iCalUID: string): boolean;
  exceptionsOf(masterId: string): readonly EventRecord[];
  /** What an event was, as of a change; undefined where it was not yet. */
  asOf(id: string, seq: number): EventRecord | undefined;
  /** Whether the event is or was a series. */
  wasSeries(id: string): boolean;
}

/** Etags look like Google's: quoted digits, only ever the same or different. */
const etagOf = (seq: number): string => `"${3_300_000_000_000_000 + seq * 2000}"`;

interface Shelf {
  readonly records: Map<string, EventRecord>;
  /** Ids of the exceptions to each series. */
  readonly exceptions: Map<string, string[]>;
  readonly uids: Map<string, string>;
  /** All former versions: only from them can be told which instances a series has lost since a client last looked. */
  readonly former: Map<string, EventRecord[]>;
}

function put({ records, exceptions, uids, former }: Shelf, record: EventRecord): EventRecord {
  const before = records.get(record.id);
  if (before !== undefined) addTo(former, record.id, before);
  records.set(record.id, record);
  if (record.recurringEventId === undefined) uids.set(record.iCalUID, record.id);
  else if (before === undefined) addTo(exceptions, record.recurringEventId, record.id);
  return record;
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;
const exceptionsTo = ({ records, exceptions }: Shelf, id: string): EventRecord[] => (exceptions.get(id) ?? []).map((each) => records.get(each)).filter(isPresent);
const versionsOf = ({ records, former }: Shelf, id: string): EventRecord[] => [...(former.get(id) ?? []), records.get(id)].filter(isPresent);

/** Exceptions end with their series, and where its new rules know their original start no more. */
const orphansOf = (shelf: Shelf, master: EventRecord): EventRecord[] =>
  exceptionsTo(shelf, master.id).filter(
    ({ status, originalStart }) =>
      status !== 'cancelled' && (master.status === 'cancelled' || originalStart === undefined || instanceAt(master, instanceSuffix(originalStart)) === undefined),
  );

export function createEventStore(clock: Clock): EventStore {
  const shelf: Shelf = { records: new Map(), exceptions: new Map(), uids: new Map(), former: new Map() };
  const { records, uids } = shelf;
  let seq = 0;
  const next = (): Pick<EventRecord, 'seq' | 'etag'> => ({ seq: (seq += 1), etag: etagOf(seq) });
  return {
    records,
    seq: () => seq,
    exceptionsOf: (masterId) => exceptionsTo(shelf, masterId),
    write: (identity, content) => {
      const record = put(shelf, { ...content, ...identity, ...next() });
      for (const orphan of orphansOf(shelf, record)) put(shelf, { ...orphan, status: 'cancelled', updated: clock(), ...next() });
      return record;
    },
    find: (id) => {
      const known = records.get(id);
      if (known !== undefined) return known;
      const named = readInstanceId(id);
      const master = named === undefined ? undefined : records.get(named.masterId);
      return named === undefined || master === undefined ? undefined : instanceAt(master, named.suffix);
    },
    hasUid: (iCalUID) => {
      const holder = records.get(uids.get(iCalUID) ?? '');
      return holder !== undefined && holder.status !== 'cancelled';
    },
    wasSeries: (id) => versionsOf(shelf, id).some(isSeries),
    asOf: (id, at) => versionsOf(shelf, id).findLast((version) => version.seq <= at),
  };
}

function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
