import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { beginLeaving } from '../../../lib/connect/begin-leaving.ts';
import { chooseCalendars, readPatch } from '../../../lib/connect/choose-calendars.ts';
import { connectionRows } from '../../../lib/connect/connection-rows.ts';
import { patchConnection } from '../../../lib/connect/patch-connection.ts';
import { hours } from '../../../lib/platform/clock.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import type { ProviderHint } from '../../../lib/platform/messages.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { live, mortalDynamo, type Life } from '../../support/mortal.ts';
import { busy, health, stateOf, told } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type Sent, type SmallWorld } from '../../support/small-world.ts';
import { drain, fakeQueue, inbound, pull } from '../../support/workers.ts';

let world: SmallWorld;
const providerHints: Sent<ProviderHint>[] = [];
beforeAll(async () => {
  world = await startSmallWorld(23);
}, 30_000);
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  providerHints.length = 0;
});

const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });
async function patch({ id }: Connected, body: unknown, life?: Life): Promise<{ status: number; body: Record<string, unknown> }> {
  const parts = inbound(world, life);
  const { named } = world.tables;
  const queue = fakeQueue(live(), providerHints, 'provider hint');
  const handler = patchConnection({
    ...parts, dynamo: mortalDynamo(world.tables.dynamo, life ?? live()), tables: { connections: named.connections, busyIntervals: named['busy-intervals'] }, mark: parts.states.mark,
    late: lateDues(world.tables.dynamo, named['sync-state']), providerHints: queue,
    failed: (failure) => {
      throw failure;
    },
  });
  world.advance(1);
  const { statusCode = 0, body: text = '' } = await handler({ pathParameters: { connection_id: id }, body: JSON.stringify(body), isBase64Encoded: false } as unknown as APIGatewayProxyEventV2);
  return { status: statusCode, body: JSON.parse(text) as Record<string, unknown> };
}
const asked = (connected: Connected, ...uses: (readonly [boolean, boolean])[]) => ({ calendars: uses.map(([blocks, receives], index) => ({ id: connected.calendars[index]?.id, blocks, receives })) });
async function book({ providerId }: Connected, id: string): Promise<void> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { start, end } = inHours(40);
  const read = readBookingEvent({ id, type: 'booking.created', occurred_at: iso(start), booking: { id, version: 1, provider_id: providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(end), status: 'confirmed' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await bookings(world.tables.dynamo, world.tables.named['booking-events']).record(read.booking, world.clock());
  await drain(world, id);
}

describe.each(['google', 'microsoft'] as const)('a connection to %s with two calendars', (provider) => {
  const two = () => world.connect(provider, { calendars: [{ blocks: true, receives: true }, { blocks: false, receives: false }] });

  it('reads a calendar that blocks from now on, and until then its busy time is unknown, not free', async () => {
    const ada = await two();
    const [one, other] = [inHours(5), inHours(8)];
    ada.person.add(one);
    ada.hands[1]?.add(other);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(one)]);
    expect(await patch(ada, asked(ada, [true, true], [true, false]))).toMatchObject({ status: 200, body: { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] } });
    expect((await health(world, ada))?.last_read).toBeUndefined();
    expect(await busy(world, ada)).toEqual([told(one)]);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(one), told(other)]);
    expect((await health(world, ada))?.last_read).toBe(world.clock());
  });

  it('forgets the busy time of one that blocks no more, and only of that one', async () => {
    const ada = await two();
    const [one, other] = [inHours(5), inHours(8)];
    ada.person.add(one);
    ada.hands[1]?.add(other);
    await patch(ada, asked(ada, [true, true], [true, false]));
    await pull(world, ada.id);
    await patch(ada, asked(ada, [false, true], [true, false]));
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(other)]);
    await patch(ada, asked(ada, [true, true]));
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(one)]);
    expect([...(await stateOf(world, ada)).cursors.keys()]).toEqual([ada.calendars[0]?.key]);
  });

  it('moves the bookings to come to the calendar that receives from now on', async () => {
    const ada = await two();
    await pull(world, ada.id);
    const id = `switched-${provider}`;
    await book(ada, id);
    expect(ada.hands.map((hands) => hands.standing().length)).toEqual([1, 0]);
    await patch(ada, asked(ada, [true, false], [false, true]));
    expect(providerHints.map(({ hint }) => hint.provider_id)).toEqual([ada.providerId]);
    await bookings(world.tables.dynamo, world.tables.named['booking-events']).mark(id, world.clock());
    await drain(world, id);
    expect(ada.hands.map((hands) => hands.standing().length)).toEqual([0, 1]);
  });

  it('that is disconnected, and gone before the choice is saved, stays gone', async () => {
    const ada = await two();
    await pull(world, ada.id);
    const { named } = world.tables;
    const rows = connectionRows(world.tables.dynamo, { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] });
    const leaves = async (what: string): Promise<void> => {
      if (what !== 'UpdateItem connections') return;
      await beginLeaving({ ...inbound(world), rows }, ada.id, false);
      expect(await pull(world, ada.id)).toEqual({ outcome: 'removed' });
    };
    expect((await patch(ada, asked(ada, [true, true], [true, false]), live(undefined, { before: leaves }))).status).toBe(409);
    expect(world.tables.all('connections').filter(({ connection_id }) => connection_id === ada.id)).toEqual([]);
    expect(await beginLeaving({ ...inbound(world), rows }, ada.id, false)).toBe(false);
  });

  it('that another choice overtook is refused, and what it called unknown is read at once all the same', async () => {
    const ada = await two();
    await pull(world, ada.id);
    let overtaken = false;
    const overtakes = async (what: string): Promise<void> => {
      if (overtaken || what !== 'UpdateItem busy-intervals') return;
      overtaken = true;
      expect((await patch(ada, asked(ada, [true, true], [true, false]))).status).toBe(200);
      await pull(world, ada.id);
      world.advance(1);
    };
    expect((await patch(ada, asked(ada, [true, false], [true, true]), live(undefined, { before: overtakes }))).status).toBe(409);
    expect([overtaken, await pull(world, ada.id)]).toMatchObject([true, { outcome: 'pulled' }]);
    expect((await health(world, ada))?.last_read).toBe(world.clock());
  });

  it('says what is wrong with a choice, and changes nothing', async () => {
    const ada = await two();
    expect(await patch(ada, asked(ada, [true, true], [true, true]))).toMatchObject({ status: 400, body: { detail: 'At most one calendar of a connection receives bookings.' } });
    expect(await patch(ada, { calendars: [{ id: 'nobody’s', blocks: true, receives: false }] })).toMatchObject({ status: 400 });
    expect(await patch(ada, { on_edit: 'ask' })).toMatchObject({ status: 400 });
    world.settings.values.set(Setting.syncEnabled, 'false');
    expect(await patch(ada, asked(ada, [true, false]))).toMatchObject({ status: 403 });
    expect(await patch(ada, { on_edit: 'restore' })).toMatchObject({ status: 200, body: { on_edit: 'restore', calendars: [{ blocks: true, receives: true }, { blocks: false, receives: false }] } });
    expect((await inbound(world).connections.get(ada.id))?.revision).toBe(1);
  });
});

it('a calendar that cannot be written to receives nothing', () => {
  const there = [{ id: 'read', name: 'R', primary: false, writable: false }];
  expect(chooseCalendars([], [{ id: 'read', blocks: true, receives: true }], there)).toMatch(/cannot be written/);
  expect(chooseCalendars([], [{ id: 'read', blocks: true, receives: false }], there)).toMatchObject([{ id: 'read', blocks: true, receives: false }]);
  expect(chooseCalendars([], [{ id: 'read', blocks: false, receives: false }], there)).toMatch(/At least one/);
  expect(readPatch({})).toMatch(/^Send JSON/);
});
