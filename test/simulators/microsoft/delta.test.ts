import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { email, firstRound, startGraphCaller, weekly } from './graph-caller.ts';
import type { GraphCaller } from './graph-caller.ts';

describe('calendarView/delta', () => {
  let now: number;
  let graph: GraphCaller;
  beforeEach(async () => {
    now = Date.UTC(2026, 2, 1);
    graph = await startGraphCaller({ clock: () => now });
  });
  afterEach(() => graph.sim.close());

  const occurrences = (rows: Record<string, unknown>[]): Record<string, unknown>[] => rows.filter((row) => row['type'] === 'occurrence');
  const startOf = (row: Record<string, unknown> | undefined): string => (row?.['start'] as { dateTime: string }).dateTime;
  const removedIds = (rows: Record<string, unknown>[]): unknown[] => rows.filter((row) => row['@removed'] !== undefined).map((row) => row['id']);
  const series = (): Record<string, unknown> => graph.human('Weekly', '2026-03-16T09:00:00', { recurrence: weekly('2026-03-16', 'monday') });
  const ids = 'odata.maxpagesize=50, IdType="ImmutableId"';

  it('asks for both ends of the window', async () => {
    expect((await graph.call('/me/calendarView/delta?startDateTime=2026-03-01T00:00:00Z')).body.error['code']).toBe('ErrorInvalidParameter');
  });

  it.each(['$select=id', '$expand=x', '$filter=x', '$orderby=x', '$search=x', '$top=5'])('refuses %s', async (option) => {
    expect((await graph.call(`${firstRound}&${option}`)).status).toBe(400);
  });

  it('lists the window in pages of ten, or of the size preferred on each page', async () => {
    for (let day = 1; day <= 25; day += 1) graph.human(`Day ${day}`, `2026-03-${String(day).padStart(2, '0')}T09:00:00`);
    expect((await graph.round(firstRound, '')).pages).toEqual([10, 10, 5]);
    const first = await graph.call(firstRound, { prefer: 'odata.maxpagesize=4' });
    expect(first.headers.get('preference-applied')).toBe('odata.maxpagesize=4');
    expect((await graph.round(String(first.body['@odata.nextLink']), '')).pages).toEqual([10, 10, 1]);
  });

  it('has empty pages that are not the last', async () => {
    graph.sim.behaviour.emptyPages = 1;
    for (let day = 1; day <= 3; day += 1) graph.human(`Day ${day}`, `2026-03-0${day}T09:00:00`);
    expect((await graph.round(firstRound, 'odata.maxpagesize=2')).pages).toEqual([0, 2, 0, 1]);
  });

  it('gives an occurrence bare, and the exception and the single event whole', async () => {
    const master = series();
    graph.sim.human({ account: email, action: 'moveInstance', eventId: String(master['id']), body: { originalStart: '2026-03-23', subject: 'Moved', start: { dateTime: '2026-03-24T15:00:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2026-03-24T16:00:00', timeZone: 'Europe/Berlin' } } });
    graph.human('Lunch', '2026-04-01T12:00:00', { showAs: 'tentative' });
    const { rows } = await graph.round(firstRound);
    for (const row of occurrences(rows)) expect(Object.keys(row)).toEqual(['@odata.type', '@odata.etag', 'id', 'seriesMasterId', 'type', 'start', 'end']);
    expect(rows.find((row) => row['type'] === 'exception')).toMatchObject({ subject: 'Moved', start: { dateTime: '2026-03-24T14:00:00.0000000', timeZone: 'UTC' } });
    expect(rows.find((row) => row['type'] === 'singleInstance')).toMatchObject({ subject: 'Lunch', showAs: 'tentative', '@odata.type': '#microsoft.graph.event' });
    expect(rows.find((row) => row['type'] === 'seriesMaster')).toMatchObject({ start: { dateTime: '2026-03-16T08:00:00.0000000' } });
  });

  it('keeps the wall clock of a series across the change to summer time', async () => {
    series();
    const { rows } = await graph.round(firstRound);
    expect(occurrences(rows).slice(0, 3).map(startOf)).toEqual(['2026-03-16T08:00:00.0000000', '2026-03-23T08:00:00.0000000', '2026-03-30T07:00:00.0000000']);
  });

  it('tells an event outside the window as deleted, even to one who never saw it', async () => {
    const { link } = await graph.round(firstRound);
    const far = graph.human('Far away', '2027-01-01T09:00:00');
    expect(removedIds((await graph.round(link, ids)).rows)).toEqual([far['id']]);
  });

  it('gives the same tombstone for an event that is really deleted', async () => {
    const lunch = graph.human('Lunch', '2026-04-01T12:00:00');
    const { link } = await graph.round(firstRound);
    graph.sim.human({ account: email, action: 'delete', eventId: String(lunch['id']) });
    expect((await graph.round(link, ids)).rows).toEqual([expect.objectContaining({ id: lunch['id'], '@removed': { reason: 'deleted' } })]);
  });

  it('says nothing of a single deleted occurrence but that the rest of its series comes again', async () => {
    const master = series();
    const { rows, link } = await graph.round(firstRound, ids);
    const [first] = occurrences(rows);
    graph.sim.human({ account: email, action: 'cancelInstance', eventId: String(first?.['id']) });
    const next = (await graph.round(link, ids)).rows;
    expect(removedIds(next)).toEqual([]);
    expect(occurrences(next)).toHaveLength(occurrences(rows).length - 1);
    expect(next[0]).toMatchObject({ type: 'seriesMaster', id: master['id'] });
  });

  it('may tell a deleted series by its master alone', async () => {
    const master = series();
    const { rows, link } = await graph.round(firstRound, ids);
    graph.sim.human({ account: email, action: 'delete', eventId: String(master['id']) });
    expect(removedIds((await graph.round(link, ids)).rows)).toHaveLength(occurrences(rows).length + 1);
    graph.sim.behaviour.masterTombstoneOnly = true;
    expect(removedIds((await graph.round(link, ids)).rows)).toEqual([master['id']]);
  });

  it('may give an entity again in one round, as it was before', async () => {
    const lunch = graph.human('Lunch', '2026-04-01T12:00:00');
    const { link } = await graph.round(firstRound);
    now += 1000;
    graph.sim.behaviour.replays = 1;
    graph.sim.human({ account: email, action: 'patch', eventId: String(lunch['id']), body: { subject: 'Late lunch' } });
    const { rows } = await graph.round(link);
    expect(rows.map((row) => row['subject'])).toEqual(['Late lunch', 'Lunch']);
    expect(String(rows[0]?.['lastModifiedDateTime']) > String(rows[1]?.['lastModifiedDateTime'])).toBe(true);
  });

  it('shows a change only once its lag is over', async () => {
    const { link } = await graph.round(firstRound);
    graph.sim.behaviour.deltaLagMs = 60_000;
    graph.human('Lunch', '2026-04-01T12:00:00');
    const early = await graph.round(link);
    expect(early.rows).toEqual([]);
    now += 60_000;
    expect((await graph.round(early.link)).rows).toHaveLength(1);
  });

  it('answers 410 to a dead token, with where to begin anew', async () => {
    const { link } = await graph.round(firstRound);
    graph.sim.expireDeltaTokens();
    const gone = await graph.call(link);
    expect([gone.status, String(gone.body.error['code']).toLowerCase()]).toEqual([410, 'syncstatenotfound']);
    expect(gone.headers.get('location')).toMatch(/\$deltaToken=$/u);
    graph.sim.behaviour.deadTokenCode = 'resyncRequired';
    expect((await graph.call(link)).body.error['code']).toBe('resyncRequired');
  });

  it('shows a day off of Berlin an hour before midnight UTC, with the zone that it was made in', async () => {
    const day = (zone: string): Record<string, unknown> => ({ isAllDay: true, start: { dateTime: '2026-03-20T00:00:00', timeZone: zone }, end: { dateTime: '2026-03-21T00:00:00', timeZone: zone } });
    graph.human('Off', '2026-03-20T00:00:00', day('Europe/Berlin'));
    const [row] = (await graph.round(firstRound)).rows;
    expect(row).toMatchObject({ isAllDay: true, start: { dateTime: '2026-03-19T23:00:00.0000000', timeZone: 'UTC' }, originalStartTimeZone: 'W. Europe Standard Time' });
    const [local] = (await graph.round(firstRound, 'outlook.timezone="W. Europe Standard Time"')).rows;
    expect(local).toMatchObject({ start: { dateTime: '2026-03-20T00:00:00.0000000', timeZone: 'W. Europe Standard Time' } });
  });

  it('gives other ids to those who do not ask for immutable ones', async () => {
    const lunch = graph.human('Lunch', '2026-04-01T12:00:00');
    const [plain] = (await graph.round(firstRound, '')).rows;
    const [immutable] = (await graph.round(firstRound, ids)).rows;
    expect(immutable?.['id']).toBe(lunch['id']);
    expect(plain?.['id']).not.toBe(lunch['id']);
  });

  it('shows a transactionId on whole items, and no extended property', async () => {
    await graph.call('/me/events', { method: 'POST', body: { subject: 'Ours', transactionId: 't-1', singleValueExtendedProperties: [{ id: 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name booking', value: 'x' }], start: { dateTime: '2026-04-01T09:00:00', timeZone: 'UTC' }, end: { dateTime: '2026-04-01T10:00:00', timeZone: 'UTC' } } });
    const [row] = (await graph.round(firstRound)).rows;
    expect(row).toMatchObject({ transactionId: 't-1' });
    expect(row).not.toHaveProperty('singleValueExtendedProperties');
  });

  it('lists ten thousand events whole', async () => {
    for (let i = 0; i < 10_000; i += 1) graph.human('x', new Date(Date.UTC(2026, 2, 2) + i * 600_000).toISOString().slice(0, 19));
    const { rows, pages } = await graph.round(firstRound, 'odata.maxpagesize=500');
    expect([new Set(rows.map((row) => row['id'])).size, pages.length]).toEqual([10_000, 20]);
  });
});
