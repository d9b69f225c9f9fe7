import { describe, expect, it } from '@jest/globals';
import type { Calendars, RemoteItem } from '../../../lib/calendars/port.ts';
import { rowKeyOf, type BusyRows, type CalendarPlace, type StoredRow } from '../../../lib/inbound/busy-rows.ts';
import { BusyNews } from '../../../lib/inbound/busy-news.ts';
import { pullCalendar } from '../../../lib/inbound/pull-calendar.ts';
import { PullPlan } from '../../../lib/inbound/pull-plan.ts';
import { inTurn } from '../../../lib/platform/in-turn.ts';

const place: CalendarPlace = { providerId: 'p', connectionId: 'c', calendarId: 'cal', calendarKey: 'k', calendarProvider: 'google' };
const busy = (id: string, start: number): RemoteItem => ({ kind: 'present', id, start, end: start + 10, blocks: true });
const free = (id: string, start: number): RemoteItem => ({ kind: 'present', id, start, end: start + 10, blocks: false });

/** What lies there after a complete list of these pages, what was put to get there, and what is to be removed. */
async function listed(pages: readonly (readonly RemoteItem[])[], before: Readonly<Record<string, number>>) {
  const lies = new Map(Object.entries(before).map(([id, start]): [string, StoredRow] => [rowKeyOf(place, id), { start, end: start + 10, seriesKey: undefined, fence: 1 }]));
  const puts: string[] = [];
  const rows = {
    ofCalendar: () => Promise.resolve(new Map(lies)),
    put(_place: CalendarPlace, { eventId, start, end }: { eventId: string; start: number; end: number }, fence: number) {
      puts.push(`${eventId}@${start}`);
      lies.set(rowKeyOf(place, eventId), { start, end, seriesKey: undefined, fence });
      return Promise.resolve(true);
    },
  } as unknown as BusyRows;
  async function* everything() {
    for (const [index, items] of pages.entries()) yield index === pages.length - 1 ? { items, cursor: 'c' } : { items };
  }
  const plan = new PullPlan();
  await pullCalendar({
    place, rows, plan,
    calendar: { id: 'cal', key: 'k', blocks: true, receives: false },
    calendars: { everything } as unknown as Calendars,
    recognise: () => Promise.resolve(new Map()),
    news: new BusyNews({ finished: 1, now: 1 }),
    lease: { connectionId: 'c', part: 'pull', fence: 2, endsAt: 100, takenOver: false },
    window: { from: 0, to: 1000 }, now: 1, listing: inTurn(1),
  }, {}, true);
  const idOf = (key: string): string | undefined => ['a', 'b'].find((id) => rowKeyOf(place, id) === key);
  return { a: lies.get(rowKeyOf(place, 'a'))?.start, puts, removed: [...plan.removals.keys()].map(idOf) };
}

describe('a complete list', () => {
  it('writes what is new or elsewhere, and removes what it does not name', async () => {
    expect(await listed([[busy('a', 10)]], { b: 20 })).toEqual({ a: 10, puts: ['a@10'], removed: ['b'] });
    expect(await listed([[busy('a', 10)], [busy('b', 30)]], { a: 10, b: 20 })).toEqual({ a: 10, puts: ['b@30'], removed: [] });
  });

  it('lets the last page of one id stand, also where that is what lay there before', async () => {
    expect(await listed([[busy('a', 50)], [busy('a', 10)]], { a: 10 })).toEqual({ a: 10, puts: ['a@50', 'a@10'], removed: [] });
    expect(await listed([[busy('a', 50)], [busy('a', 50)]], { a: 10 })).toEqual({ a: 50, puts: ['a@50'], removed: [] });
  });

  it('removes what a page names as busy and a later one as free, and not the other way round', async () => {
    expect((await listed([[busy('a', 10)], [free('a', 10)]], {})).removed).toEqual(['a']);
    expect((await listed([[busy('a', 10)], [{ kind: 'gone', id: 'a' }]], { a: 10 })).removed).toEqual(['a']);
    expect(await listed([[free('a', 10)], [busy('a', 10)]], { a: 10 })).toEqual({ a: 10, puts: [], removed: [] });
  });

  it('leaves no tombstone for what is free and has no row', async () => {
    expect((await listed([[free('a', 10)]], {})).removed).toEqual([]);
  });
});
