// The booking-events table: of each booking the wish (its newest version) and a target row for every calendar that it was written to.
import { BatchGetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { pointerId, targetPart } from '../platform/booking-keys.ts';
import { fromItem, toItem, unlessRefused } from '../platform/dynamo.ts';
import { updateExpression, type RowChange } from '../platform/lease.ts';
import { shardOf } from '../platform/shard.ts';
import type { Booking } from './booking-event.ts';

export interface Wish extends Booking {
  /** Raised by every mark; pending is cleared only under the generation noted before. */
  readonly generation: number;
  readonly pendingSince?: number;
  /** A failed drain has asked for a hint at this time: upkeep leaves it alone until then. */
  readonly retryAt?: number;
}

/** The booking's event in one calendar. Times and ids under the names that people know from the system before. */
export interface TargetRow {
  readonly connectionId: string;
  readonly calendarKey: string;
  readonly calendarId: string;
  /** Part of the event's identity; raised when a new event must be made. */
  readonly generation: number;
  /** When the last create began: until its answer is known, a missing event may still appear. */
  readonly attemptedAt?: number;
  readonly external_event_id?: string;
  readonly ical_uid?: string;
  readonly etag?: string;
  /** The version that the event shows. */
  readonly appliedVersion?: number;
  readonly removed?: boolean;
  /** Since when its calendar refuses to have it taken out. */
  readonly refusedAt?: number;
  /** Inbound saw the event, or one beside it, as it must not be: how often; and how many of these the last write settled. */
  readonly disputes?: number;
  readonly settled?: number;
  /** Events of this booking beside the one named here, to be deleted. */
  readonly strays?: ReadonlySet<string>;
  /** Every event id that a calendar provider chose for it: what pointers there may be. */
  readonly had?: ReadonlySet<string>;
  /** An etag under which inbound read the event and found it no older than applied; our next write of it removes this. */
  readonly seen?: string;
  /** What a person did to the event, as last told to the platform; our next write of it removes this. */
  readonly told?: string;
}

export interface BookingRows {
  readonly wish?: Wish;
  readonly targets: readonly TargetRow[];
}

/** Where an event of ours points back to. */
export interface Pointer {
  readonly bookingId: string;
  readonly target: string;
}

export type RecordedWish = 'recorded' | 'older' | 'same' | 'version_reused';

export interface Bookings {
  /** One consistent query. */
  read(bookingId: string): Promise<BookingRows>;
  /** The newest version wins, in the write itself. */
  record(booking: Booking, now: number): Promise<RecordedWish>;
  /** Asks for another drain. False: no such booking, or one that came over from the system before and that the booking service has not told of yet. */
  mark(bookingId: string, now: number): Promise<boolean>;
  /** Takes the pending mark away if nothing has changed since `noted`. */
  settle(bookingId: string, noted: { version: number; generation: number }): Promise<boolean>;
  /** `paused`: an operator's pause alone holds it back, so that no alarm rings for how long it waits. */
  deferTo(bookingId: string, retryAt: number, why?: { readonly paused: boolean }): Promise<void>;
  /** A gate is closed for this provider: upkeep leaves it alone while the list does not admit them, unless it is marked anew. */
  hold(bookingId: string, noted: { generation: number }, providerId: string): Promise<void>;
  /** Saves members of a target row under a fence; undefined removes. `stray`: an event that may stand beside the one that it will name. False: a newer holder has been here. */
  saveTarget(place: { bookingId: string; connectionId: string; calendarKey: string; fence: number }, change: TargetChange, stray?: string): Promise<boolean>;
  /** Inbound's word that an event is not as it must be. */
  dispute(bookingId: string, target: string, stray?: string): Promise<void>;
  forgetStrays(bookingId: string, target: string, strays: readonly string[]): Promise<void>;
  /** Remembers what was told of an event (undefined: nothing more), unless we have written it since the row was read. */
  noteTold(bookingId: string, target: string, noted: { etag: string | undefined; told: string | undefined }): Promise<void>;
  /** Remembers that the event was read under this etag, unless we have written it since the row was read. */
  noteSeen(bookingId: string, target: string, noted: { etag: string; seen: string }): Promise<void>;
  /** `expires`: when it may go, in ms. */
  point(connectionId: string, eventId: string, pointer: Pointer, expires?: number): Promise<void>;
  /** Strongly consistent, by event id; those without a pointer are left out. */
  pointers(connectionId: string, eventIds: readonly string[]): Promise<Map<string, Pointer>>;
}

export type TargetChange = { readonly [K in keyof Omit<TargetRow, 'connectionId' | 'calendarKey' | 'disputes' | 'strays' | 'had' | 'removed'>]?: TargetRow[K] | undefined } & {
  readonly removed?: 1 | undefined;
  readonly start_time?: string;
  readonly end_time?: string;
  readonly is_busy?: 1 | undefined;
  readonly calendar_provider?: string;
};

export { targetPart };

/** Whatever a drain noted of why the wish waits goes with every change of the wish. */
const waitingForNothing: RowChange = { retryAt: undefined, heldBy: undefined, paused: undefined };

export function bookings(dynamo: DynamoDBClient, table: string): Bookings {
  const wishKey = (bookingId: string) => ({ booking_id: { S: bookingId }, part: { S: 'wish' } });
  const pointerKey = (connectionId: string, eventId: string) => ({ booking_id: { S: pointerId(connectionId, eventId) }, part: { S: 'of' } });

  const updateWish = (bookingId: string, change: RowChange, { extra = '', condition, values = {} }: { extra?: string; condition: string; values?: Record<string, { N: string } | { S: string }> }): Promise<boolean> => {
    const { expression, names, values: set } = updateExpression(change);
    const withExtra = extra === '' ? expression : expression.startsWith('SET') ? expression.replace('SET ', `SET ${extra}, `) : `SET ${extra} ${expression}`.trim();
    return unlessRefused(
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: wishKey(bookingId),
          UpdateExpression: withExtra,
          ConditionExpression: condition,
          ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
          ...(Object.keys({ ...set, ...values }).length > 0 && { ExpressionAttributeValues: { ...set, ...values } }),
        }),
      ),
    );
  };
  const pending = 'generation = if_not_exists(generation, :zero) + :one, pendingSince = if_not_exists(pendingSince, :now), pendingShard = if_not_exists(pendingShard, :shard)';
  const pendingValues = (bookingId: string, now: number) => ({ ':zero': { N: '0' }, ':one': { N: '1' }, ':now': { N: String(now) }, ':shard': { S: shardOf(bookingId) } });

  const read = async (bookingId: string): Promise<BookingRows> => {
    const { Items } = await dynamo.send(
      new QueryCommand({ TableName: table, ConsistentRead: true, KeyConditionExpression: 'booking_id = :id', ExpressionAttributeValues: { ':id': { S: bookingId } } }),
    );
    const rows = (Items ?? []).map(fromItem);
    const wish = rows.find(({ part }) => part === 'wish');
    return {
      ...(wish && { wish: wishOf(bookingId, wish) }),
      targets: rows.filter(({ part }) => String(part).startsWith('target#')).map((row) => targetOf(row)),
    };
  };

  return {
    read,
    async record(booking, now) {
      const { id, version, hash, providerId, serviceId, title, description, location, start, end, timeZone, cancelled } = booking;
      const recorded = await updateWish(
        id,
        { v: 1, version, hash, provider_id: providerId, service_id: serviceId, title, description, location, start, end, time_zone: timeZone, cancelled: cancelled ? 1 : undefined, ...waitingForNothing },
        { extra: pending, condition: 'attribute_not_exists(booking_id) OR version < :version', values: pendingValues(id, now) },
      );
      if (recorded) return 'recorded';
      const { wish } = await read(id);
      if (!wish || wish.version !== version) return 'older';
      return wish.hash === hash ? 'same' : 'version_reused';
    },
    mark: (bookingId, now) => updateWish(bookingId, waitingForNothing, { extra: pending, condition: 'version >= :one', values: pendingValues(bookingId, now) }),
    settle: (bookingId, { version, generation }) =>
      updateWish(bookingId, { pendingSince: undefined, pendingShard: undefined, ...waitingForNothing }, { condition: 'version = :applied AND generation = :noted', values: { ':applied': { N: String(version) }, ':noted': { N: String(generation) } } }),
    async deferTo(bookingId, retryAt, { paused } = { paused: false }) {
      await updateWish(bookingId, { retryAt, paused: paused ? 1 : undefined }, { condition: 'attribute_exists(pendingSince)' });
    },
    async hold(bookingId, { generation }, providerId) {
      await updateWish(bookingId, { heldBy: providerId }, { condition: 'attribute_exists(pendingSince) AND generation = :noted', values: { ':noted': { N: String(generation) } } });
    },
    saveTarget({ bookingId, connectionId, calendarKey, fence }, change, stray) {
      const { expression, names, values } = updateExpression({ v: 1, connection_id: connectionId, calendarKey, fence, ...change });
      const eventId = change.external_event_id;
      const added = [...(eventId === undefined ? [] : ['had :had']), ...(stray === undefined ? [] : ['strays :stray'])];
      return unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { booking_id: { S: bookingId }, part: { S: targetPart(connectionId, calendarKey) } },
            UpdateExpression: added.length === 0 ? expression : `${expression} ADD ${added.join(', ')}`,
            ConditionExpression: 'attribute_not_exists(#fence) OR #fence <= :fence',
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: { ...values, ...(eventId !== undefined && { ':had': { SS: [eventId] } }), ...(stray !== undefined && { ':stray': { SS: [stray] } }) },
          }),
        ),
      );
    },
    async dispute(bookingId, target, stray) {
      await unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { booking_id: { S: bookingId }, part: { S: target } },
            UpdateExpression: stray === undefined ? 'ADD disputes :one' : 'ADD disputes :one, strays :stray, had :stray',
            ConditionExpression: 'attribute_exists(booking_id)',
            ExpressionAttributeValues: { ':one': { N: '1' }, ...(stray !== undefined && { ':stray': { SS: [stray] } }) },
          }),
        ),
      );
    },
    async forgetStrays(bookingId, target, strays) {
      await unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { booking_id: { S: bookingId }, part: { S: target } },
            UpdateExpression: 'DELETE strays :strays',
            // An update makes the row that it does not find: a target without anything.
            ConditionExpression: 'attribute_exists(booking_id)',
            ExpressionAttributeValues: { ':strays': { SS: [...strays] } },
          }),
        ),
      );
    },
    async noteTold(bookingId, target, { etag, told }) {
      await unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { booking_id: { S: bookingId }, part: { S: target } },
            UpdateExpression: told === undefined ? 'REMOVE told' : 'SET told = :told',
            ConditionExpression: etag === undefined ? 'attribute_exists(booking_id) AND attribute_not_exists(etag)' : 'etag = :etag',
            ...((etag !== undefined || told !== undefined) && { ExpressionAttributeValues: { ...(etag !== undefined && { ':etag': { S: etag } }), ...(told !== undefined && { ':told': { S: told } }) } }),
          }),
        ),
      );
    },
    async noteSeen(bookingId, target, { etag, seen }) {
      await unlessRefused(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { booking_id: { S: bookingId }, part: { S: target } },
            UpdateExpression: 'SET seen = :seen',
            ConditionExpression: 'etag = :etag',
            ExpressionAttributeValues: { ':seen': { S: seen }, ':etag': { S: etag } },
          }),
        ),
      );
    },
    async point(connectionId, eventId, { bookingId, target }, expires) {
      await dynamo.send(new PutItemCommand({ TableName: table, Item: { ...pointerKey(connectionId, eventId), ...toItem({ v: 1, of: bookingId, target, ...(expires !== undefined && { expires: Math.ceil(expires / 1000) }) }) } }));
    },
    async pointers(connectionId, eventIds) {
      const found = new Map<string, Pointer>();
      const byKey = new Map(eventIds.map((id) => [pointerKey(connectionId, id).booking_id.S, id]));
      let keys = [...new Set(eventIds)].map((id) => pointerKey(connectionId, id));
      while (keys.length > 0) {
        const asked = keys.slice(0, 100);
        const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } }));
        for (const item of Responses?.[table] ?? []) {
          const row = fromItem(item);
          const eventId = byKey.get(String(row['booking_id']));
          if (eventId !== undefined) found.set(eventId, { bookingId: String(row['of']), target: String(row['target']) });
        }
        const unprocessed = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof keys;
        if (unprocessed.length === asked.length) throw new Error('The booking-events table answered none of the keys asked.');
        keys = [...unprocessed, ...keys.slice(100)];
      }
      return found;
    },
  };
}

/** A wish as it lies in the table. */
export function wishOf(bookingId: string, row: Record<string, unknown>): Wish {
  const text = (name: string): string | undefined => (typeof row[name] === 'string' ? row[name] : undefined);
  const [description, location, timeZone] = [text('description'), text('location'), text('time_zone')];
  return {
    id: bookingId,
    version: Number(row['version']),
    hash: String(row['hash']),
    providerId: String(row['provider_id']),
    serviceId: String(row['service_id']),
    title: String(row['title']),
    start: String(row['start']),
    end: String(row['end']),
    cancelled: row['cancelled'] === 1,
    generation: Number(row['generation']),
    ...(description !== undefined && { description }),
    ...(location !== undefined && { location }),
    ...(timeZone !== undefined && { timeZone }),
    ...(typeof row['pendingSince'] === 'number' && { pendingSince: row['pendingSince'] }),
    ...(typeof row['retryAt'] === 'number' && { retryAt: row['retryAt'] }),
  };
}

/** A target row as it lies in the table. */
export function targetOf(row: Record<string, unknown>): TargetRow {
  return { ...(row as unknown as TargetRow), connectionId: String(row['connection_id']), removed: row['removed'] === 1 };
}
