// The second migration: busy rows, one for each event of a calendar. They block from the first moment; the first complete list of the calendar
// confirms each, or takes it away.
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { calendarKey } from '../../calendars/calendar-key.ts';
import { eventRow } from '../../platform/busy-keys.ts';
import { fromItem, toItem, unlessRefused } from '../../platform/dynamo.ts';
import { readBook, type Book } from './book.ts';
import { exportFiles } from './export-file.ts';
import { isBooking, readEventLine, type EventLine } from './export-lines.ts';
import { withSource } from './foundations.ts';
import { useOf, type UseOf } from './live-use.ts';
import { isMarked, markOf, metBefore, type Marked } from './marks.ts';
import type { Ending, Line, Migration, MigrationParts, PassContext } from './migration.ts';
import { SeenLines } from './seen-lines.ts';

const name = 'uniqueness';
const file = exportFiles.events;

interface Placed {
  readonly event: EventLine;
  readonly connectionId: string;
  readonly row: string;
}

/** Where the busy time of a line lies, or how the line ends without any. */
function place(book: Book, line: Line, now: number): Placed | { readonly end: Ending } {
  const event = readEventLine(line.text);
  if ('bad' in event) return { end: event };
  if (isBooking(event)) return { end: 'bookings' };
  if (!event.is_busy) return { end: 'free' };
  if (event.end_time <= now) return { end: 'past' };
  const connection = book.connectionOf(event);
  if ('bad' in connection) return { end: connection };
  if (connection.disconnected) return { end: 'disconnected' };
  return { event, connectionId: connection.id, row: eventRow(connection.id, calendarKey(connection.calendarId), event.external_event_id) };
}

async function load({ parts, use, mark }: { parts: MigrationParts; use: UseOf; mark: Marked }, placed: Placed): Promise<Ending> {
  const used = await use(placed.connectionId);
  if (used === 'gone') return { bad: 'its connection was not loaded' };
  // What it missed of this it has read for itself, and nothing would take away what it no longer finds.
  if (used === 'used') return 'live';
  const { event, row } = placed;
  const { provider_id, calendar_provider, external_event_id, start_time, end_time } = event;
  const put = new PutItemCommand({
    TableName: parts.tables['busy-intervals'],
    Item: toItem({ provider_id, row, v: 1, fence: 0, calendar_provider, external_event_id, start: iso(start_time), end: iso(Math.max(end_time, start_time + 1)), ...mark }),
    ConditionExpression: 'attribute_not_exists(provider_id)',
  });
  if (await unlessRefused(parts.dynamo.send(put))) return 'loaded';
  return metBefore((await rowAt(parts, placed)) ?? {}, mark);
}

const iso = (ms: number): string => new Date(ms).toISOString();

async function rowAt({ dynamo, tables }: MigrationParts, { event, row }: Placed): Promise<Record<string, unknown> | undefined> {
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: tables['busy-intervals'], Key: { provider_id: { S: event.provider_id }, row: { S: row } }, ConsistentRead: true }));
  return Item && fromItem(Item);
}

async function forward(context: PassContext) {
  const { parts, dryRun, source } = withSource(context);
  const [book, use, seen] = [await readBook(source.folder), useOf(parts), new SeenLines()];
  return {
    file,
    async each(line: Line): Promise<Ending> {
      const placed = place(book, line, parts.clock());
      if ('end' in placed) return placed.end;
      return dryRun ? seen.meet(placed.row, line.number) : load({ parts, use, mark: markOf(name, source, line) }, placed);
    },
  };
}

async function verify(context: PassContext) {
  const { parts, source } = withSource(context);
  const [book, use] = [await readBook(source.folder), useOf(parts)];
  return {
    file,
    async each(line: Line): Promise<Ending> {
      const placed = place(book, line, parts.clock());
      if ('end' in placed) return placed.end;
      const used = await use(placed.connectionId);
      if (used !== 'unused') return used === 'used' ? 'live' : { bad: 'its connection was not loaded' };
      return (await rowAt(parts, placed))?.['start'] === undefined ? 'missing' : 'stands';
    },
  };
}

export const uniqueness: Migration = {
  name,
  kind: 'import',
  forward,
  verify,
  async rollback({ parts, dryRun }) {
    const use = useOf(parts);
    return {
      table: 'busy-intervals',
      async each(item) {
        const { provider_id, row } = item;
        if (!isMarked(item, name) || provider_id === undefined || row?.S === undefined) return undefined;
        if ((await use(row.S.split('#')[0] ?? '')) !== 'unused') return 'kept';
        if (dryRun) return 'removed';
        const remove = new DeleteItemCommand({ TableName: parts.tables['busy-intervals'], Key: { provider_id, row }, ConditionExpression: 'migrated = :name', ExpressionAttributeValues: { ':name': { S: name } } });
        return (await unlessRefused(parts.dynamo.send(remove))) ? 'removed' : 'kept';
      },
    };
  },
};
