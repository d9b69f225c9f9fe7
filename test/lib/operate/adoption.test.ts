import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { migrationParts } from '../../../infra/commands/ops/migration-parts.ts';
import { migrate, rollback } from '../../../lib/operate/migrations/run.ts';
import { verify } from '../../../lib/operate/verify/verify.ts';
import { readProvider } from '../../../lib/availability/read-provider.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { healthRow } from '../../../lib/platform/busy-keys.ts';
import { toItem } from '../../../lib/platform/dynamo.ts';
import { Setting, tableNames, type TableName } from '../../../lib/platform/names.ts';
import { shardOf } from '../../../lib/platform/shard.ts';
import { schemasOf } from '../../support/memory-query.ts';
import { tokenKeys } from '../../support/migration-world.ts';
import { aBookingLine, aConnectionLine, anEventLine, uuidOf, writeExport } from '../../support/old-export.ts';
import { scanning } from '../../support/scanning-tables.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { bringAbout, isPending, targetOf, wishFor } from '../../support/wishes.ts';
import { drain, inbound, outbound, pull } from '../../support/workers.ts';

let world: SmallWorld;
let dynamo: DynamoDBClient;
beforeAll(async () => void (await schemasOf()), 60_000);
beforeEach(async () => {
  world = await startSmallWorld();
  dynamo = scanning(world.tables);
  world.settings.values.set(Setting.tokenKeys, tokenKeys);
});
afterEach(() => world.close());

interface Over extends Connected {
  readonly bookingId: string;
  readonly eventId: string;
  readonly folder: string;
}
const parts = () => migrationParts({ dynamo, tables: world.tables.named, settings: world.settings, clock: world.clock, perSecond: 1000, wait: async () => undefined });
const whileOff = async <T>(work: () => Promise<T>): Promise<T> => {
  world.settings.values.set(Setting.syncEnabled, 'false');
  try {
    return await work();
  } finally {
    world.settings.values.set(Setting.syncEnabled, 'true');
  }
};
const violations = async () => (await verify({ dynamo, tables: world.tables.named, clock: world.clock, wait: async () => undefined, perSecond: 10_000 })).filter((finding) => finding.violations > 0);

/** The account stays at the calendar provider; we know nothing of it. */
async function forget({ id, providerId }: Connected): Promise<void> {
  const drop = (table: TableName, key: Record<string, string>) => dynamo.send(new DeleteItemCommand({ TableName: world.tables.named[table], Key: toItem(key) }));
  for (const { part } of world.tables.all('sync-state')) await drop('sync-state', { connection_id: id, part: String(part) });
  await drop('connections', { connection_id: id });
  await drop('busy-intervals', { provider_id: providerId, row: healthRow(id) });
  for (const table of tableNames) expect(world.tables.all(table)).toEqual([]);
}

/** A professional whom the system before served: one private event, and one that it wrote for a booking tomorrow at this hour. */
async function cameOver(provider: 'google' | 'microsoft', meanwhile: (over: Over) => Promise<void> = async () => undefined): Promise<Over> {
  const connected = await world.connect(provider);
  await forget(connected);
  const n = 1;
  const bookingId = uuidOf(5, n);
  const [booked, busy] = [{ start: world.clock() + days(1), end: world.clock() + days(1) + hours(1) }, { start: world.clock() + days(2), end: world.clock() + days(2) + hours(1) }];
  const eventId = connected.person.add(booked, provider === 'google' ? { id: `booking${bookingId.replaceAll('-', '')}`, summary: 'Written before' } : { subject: 'Written before' });
  const privately = connected.person.add(busy);
  const whose = { provider_id: connected.providerId, calendar_provider: provider };
  const folder = writeExport({
    connections: [aConnectionLine(n, { ...whose, id: connected.id, external_account_id: connected.account, calendar_id: connected.calendars[0]?.id })],
    events: [anEventLine(n, n, busy, { ...whose, external_event_id: privately }), aBookingLine(n, n, booked, { ...whose, external_event_id: eventId, booking_id: bookingId })],
  });
  const over = { ...connected, bookingId, eventId, folder };
  await meanwhile(over);
  const loaded = await whileOff(async () => migrate(await parts(), { folder }));
  expect(loaded.map(({ counts }) => counts['loaded'])).toEqual([1, 1, 1, 1]);
  world.changes.length = 0;
  return over;
}

const read = ({ providerId }: Connected) => readProvider(dynamo, world.tables.named['busy-intervals'])(providerId, { start: world.clock(), end: world.clock() + days(30) });

/** A pull that a notice rang for. */
async function noticed({ id }: Connected): Promise<void> {
  await inbound(world).states.mark(id, world.clock(), shardOf(id));
  expect(await pull(world, id)).toMatchObject({ outcome: 'pulled' });
}

describe.each(['google', 'microsoft'] as const)('an event that the system before wrote to a calendar of %s', (provider) => {
  it('is the one that the next booking event moves, and is never written twice', async () => {
    const ada = await cameOver(provider);
    await wishFor(world, ada, { id: ada.bookingId, version: 7, title: 'Haircut', at: 30 });
    await bringAbout(world, ada.bookingId);
    const ours = () => ada.person.standing().filter(({ title }) => title !== 'Private');
    expect(ours().map(({ id, title }) => [id, title])).toEqual([[ada.eventId, 'Haircut']]);
    expect(await targetOf(world, ada.bookingId)).toMatchObject({ external_event_id: ada.eventId, generation: 0, appliedVersion: 7, ical_uid: ours()[0]?.icalUid });
    await pull(world, ada.id);
    await wishFor(world, ada, { id: ada.bookingId, version: 8, title: 'Longer', at: 40 });
    await bringAbout(world, ada.bookingId);
    expect(ours().map(({ id, title }) => [id, title])).toEqual([[ada.eventId, 'Longer']]);
    world.advance(minutes(6));
    await pull(world, ada.id);
    expect(await isPending(world, ada.bookingId)).toBe(false);
    expect(await violations()).toEqual([]);
    await wishFor(world, ada, { id: ada.bookingId, version: 9, status: 'cancelled' });
    await bringAbout(world, ada.bookingId);
    expect(ours()).toEqual([]);
  });

  it('is brought in line at once where the booking service had told of the booking before', async () => {
    const ada = await cameOver(provider, async (over) => {
      await wishFor(world, over, { id: over.bookingId, version: 3, title: 'Told early' });
      await bringAbout(world, over.bookingId);
    });
    expect(await isPending(world, ada.bookingId)).toBe(true);
    await bringAbout(world, ada.bookingId);
    expect(ada.person.standing().map(({ id, title }) => [id === ada.eventId, title]).sort()).toEqual([[false, 'Private'], [true, 'Told early']]);
  });

  it('is known as ours before the booking service tells of it: no busy time, no conflict, and what a person does to it is told', async () => {
    const ada = await cameOver(provider);
    const before = await read(ada);
    expect(before.intervals).toHaveLength(1);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled', items: 2 });
    expect((await read(ada)).intervals).toEqual(before.intervals);
    expect(world.changes).toEqual([]);
    const moved = { start: world.clock() + days(5), end: world.clock() + days(5) + hours(1) };
    ada.person.move(ada.eventId, moved);
    world.advance(hours(2));
    await noticed(ada);
    expect(world.changes.map(({ type, booking_id }) => [type, booking_id])).toEqual([['booking.event_moved', ada.bookingId]]);
    expect(await outbound(world).bookings.mark(ada.bookingId, world.clock())).toBe(false);
    expect(await drain(world, ada.bookingId)).toMatchObject({ outcome: 'idle' });
    expect(ada.person.standing().map(({ title }) => title).sort()).toEqual(['Private', 'Written before']);
    ada.person.remove(ada.eventId);
    world.advance(hours(2));
    await noticed(ada);
    expect(world.changes.at(-1)).toMatchObject({ type: 'booking.event_deleted', booking_id: ada.bookingId });
    expect(await violations()).toEqual([]);
  });

  it('is not taken away from under live sync by a rollback, and stays where it is in the calendar', async () => {
    const ada = await cameOver(provider);
    await whileOff(async () => rollback(await parts(), {}));
    for (const table of tableNames) expect(world.tables.all(table).filter(({ connection_id }) => connection_id !== '!ledger')).toEqual([]);
    await whileOff(async () => migrate(await parts(), { folder: ada.folder }));
    expect(await violations()).toEqual([]);
    await wishFor(world, ada, { id: ada.bookingId, version: 2, title: 'Haircut' });
    await bringAbout(world, ada.bookingId);
    await pull(world, ada.id);
    const back = await whileOff(async () => rollback(await parts(), {}));
    expect(back.map(({ counts }) => counts)).toEqual([{ kept: 1 }, { kept: 1 }, expect.anything(), { kept: 1 }]);
    expect(await targetOf(world, ada.bookingId)).toMatchObject({ external_event_id: ada.eventId, appliedVersion: 2 });
    expect((await read(ada)).intervals).toHaveLength(1);
    expect(await violations()).toEqual([]);
    await whileOff(async () => migrate(await parts(), { folder: ada.folder }));
    await wishFor(world, ada, { id: ada.bookingId, version: 3, title: 'Again' });
    await bringAbout(world, ada.bookingId);
    expect(ada.person.standing().map(({ title }) => title).sort()).toEqual(['Again', 'Private']);
  });
});
