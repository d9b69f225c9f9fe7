import { beforeEach, describe, expect, it } from '@jest/globals';
import { busyRows, rowKeyOf, type BusyRows, type CalendarPlace } from '../../../lib/inbound/busy-rows.ts';
import { memoryTables, type MemoryTables } from '../../support/memory-tables.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const place: CalendarPlace = { providerId: 'p', connectionId: 'c', calendarId: 'cal', calendarKey: 'k', calendarProvider: 'google' };
const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => rowKeyOf(place, `e${n}`));

let tables: MemoryTables;
let rows: BusyRows;
let asked: string[];
beforeEach(async () => {
  tables = await memoryTables(() => now);
  const { dynamo } = tables;
  const send = dynamo.send.bind(dynamo) as (command: object) => Promise<unknown>;
  asked = [];
  Object.assign(dynamo, { send: (command: object) => (asked.push(command.constructor.name), send(command)) });
  rows = busyRows(dynamo, tables.named['busy-intervals']);
  for (let n = 0; n < 30; n += 1) await rows.put(place, { eventId: `e${n}`, start: now, end: now + 60_000 }, 5);
  await rows.remove('p', rowKeyOf(place, 'e1'), { fence: 5, now });
  asked = [];
});

describe('which of some row keys have a live row', () => {
  it('is asked of those rows alone where they are few: a booking’s own event does not cost its calendar’s size', async () => {
    expect(await rows.live(place, [...keys(3), rowKeyOf(place, 'nobody')])).toEqual([rowKeyOf(place, 'e0'), rowKeyOf(place, 'e2')]);
    expect(asked).toEqual(['BatchGetItemCommand']);
  });

  it('is asked of the calendar in one query where they are many', async () => {
    expect(await rows.live(place, keys(30))).toEqual(keys(30).filter((key) => key !== rowKeyOf(place, 'e1')));
    expect(asked).toEqual(['QueryCommand']);
  });

  it('is right too where DynamoDB leaves keys of the batch unread', async () => {
    tables.weather.unprocessed = () => 1;
    expect(await rows.live(place, keys(3))).toEqual([rowKeyOf(place, 'e0'), rowKeyOf(place, 'e2')]);
    expect(asked).toEqual(['BatchGetItemCommand', 'QueryCommand']);
  });
});
