// PATCH /v1/connections/{connection_id} {calendars: [{id, blocks, receives}], on_edit?}: which calendars block, which one receives bookings,
// and what to do where a person edits an event of ours. The list given is the whole list.
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { calendarKey } from '../calendars/calendar-key.ts';
import type { CalendarInfo } from '../calendars/port.ts';
import { healthRow } from '../platform/busy-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, ConnectionCalendar } from '../platform/connections.ts';
import { toItem, unlessRefused } from '../platform/dynamo.ts';

const mostCalendars = 50;
const wanted = v.object({ id: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)), blocks: v.boolean(), receives: v.boolean() });
const patch = v.object({
  calendars: v.optional(v.pipe(v.array(wanted), v.minLength(1), v.maxLength(mostCalendars))),
  on_edit: v.optional(v.picklist(['tell', 'restore'])),
});
export type CalendarPatch = v.InferOutput<typeof patch>;

/** A sentence where it is no such thing. */
export function readPatch(value: unknown): CalendarPatch | string {
  const read = v.safeParse(patch, value);
  if (!read.success || (read.output.calendars === undefined && read.output.on_edit === undefined)) {
    return `Send JSON: {"calendars": [{"id", "blocks", "receives"}] (1 to ${mostCalendars}), "on_edit": "tell" or "restore"}, one or both.`;
  }
  return read.output;
}

/** Pure: the calendars as they will stand, or why that cannot be, in a sentence. */
export function chooseCalendars(before: readonly ConnectionCalendar[], asked: NonNullable<CalendarPatch['calendars']>, there: readonly CalendarInfo[]): ConnectionCalendar[] | string {
  if (new Set(asked.map(({ id }) => id)).size !== asked.length) return 'Each calendar may be named once.';
  if (asked.filter(({ receives }) => receives).length > 1) return 'At most one calendar of a connection receives bookings.';
  const used = asked.filter(({ blocks, receives }) => blocks || receives);
  if (used.length === 0) return 'At least one calendar must block or receive; to end it all, delete the connection.';
  for (const { id, receives } of used) {
    const found = there.find((calendar) => calendar.id === id);
    if (!found) return 'The account has no calendar of one of these ids.';
    if (receives && !found.writable) return 'The calendar that is to receive bookings cannot be written to by this account.';
  }
  return used.map(({ id, blocks, receives }) => {
    const watchable = [...before, ...there].find((calendar) => calendar.id === id && calendar.watchable !== undefined)?.watchable;
    return { id, key: calendarKey(id), blocks, receives, ...(watchable !== undefined && { watchable }) };
  });
}

/** Bookings go elsewhere from now on. */
export const receivesElsewhere = (before: readonly ConnectionCalendar[], after: readonly ConnectionCalendar[]): boolean =>
  before.find(({ receives }) => receives)?.key !== after.find(({ receives }) => receives)?.key;

/** Some busy time is not known yet. */
export const blocksMore = (before: readonly ConnectionCalendar[], after: readonly ConnectionCalendar[]): boolean =>
  after.some(({ key, blocks }) => blocks && !before.some((calendar) => calendar.blocks && calendar.key === key));

/** To the revision that it was decided on, and not once it leaves or is gone, where any state would do. False: it has changed meanwhile. */
export function saveChoice(dynamo: DynamoDBClient, table: string, { connection, change }: { connection: Connection; change: Partial<Pick<Connection, 'calendars' | 'on_edit'>> }): Promise<boolean> {
  const next = { ...change, revision: (connection.revision ?? 0) + 1 };
  return unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: connection.connection_id } },
        UpdateExpression: `SET ${Object.keys(next).map((name) => `#${name} = :${name}`).join(', ')}`,
        ConditionExpression: `attribute_exists(provider_id) AND #state <> :leaving AND ${connection.revision === undefined ? 'attribute_not_exists(#revision)' : '#revision = :seen'}`,
        ExpressionAttributeNames: { '#state': 'state', ...Object.fromEntries(Object.keys(next).map((name) => [`#${name}`, name])) },
        ExpressionAttributeValues: toItem({ ...Object.fromEntries(Object.entries(next).map(([name, value]) => [`:${name}`, value])), ':leaving': 'disconnecting', ':seen': connection.revision }),
      }),
    ),
  );
}

interface ShowParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly busyIntervals: string };
  readonly clock: Clock;
}

/** What readers see of it. A pull that began before may not say otherwise. */
async function show({ dynamo, tables, clock }: ShowParts, { connection_id, provider_id }: Connection, { blocks, unread }: { blocks?: boolean; unread: boolean }): Promise<void> {
  await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: tables.busyIntervals,
        Key: { provider_id: { S: provider_id }, row: { S: healthRow(connection_id) } },
        UpdateExpression: `SET fence = :now${blocks === undefined ? '' : ', blocks = :blocks'}${unread ? ' REMOVE last_read' : ''}`,
        ConditionExpression: 'attribute_exists(provider_id) AND fence <= :now',
        ExpressionAttributeValues: { ':now': { N: String(clock()) }, ...(blocks !== undefined && { ':blocks': { BOOL: blocks } }) },
      }),
    ),
  );
}

/** A calendar is going to block that was never read: its busy time is not known. */
export const showUnread = (parts: ShowParts, connection: Connection): Promise<void> => show(parts, connection, { unread: true });

/** Whether it blocks at all, and whether some of it was never read. */
export const showChoice = (parts: ShowParts, connection: Connection, unread: boolean): Promise<void> =>
  show(parts, connection, { blocks: connection.calendars.some(({ blocks }) => blocks), unread });
