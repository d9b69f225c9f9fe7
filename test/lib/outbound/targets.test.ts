import { describe, expect, it } from '@jest/globals';
import type { TargetRow, Wish } from '../../../lib/outbound/bookings.ts';
import { workOf } from '../../../lib/outbound/targets.ts';
import type { Connection } from '../../../lib/platform/connections.ts';

const connection = (connection_id: string, provider_id: string, receives = true) => ({ connection_id, provider_id, state: 'active', calendars: [{ id: 'cal', key: 'k', blocks: true, receives }] }) as unknown as Connection;
const wish = { id: 'b1', version: 2, providerId: 'new', cancelled: false } as Wish;
const applied = (connectionId: string) => ({ connectionId, calendarKey: 'k', calendarId: 'cal', generation: 0, appliedVersion: 2, removed: false }) as unknown as TargetRow;
const told = (...of: Parameters<typeof workOf>) => workOf(...of).map((work) => [work.connection.connection_id, work.present]);

describe('what is left to do for a booking', () => {
  it('that changed hands is at its new provider alone, and away from the old one', () => {
    const before = { ...applied('old'), appliedVersion: 1 };
    expect(told(wish, { targets: [before] }, [connection('old', 'old'), connection('new', 'new')])).toEqual([['new', true], ['old', false]]);
  });

  it('is nothing where every target is as wished', () => {
    expect(told(wish, { targets: [applied('new')] }, [connection('new', 'new')])).toEqual([]);
  });

  it('is taking it out of a calendar that receives no more', () => {
    expect(told(wish, { targets: [applied('new')] }, [connection('new', 'new', false)])).toEqual([['new', false]]);
  });
});
