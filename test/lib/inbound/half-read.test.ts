import { expect, it } from '@jest/globals';
import type { Calendars } from '../../../lib/calendars/port.ts';
import type { BusyRows } from '../../../lib/inbound/busy-rows.ts';
import { BusyNews } from '../../../lib/inbound/busy-news.ts';
import { pullCalendar } from '../../../lib/inbound/pull-calendar.ts';
import { inTurn } from '../../../lib/platform/in-turn.ts';
import { PullPlan } from '../../../lib/inbound/pull-plan.ts';

it.each([['a list', {}], ['a delta', { cursor: 'c', windowFrom: 0, windowTo: 100 }]])('%s that ends without a cursor is no complete read', async (_, row) => {
  async function* pages() {
    yield { items: [] };
  }
  const pull = {
    place: { providerId: 'p', connectionId: 'c', calendarId: 'cal', calendarKey: 'k', calendarProvider: 'google' as const },
    calendar: { id: 'cal', key: 'k', blocks: true, receives: false },
    calendars: { everything: pages, changes: pages } as unknown as Calendars,
    rows: { ofCalendar: async () => new Map() } as unknown as BusyRows,
    recognise: async () => new Map(),
    plan: new PullPlan(), news: new BusyNews({ finished: 0, now: 1 }),
    lease: { connectionId: 'c', part: 'pull' as const, fence: 1, endsAt: 100, takenOver: false },
    window: { from: 0, to: 100 }, now: 1, listing: inTurn(1),
  };
  await expect(pullCalendar(pull, row, false)).rejects.toMatchObject({ kind: 'unavailable' });
});
