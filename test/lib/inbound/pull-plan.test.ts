import { describe, expect, it } from '@jest/globals';
import type { Present, RemoteItem } from '../../../lib/calendars/port.ts';
import { rowKeyOf, type CalendarPlace } from '../../../lib/inbound/busy-rows.ts';
import { PullPlan, type PageView, type SeenMark } from '../../../lib/inbound/pull-plan.ts';

const place = (calendarKey: string): CalendarPlace => ({ providerId: 'p', connectionId: 'c', calendarId: calendarKey, calendarKey, calendarProvider: 'google' });
const [work, home] = [place('work'), place('home')];
const window = { from: 0, to: 1000 };
const delta: PageView = { window, blocks: true, complete: false, ours: new Map() };
const list: PageView = { ...delta, complete: true };
const busy = (id: string, start: number, more: Partial<Present> = {}): Present => ({ kind: 'present', id, start, end: start + 10, blocks: true, ...more });
const gone = (id: string): RemoteItem => ({ kind: 'gone', id });
const starts = ({ puts }: { puts: readonly { eventId: string; start: number }[] }) => puts.map(({ eventId, start }) => `${eventId}@${start}`);
const removed = (plan: PullPlan) => [...plan.removals.keys()];

describe('the plan of a pull', () => {
  it('puts what blocks, and keeps every removal for the end, over pages and calendars', () => {
    const plan = new PullPlan();
    expect(starts(plan.page(work, [busy('a', 10), gone('b'), busy('c', 30, { blocks: false })], delta))).toEqual(['a@10']);
    expect(starts(plan.page(home, [busy('b', 20)], delta))).toEqual(['b@20']);
    expect(removed(plan).sort()).toEqual([rowKeyOf(work, 'b'), rowKeyOf(work, 'c')].sort());
  });

  it('lets the last page of one id stand', () => {
    const plan = new PullPlan();
    plan.page(work, [busy('a', 10), gone('b')], delta);
    expect(starts(plan.page(work, [gone('a'), busy('b', 20)], delta))).toEqual(['b@20']);
    expect(removed(plan)).toEqual([rowKeyOf(work, 'a')]);
    expect(starts(plan.page(work, [busy('x', 1), busy('x', 2), gone('x')], delta))).toEqual([]);
  });

  it('lets the newest of one id stand where the provider tells when it was changed', () => {
    const plan = new PullPlan();
    plan.page(work, [busy('a', 10, { modified: 5 })], delta);
    expect(starts(plan.page(work, [busy('a', 99, { modified: 4 })], delta))).toEqual([]);
    expect(removed(plan)).toEqual([]);
    expect(starts(plan.page(work, [busy('a', 11, { modified: 6 })], delta))).toEqual(['a@11']);
  });

  it('says of a complete list which events it has seen not to block; an older copy says nothing', () => {
    const plan = new PullPlan();
    plan.page(work, [busy('a', 10, { modified: 5 }), busy('b', 10, { modified: 5 })], list);
    const second = plan.page(work, [busy('a', 99, { modified: 4, blocks: false }), busy('b', 10, { modified: 6, blocks: false }), gone('c')], list);
    expect(second.free).toEqual([rowKeyOf(work, 'b'), rowKeyOf(work, 'c')]);
    expect(removed(plan)).toEqual([]);
  });

  it('puts the set of a series and asks for what else lies there of it', () => {
    const plan = new PullPlan();
    const { puts, series } = plan.page(work, [{ kind: 'series', series: 's', members: [busy('s1', 10, { series: 's' }), busy('s2', 20, { series: 's', blocks: false })] }], delta);
    expect(puts).toEqual([{ rowKey: rowKeyOf(work, 's1'), eventId: 's1', start: 10, end: 20, series: 's' }]);
    expect(series).toEqual(['s']);
    expect(plan.page(work, [{ kind: 'series', series: 's', members: [] }], list).series).toEqual([]);
  });

  it('removes what lies outside the window, or is ours, only where it has a row', () => {
    const plan = new PullPlan();
    const mark: SeenMark = { bookingId: 'b-1', version: 1 };
    const view = { ...delta, ours: new Map([['mine', mark]]) };
    expect(starts(plan.page(work, [busy('far', 5000), busy('mine', 10), busy('edge', 995)], view))).toEqual(['edge@995']);
    expect([...plan.strays.keys()]).toEqual([rowKeyOf(work, 'far'), rowKeyOf(work, 'mine')]);
    expect(removed(plan)).toEqual([]);
    expect(plan.sightings).toMatchObject([{ item: { id: 'mine' }, mark }]);
    expect(starts(plan.page(work, [busy('far', 500)], view))).toEqual(['far@500']);
    expect([...plan.strays.keys()]).toEqual([rowKeyOf(work, 'mine')]);
  });

  it('makes no rows of a calendar that only receives, but news of our events', () => {
    const plan = new PullPlan();
    const view = { ...delta, blocks: false, ours: new Map([['mine', { bookingId: 'b-1' }]]) };
    expect(plan.page(work, [busy('mine', 10), busy('other', 20), gone('lost'), { kind: 'series', series: 's', members: [busy('s1', 1)] }], view)).toMatchObject({ puts: [], series: [] });
    expect(plan.removals.size + plan.strays.size).toBe(0);
    expect(plan.sightings).toHaveLength(1);
    expect(plan.absences).toMatchObject([{ eventId: 'lost' }]);
  });
});
