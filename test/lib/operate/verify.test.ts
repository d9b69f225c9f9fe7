import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checks, verify } from '../../../lib/operate/verify/verify.ts';
import type { VerifyOptions } from '../../../lib/operate/verify/finding.ts';
import { calendarKey } from '../../../lib/calendars/calendar-key.ts';
import { eventRow, healthRow } from '../../../lib/platform/busy-keys.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { pointerId, targetPart } from '../../../lib/platform/booking-keys.ts';
import type { TableName } from '../../../lib/platform/names.ts';
import { schemasOf } from '../../support/memory-query.ts';
import { memoryTables, type MemoryTables } from '../../support/memory-tables.ts';
import { scanning } from '../../support/scanning-tables.ts';

const now = Date.parse('2026-03-27T09:00:00Z');
const [calendar, other] = ['ada@example.com', 'second@example.com'];
const [key, otherKey] = [calendarKey(calendar), calendarKey(other)];
const sealed = `s1.t1.${'A'.repeat(16)}.${'B'.repeat(22)}.${'C'.repeat(40)}`;

let tables: MemoryTables;
const row = {
  connection: { connection_id: 'c', v: 1, provider_id: 'p', calendar_provider: 'google', state: 'active', account: 'a', scopes: [], tokens: sealed, calendars: [{ id: calendar, key, blocks: true, receives: true }], watches: [{ id: 'w', calendar_key: key, expires_at: now + days(5), key_id: 'k' }], created_at: 1, granted_at: 1 },
  health: { provider_id: 'p', row: healthRow('c'), start: '0', end: '9', connection_id: 'c', calendar_provider: 'google', state: 'active', blocks: true },
  inbox: { connection_id: 'c', part: 'inbox', generation: 1 },
  pull: { connection_id: 'c', part: 'pull', fence: now, dueAt: now, dueShard: 'jobs#1', leaseUntil: now + minutes(1) },
  push: { connection_id: 'c', part: 'push', fence: now },
  cursor: { connection_id: 'c', part: `cal#${key}`, fence: now, cursor: 'CPDAlvWDx70CEPDAlvWDx70CGAU=' },
  busy: { provider_id: 'p', row: eventRow('c', key, 'e1'), start: '2026-04-01T09:00:00.000Z', end: '2026-04-01T10:00:00.000Z', external_event_id: 'e1', fence: now },
  tombstone: { provider_id: 'p', row: eventRow('c', key, 'e2'), fence: now, expires: 1 },
  wish: { booking_id: 'b', part: 'wish', version: 1, generation: 1, provider_id: 'p', end: '2026-04-01T10:00:00.000Z', title: 'Haircut' },
  target: { booking_id: 'b', part: targetPart('c', key), connection_id: 'c', calendarKey: key, calendarId: calendar, calendar_provider: 'google', generation: 0, external_event_id: 'booking1', fence: now },
  pointer: { booking_id: pointerId('c', 'booking1'), part: 'of', of: 'b', target: targetPart('c', key) },
} as const;
const tableOf: Record<keyof typeof row, TableName> = { connection: 'connections', health: 'busy-intervals', inbox: 'sync-state', pull: 'sync-state', push: 'sync-state', cursor: 'sync-state', busy: 'busy-intervals', tombstone: 'busy-intervals', wish: 'booking-events', target: 'booking-events', pointer: 'booking-events' };
const kinds = Object.keys(row) as (keyof typeof row)[];

/** A valid world; a violation is one override. */
function plant(kind: keyof typeof row, more: Record<string, unknown> = {}): void {
  tables.put(tableOf[kind], { ...row[kind], ...more });
}
async function remove(table: TableName, rowKey: Record<string, string>): Promise<void> {
  const { DeleteItemCommand } = await import('@aws-sdk/client-dynamodb');
  const { toItem } = await import('../../../lib/platform/dynamo.ts');
  await tables.dynamo.send(new DeleteItemCommand({ TableName: tables.named[table], Key: toItem(rowKey) }));
}
beforeAll(async () => void (await schemasOf()), 60_000);
beforeEach(async () => {
  tables = await memoryTables(() => now);
  for (const kind of kinds) plant(kind);
  tables.put('sync-state', { connection_id: '!upkeep', part: 'state', walks: {} });
  tables.put('connections', { connection_id: 'start#x', starts_for: 'p', verifier: sealed });
  tables.put('connections', { connection_id: 'account#x', held_by: 'c', held_for: 'p', claimed_at: 1 });
});

const waits: number[] = [];
const look = (meanwhile: () => void | Promise<void> = () => undefined, options: VerifyOptions = {}, perSecond = 10_000) =>
  verify({ dynamo: scanning(tables), tables: tables.named, clock: () => now, perSecond, settleMs: 3, wait: async (ms) => (waits.push(ms), meanwhile()) }, options);
const found = async (meanwhile?: () => void | Promise<void>) => (await look(meanwhile)).flatMap(({ check, violations, samples }) => (violations > 0 ? [[check, violations, samples]] : []));

describe('the verification queries', () => {
  it('find nothing in a world that is as it must be, and name every check with what holds', async () => {
    const findings = await look();
    expect(findings.map(({ check, violations }) => [check, violations])).toEqual(checks.map(({ name }) => [name, 0]));
    expect(findings.every(({ holds }) => holds.length > 20)).toBe(true);
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });

  const second = { connection_id: 'd', part: targetPart('d', key), external_event_id: 'booking2' };
  const violated: [name: string, how: string, plant: () => void | Promise<void>, samples: string[]][] = [
    ['one-event-per-booking', 'two connections of one account have written a booking to the same calendar', () => {
      plant('target', second);
      plant('pointer', { booking_id: pointerId('d', 'booking2'), target: targetPart('d', key) });
    }, [`b ${targetPart('c', key)}`, `b ${targetPart('d', key)}`]],
    ['one-event-per-booking', 'an event stands beside the one that its target names', () => plant('target', { strays: new Set(['stray']) }), [`b ${targetPart('c', key)}`]],
    ['one-booking-per-event', 'two bookings name the same event', () => {
      plant('wish', { booking_id: 'b2' });
      plant('target', { booking_id: 'b2' });
    }, [`b2 ${targetPart('c', key)}`]],
    ['one-booking-per-event', 'a target lies under the key of another calendar than it names', () => plant('target', { booking_id: 'b', part: targetPart('c', otherKey), removed: 1 }), [`b ${targetPart('c', otherKey)}`]],
    ['mapping-without-booking', 'a booking is gone, and its target and pointer are not', () => remove('booking-events', { booking_id: 'b', part: 'wish' }), [`b ${targetPart('c', key)}`, `${pointerId('c', 'booking1')} of`]],
    ['mark-off-index', 'a connection is dirty where no walk finds it', () => plant('inbox', { dirtySince: now }), ['c inbox']],
    ['mark-off-index', 'a booking is pending where no walk finds it', () => plant('wish', { pendingSince: now }), ['b wish']],
    ['unique-external-events', 'an event has a second row under another key', () => plant('busy', { row: `c#${key}#another` }), [`p c#${key}#another`]],
    ['busy-row-without-connection', 'busy time of a connection that is not there', () => plant('busy', { row: eventRow('gone', key, 'e1') }), [`p ${eventRow('gone', key, 'e1')}`]],
    ['busy-row-without-connection', 'busy time under another provider', () => plant('busy', { provider_id: 'q' }), [`q ${eventRow('c', key, 'e1')}`]],
    ['busy-row-without-connection', 'busy time of a calendar that the connection does not name', () => plant('busy', { row: eventRow('c', otherKey, 'e1') }), [`p ${eventRow('c', otherKey, 'e1')}`]],
    ['health-row-without-connection', 'a health row that nobody owns', () => plant('health', { row: healthRow('gone'), connection_id: 'gone' }), ['p !gone']],
    ['connection-without-health-row', 'a connection that readers cannot see', () => remove('busy-intervals', { provider_id: 'p', row: healthRow('c') }), ['c']],
    ['connection-without-health-row', 'a health row that shows another state', () => plant('health', { state: 'reauthorization_required' }), ['c']],
    ['clear-text-token', 'tokens in clear', () => plant('connection', { tokens: '{"access_token":"x"}' }), ['c']],
    ['clear-text-token', 'tokens that only look sealed', () => plant('connection', { tokens: 's1.t1.a.b.c' }), ['c']],
    ['clear-text-token', 'an access token in another place', () => plant('pull', { lastError: 'ya29.a0AfH6SMBx' }), ['c pull']],
    ['clear-text-token', 'a member named as a token is', () => plant('wish', { refresh_token: 'x' }), ['b wish']],
    ['clear-text-token', 'a verifier in clear', () => tables.put('connections', { connection_id: 'start#y', verifier: 'verifier' }), ['start#y']],
    ['connection-without-sync-rows', 'a connection without an inbox', () => remove('sync-state', { connection_id: 'c', part: 'inbox' }), ['c']],
    ['connection-without-sync-rows', 'a connection that is never due', () => plant('pull', { dueAt: undefined }), ['c']],
    ['cursor-of-unnamed-calendar', 'a cursor of a calendar that its connection does not name', () => plant('cursor', { part: `cal#${otherKey}` }), [`c cal#${otherKey}`]],
    ['cursor-of-unnamed-calendar', 'a cursor of nobody', () => plant('cursor', { connection_id: 'gone', fence: 0 }), [`gone cal#${key}`]],
    ['watch-without-row', 'a watch of a calendar that is not read', () => plant('connection', { watches: [{ id: 'w', calendar_key: otherKey, expires_at: now + 1, key_id: 'k' }] }), ['c']],
    ['watch-past-its-expiry', 'a watch that has ended, and none in its place', () => plant('connection', { watches: [{ id: 'w', calendar_key: key, expires_at: now, key_id: 'k' }] }), ['c']],
    ['lease-sanity', 'a lease that nobody can hold for so long', () => plant('push', { leaseUntil: now + hours(1) }), ['c push']],
    ['lease-sanity', 'a lease without a fence', () => plant('pull', { fence: undefined }), ['c pull', `c cal#${key}`].sort()],
    ['lease-sanity', 'a fence from the future', () => plant('push', { fence: now + days(1) }), ['c push']],
    ['lease-sanity', 'a cursor beyond the fence of its lease', () => plant('cursor', { fence: now + 1 }), [`c cal#${key}`]],
    ['lease-sanity', 'a target beyond the fence of its lease', () => plant('target', { fence: now + 1 }), [`b ${targetPart('c', key)}`]],
    ['writing-closed', 'a connection that is closed for bookings for ever', () => plant('push', { closed: 1 }), ['c push']],
  ];

  it.each(violated)('%s: %s', async (name, _how, planted, samples) => {
    await planted();
    const finding = (await found()).find(([check]) => check === name);
    expect([finding?.[0], finding?.[1], [...(finding?.[2] as string[] | undefined ?? [])].sort()]).toEqual([name, samples.length, [...samples].sort()]);
  });

  it('have each a violation planted here', () => {
    expect(checks.map(({ name }) => name).filter((name) => !violated.some(([planted]) => planted === name))).toEqual([]);
  });

  it.each([
    ['a retired watch that has ended', () => plant('connection', { watches: [...row.connection.watches, { id: 'old', calendar_key: key, expires_at: 1, key_id: 'k', retired: true }] })],
    ['a cursor that the next pull drops, as its connection is marked', () => {
      plant('cursor', { part: `cal#${otherKey}` });
      plant('inbox', { dirtySince: now, dirtyShard: '1' });
    }],
    ['an event that was removed from a second calendar', () => plant('target', { part: targetPart('d', key), connection_id: 'd', external_event_id: 'booking2', removed: 1 })],
    ['a booking in two different calendars', () => {
      plant('target', { part: targetPart('c', otherKey), calendarKey: otherKey, calendarId: other, external_event_id: 'booking2' });
      plant('pointer', { booking_id: pointerId('c', 'booking2'), target: targetPart('c', otherKey) });
    }],
    ['a connection that leaves', () => {
      plant('connection', { state: 'disconnecting' });
      plant('health', { state: 'disconnecting' });
      plant('push', { closed: 1 });
    }],
  ])('do not mind %s', async (_what, planted) => {
    planted();
    expect(await found()).toEqual([]);
  });

  it('count nothing that live traffic had only not finished: what seems broken is read again first', async () => {
    plant('health', { row: healthRow('new'), connection_id: 'new' });
    plant('cursor', { fence: now + 1 });
    expect(await found()).toHaveLength(2);
    waits.length = 0;
    const finish = async (): Promise<void> => {
      plant('cursor');
      await remove('busy-intervals', { provider_id: 'p', row: '!new' });
    };
    expect(await found(finish)).toEqual([]);
    expect(waits).toEqual([3]);
  });

  it('count them all and name ten, walk no faster than asked, and stop when told', async () => {
    for (let n = 0; n < 40; n += 1) plant('busy', { row: eventRow(`gone-${n}`, key, 'e1') });
    waits.length = 0;
    const seen: number[] = [];
    const [finding] = (await look(undefined, { progress: ({ items }) => seen.push(items) }, 10)).filter(({ check }) => check === 'busy-row-without-connection');
    expect([finding?.violations, finding?.samples.length]).toEqual([40, 10]);
    expect(waits.filter((ms) => ms === 1000).length).toBe(4);
    expect(seen).toContain(40);
    const stop = new AbortController();
    await expect(look(undefined, { signal: stop.signal, progress: () => stop.abort() })).rejects.toThrow(/abort/i);
  });
});
