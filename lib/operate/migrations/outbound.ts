// The third migration: which event of which calendar stands for which booking, so that no booking is written twice. What the booking itself
// says is not in the export: a wish of version 0 stands in for it, which nothing is ever written from and which the next event of the booking
// service replaces; the drain that follows finds the event named here, and patches it.
import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { calendarKey } from '../../calendars/calendar-key.ts';
import { isTargetPart, pointerId, targetPart } from '../../platform/booking-keys.ts';
import { fromItem, toItem, unlessRefused } from '../../platform/dynamo.ts';
import { readBook, type Book, type KnownConnection } from './book.ts';
import { exportFiles } from './export-file.ts';
import { bookingOf, isBooking, providerEventId, readEventLine, type EventLine } from './export-lines.ts';
import { withSource } from './foundations.ts';
import { useOf, type UseOf } from './live-use.ts';
import { isMarked, markOf, metBefore, type Marked } from './marks.ts';
import type { Ending, Line, Migration, MigrationParts, PassContext } from './migration.ts';
import { SeenLines } from './seen-lines.ts';

const name = 'outbound';
const file = exportFiles.events;

interface Placed {
  readonly event: EventLine;
  readonly connection: KnownConnection;
  readonly bookingId: string;
  readonly eventId: string;
  readonly target: string;
}

/** Which event stands for which booking, or how the line ends without one. */
function place(book: Book, line: Line): Placed | { readonly end: Ending } {
  const event = readEventLine(line.text);
  // Reported where busy rows are loaded.
  if ('bad' in event) return { end: 'unreadable' };
  if (!isBooking(event)) return { end: 'busy_rows' };
  // The system before kept the row of a cancelled booking, and took its event away.
  if (!event.is_busy) return { end: 'cancelled' };
  const [bookingId, eventId] = [bookingOf(event), providerEventId(event)];
  if (bookingId === undefined) return { end: { bad: 'booking_id is missing, and its ids hold no UUID' } };
  if (eventId === undefined) return { end: { bad: 'provider_event_id is missing, and external_event_id is no id of the calendar provider' } };
  const connection = book.connectionOf(event);
  if ('bad' in connection) return { end: connection };
  if (connection.disconnected) return { end: 'disconnected' };
  return { event, connection, bookingId, eventId, target: targetPart(connection.id, calendarKey(connection.calendarId)) };
}

type Found = Readonly<Partial<Record<'wish' | 'target' | 'pointer', Record<string, unknown>>>>;

async function find({ dynamo, tables }: MigrationParts, { bookingId, eventId, connection, target }: Placed): Promise<Found> {
  const at = async (booking_id: string, part: string): Promise<Record<string, unknown> | undefined> => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: tables['booking-events'], Key: toItem({ booking_id, part }), ConsistentRead: true }));
    return Item && fromItem(Item);
  };
  const [wish, row, pointer] = await Promise.all([at(bookingId, 'wish'), at(bookingId, target), at(pointerId(connection.id, eventId), 'of')]);
  return { ...(wish && { wish }), ...(row && { target: row }), ...(pointer && { pointer }) };
}

/** The wish first, the pointer last: a mapping never stands without its booking, and what died half way is met again by its target. */
async function load({ parts, use, mark }: { parts: MigrationParts; use: UseOf; mark: Marked }, placed: Placed): Promise<Ending> {
  const { bookingId, eventId, connection, event, target } = placed;
  if ((await use(connection.id)) === 'gone') return { bad: 'its connection was not loaded' };
  const found = await find(parts, placed);
  if (found.target && found.target['external_event_id'] !== eventId) return { bad: `its booking has another event already${lineOf(found.target)}`, counted: 'duplicates' };
  if (found.pointer && found.pointer['of'] !== bookingId) return { bad: `its event stands for another booking already${lineOf(found.pointer)}`, counted: 'duplicates' };
  const put = (row: Record<string, unknown>): Promise<boolean> =>
    unlessRefused(parts.dynamo.send(new PutItemCommand({ TableName: parts.tables['booking-events'], Item: toItem({ v: 1, ...row, ...mark }), ConditionExpression: 'attribute_not_exists(booking_id)' })));
  const [start, end] = [event.start_time, event.end_time].map((ms) => new Date(ms).toISOString());
  if (!found.wish) await put({ booking_id: bookingId, part: 'wish', version: 0, hash: '', generation: 0, provider_id: event.provider_id, service_id: '', title: '', start, end });
  if (!found.target) {
    const place = { connection_id: connection.id, calendarKey: calendarKey(connection.calendarId), calendarId: connection.calendarId, calendar_provider: event.calendar_provider };
    await put({ booking_id: bookingId, part: target, ...place, generation: 0, external_event_id: eventId, ical_uid: event.ical_uid ?? undefined, appliedVersion: 0, start_time: start, end_time: end, is_busy: 1 });
  }
  if (!found.pointer) await put({ booking_id: pointerId(connection.id, eventId), part: 'of', of: bookingId, target });
  // The booking service may have told of it already: then its event is to be brought in line.
  if (Number(found.wish?.['version'] ?? 0) > 0 && Number(found.target?.['appliedVersion'] ?? 0) === 0) await parts.markBooking(bookingId);
  return found.target ? metBefore(found.target, mark) : 'loaded';
}

const lineOf = ({ migrated, migrated_line }: Record<string, unknown>): string => (migrated === name ? `: line ${String(migrated_line)}` : '');

async function forward(context: PassContext) {
  const { parts, dryRun, source } = withSource(context);
  const [book, use, seen] = [await readBook(source.folder), useOf(parts), new SeenLines()];
  return {
    file,
    // One at a time: two lines of one booking, or of one event, would not see each other.
    atOnce: 1,
    async each(line: Line): Promise<Ending> {
      const placed = place(book, line);
      if ('end' in placed) return placed.end;
      return dryRun ? seen.meet(`${placed.bookingId} ${placed.target}`, line.number) : load({ parts, use, mark: markOf(name, source, line) }, placed);
    },
  };
}

async function verify(context: PassContext) {
  const { parts, source } = withSource(context);
  const [book, use] = [await readBook(source.folder), useOf(parts)];
  return {
    file,
    async each(line: Line): Promise<Ending> {
      const placed = place(book, line);
      if ('end' in placed) return placed.end;
      if ((await use(placed.connection.id)) === 'gone') return { bad: 'its connection was not loaded' };
      const { wish, target, pointer } = await find(parts, placed);
      if (target && target['external_event_id'] !== placed.eventId) return 'duplicates';
      if (pointer && pointer['of'] !== placed.bookingId) return 'duplicates';
      return wish && target && pointer ? 'stands' : 'missing';
    },
  };
}

/** Everything of one booking that was migrated for connections not used since, the wish last. */
async function remove({ parts, dryRun }: PassContext, use: UseOf, bookingId: string): Promise<'removed' | 'kept'> {
  const table = parts.tables['booking-events'];
  const gone = async (key: { booking_id: string; part: string }, condition: string, values: Record<string, unknown> = {}): Promise<boolean> =>
    dryRun || unlessRefused(parts.dynamo.send(new DeleteItemCommand({ TableName: table, Key: toItem(key), ConditionExpression: `migrated = :name${condition}`, ExpressionAttributeValues: toItem({ ':name': name, ...values }) })));
  const query = new QueryCommand({ TableName: table, ConsistentRead: true, KeyConditionExpression: 'booking_id = :id', ExpressionAttributeValues: { ':id': { S: bookingId } } });
  const rows = ((await parts.dynamo.send(query)).Items ?? []).map(fromItem);
  let left = 0;
  for (const row of rows.filter(({ part }) => isTargetPart(String(part)))) {
    const [connectionId, part] = [String(row['connection_id']), String(row['part'])];
    if (row['migrated'] === name && (await use(connectionId)) === 'unused') {
      await gone({ booking_id: pointerId(connectionId, String(row['external_event_id'])), part: 'of' }, '');
      if (await gone({ booking_id: bookingId, part }, ' AND attribute_not_exists(fence)')) continue;
    }
    left += 1;
  }
  if (left > 0) return 'kept';
  await gone({ booking_id: bookingId, part: 'wish' }, ' AND version = :none', { ':none': 0 });
  return 'removed';
}

export const outbound: Migration = {
  name,
  kind: 'import',
  forward,
  verify,
  async rollback(context) {
    const use = useOf(context.parts);
    return {
      table: 'booking-events',
      // A booking is met by its wish and by its targets.
      atOnce: 1,
      async each(item) {
        const { booking_id, part } = item;
        if (!isMarked(item, name) || booking_id?.S === undefined || part?.S === 'of') return undefined;
        const end = await remove(context, use, booking_id.S);
        return part?.S === 'wish' ? undefined : end;
      },
    };
  },
};
