import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ledger, type migrate } from '../../../lib/operate/migrations/run.ts';
import { calendarKey } from '../../../lib/calendars/calendar-key.ts';
import { eventRow } from '../../../lib/platform/busy-keys.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { schemasOf } from '../../support/memory-query.ts';
import { aMigrationWorld, type MigrationWorld } from '../../support/migration-world.ts';
import { aBookingLine, aConnectionLine, anEventLine, anExport, uuidOf, writeExport } from '../../support/old-export.ts';
import { live } from '../../support/mortal.ts';

let world: MigrationWorld;
beforeAll(async () => void (await schemasOf()), 60_000);
beforeEach(async () => void (world = await aMigrationWorld()));
const spanIn = (days_: number) => ({ start: world.now + days(days_), end: world.now + days(days_) + hours(1) });
const countsOf = (reports: Awaited<ReturnType<typeof migrate>>) => Object.fromEntries(reports.map(({ migration, counts }) => [migration, counts]));
const small = () => writeExport(anExport(world.now, { connections: 3, events: 20 }));

describe('dying', () => {
  it('at any of its calls, before or after the effect, leaves a run that ends as if nothing had been', async () => {
    const folder = writeExport({ connections: [aConnectionLine(2), aConnectionLine(3)], events: [anEventLine(2, 1, spanIn(3)), aBookingLine(2, 2, spanIn(3)), aBookingLine(3, 3, spanIn(4))] });
    await world.migrate(folder);
    const [whole, loaded] = [world.everything(), countsOf(await world.migrate(folder))];
    let reached = 0;
    for (const how of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        world = await aMigrationWorld();
        const life = live({ at, how });
        const end = await world.migrate(folder, {}, { holder: 'first', life }).catch((error: unknown) => error);
        if (!life.dead) {
          expect(end).toHaveLength(4);
          break;
        }
        reached = at;
        world.now += minutes(3);
        const again = countsOf(await world.migrate(folder, {}, { holder: 'second' }));
        expect({ how, at, counts: again }).toEqual({ how, at, counts: loaded });
        expect(await world.violations()).toEqual([]);
        expect(keysOf(world.everything())).toEqual(keysOf(whole));
      }
    }
    expect(reached).toBeGreaterThan(60);
  }, 60_000);

  it('in a rollback leaves one that ends with nothing left', async () => {
    const folder = writeExport({ connections: [aConnectionLine(2)], events: [anEventLine(2, 1, spanIn(3)), aBookingLine(2, 2, spanIn(3))] });
    let reached = 0;
    for (const how of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        world = await aMigrationWorld();
        await world.migrate(folder);
        const life = live({ at, how });
        await world.rollback({}, { holder: 'first', life }).catch(() => undefined);
        if (!life.dead) break;
        reached = at;
        world.now += minutes(3);
        await world.rollback({}, { holder: 'second' });
        expect({ how, at, left: world.everything() }).toEqual({ how, at, left: { connections: [], 'sync-state': [], 'busy-intervals': [], 'booking-events': [] } });
      }
    }
    expect(reached).toBeGreaterThan(20);
  }, 60_000);
});

/** Times are those of the run that made them; what says that a connection is being made goes by itself, two minutes after a maker died. */
const keysOf = (everything: ReturnType<MigrationWorld['everything']>) => Object.values(everything).flat().filter((row) => !row.includes('"making"')).map((row) => row.replace(/\b17\d{11}\b/g, 'ms')).sort();

describe('two operators', () => {
  it('never run at once: the second is told so, and takes over only from one who has died', async () => {
    const folder = small();
    let second: Promise<unknown> | undefined;
    await world.migrate(folder, { progress: () => void (second ??= world.migrate(folder, {}, { holder: 'second' }).catch((error: Error) => error.message)) }, { holder: 'first' });
    expect(await second).toMatch(/^Another migration or rollback is under way\. If it died, its lock ends at 2026-03-27T09:02:00/);
  });

  it('a sleeper who wakes after another has taken over stops at its next save', async () => {
    const folder = small();
    let slept = false;
    const sleeper = world.migrate(folder, {
      progress: () => {
        if (slept) return;
        slept = true;
        world.now += minutes(3);
        void taken();
      },
    }, { holder: 'first' });
    const taken = async (): Promise<void> => void (await world.parts('second').then(({ dynamo, tables }) => dynamo.send(new UpdateItemCommand({ TableName: tables['sync-state'], Key: { connection_id: { S: '!ledger' }, part: { S: 'state' } }, UpdateExpression: 'SET holder = :second', ExpressionAttributeValues: { ':second': { S: 'second' } } }))));
    await expect(sleeper).rejects.toThrow(/Somebody else has taken over/);
  });
});

describe('rolling back', () => {
  const touch = (id: string, part: 'pull' | 'push') => world.tables.put('sync-state', { ...world.tables.get('sync-state', { connection_id: id, part }), fence: world.now });

  it('takes away exactly what came over, in reverse, and nothing of others; forward again brings all of it back', async () => {
    const folder = small();
    const { dynamo, named } = world.tables;
    void dynamo;
    world.tables.put('connections', { connection_id: 'own', provider_id: 'p', state: 'active', calendars: [], watches: [], granted_at: 1 });
    world.tables.put('busy-intervals', { provider_id: 'p', row: 'own#k#x', start: 'a', end: 'b', external_event_id: 'x' });
    world.tables.put('booking-events', { booking_id: 'theirs', part: 'wish', version: 3, provider_id: 'p', end: 'x' });
    const before = world.everything();
    const loaded = countsOf(await world.migrate(folder));
    const after = world.everything();
    expect((await world.rollback()).map(({ migration, counts }) => [migration, counts])).toEqual([['operational', { removed: 3 }], ['outbound', { removed: 6 }], ['uniqueness', { removed: 41 }], ['foundations', { removed: 3 }]]);
    expect(world.everything()).toEqual(before);
    expect((await ledger(await world.parts())).every(({ state }) => state === 'rolled_back')).toBe(true);
    expect((await world.rollback()).map(({ outcome }) => outcome)).toEqual(['already', 'already', 'already', 'already']);
    expect(countsOf(await world.migrate(folder))).toEqual(loaded);
    expect(world.everything()).toEqual(after);
    expect(named).toBeDefined();
  });

  it('leaves a connection that was used since, with all that belongs to it, and says so', async () => {
    const folder = writeExport({ connections: [2, 4, 6, 8].map((n) => aConnectionLine(n)), events: [2, 4, 6, 8].flatMap((n) => [anEventLine(n, n, spanIn(3)), aBookingLine(n, 10 + n, spanIn(4))]) });
    await world.migrate(folder);
    touch(uuidOf(1, 2), 'pull');
    touch(uuidOf(1, 4), 'push');
    const renewed = world.tables.get('connections', { connection_id: uuidOf(1, 6) });
    world.tables.put('connections', { ...renewed, granted_at: world.now + 1 });
    const reports = await world.rollback();
    expect(countsOf(reports)).toEqual({ operational: { kept: 3, removed: 1 }, outbound: { kept: 3, removed: 1 }, uniqueness: { kept: 3, removed: 1 }, foundations: { kept: 3, removed: 1 } });
    expect(world.tables.get('connections', { connection_id: uuidOf(1, 8) })).toBeUndefined();
    expect(world.tables.get('busy-intervals', { provider_id: uuidOf(2, 2), row: eventRow(uuidOf(1, 2), calendarKey('pro2@example.com'), 'event2abc_20260401t0900') })).toBeDefined();
    expect(await world.violations()).toEqual([]);
    expect(countsOf(await world.migrate(folder))).toMatchObject({ foundations: { loaded: 4 }, uniqueness: { live: 3, loaded: 1 }, outbound: { loaded: 4 }, operational: { live: 3, loaded: 1 } });
    expect(await world.violations()).toEqual([]);
  });

  it('keeps what the booking service has told meanwhile', async () => {
    const folder = writeExport({ connections: [aConnectionLine(2)], events: [aBookingLine(2, 3, spanIn(3))] });
    await world.migrate(folder);
    const key = { booking_id: uuidOf(5, 3), part: 'wish' };
    world.tables.put('booking-events', { ...world.tables.get('booking-events', key), version: 4, title: 'Told' });
    await world.rollback();
    expect(world.tables.all('booking-events')).toEqual([expect.objectContaining({ ...key, version: 4, title: 'Told' })]);
  });

  it('stops after what it is told to leave, and a half-done one must end before anything is loaded', async () => {
    const folder = small();
    await world.migrate(folder);
    expect((await world.rollback({ to: 'uniqueness' })).map(({ migration }) => migration)).toEqual(['operational', 'outbound']);
    expect(world.tables.all('booking-events')).toEqual([]);
    expect(world.tables.all('busy-intervals').length).toBe(41 + 3);
    const stop = new AbortController();
    await expect(world.rollback({ signal: stop.signal, progress: () => stop.abort() })).rejects.toThrow('uniqueness was stopped; run it again, and it goes on where it was.');
    await expect(world.migrate(folder)).rejects.toThrow('A rollback of uniqueness has begun and not ended: finish it first.');
    await world.rollback();
    expect(Object.values(world.everything()).flat()).toEqual([]);
  });
});
