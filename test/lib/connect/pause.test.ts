import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reasonsOf } from '../../../lib/availability/bookable.ts';
import { markFutureBookings } from '../../../lib/connect/mark-future-bookings.ts';
import { pauseConnection, resumeConnection } from '../../../lib/connect/pause.ts';
import { readConnections } from '../../../lib/connect/read-connections.ts';
import { syncConnection } from '../../../lib/inbound/sync-connection.ts';
import { drainBooking } from '../../../lib/outbound/drain-booking.ts';
import { hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { connectionGate } from '../../../lib/platform/connection-gate.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { GateClosed } from '../../../lib/platform/gate-closed.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import type { InboundHint, ProviderHint } from '../../../lib/platform/messages.ts';
import { live } from '../../support/mortal.ts';
import { aPost } from '../../support/notices.ts';
import { busy, health, isDirty, notice, part, told } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type Sent, type SmallWorld } from '../../support/small-world.ts';
import { isPending, newId, spanIn, wishFor } from '../../support/wishes.ts';
import { drain, fakeQueue, inbound, leaseLength, outbound, pull, telling } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
const rung: Sent<InboundHint>[] = [];
const walks: Sent<ProviderHint>[] = [];
beforeEach(() => {
  rung.length = 0;
  walks.length = 0;
});

const parts = () => {
  const { dynamo, named } = world.tables;
  const { clock } = world;
  return {
    dynamo, clock,
    tables: { connections: named.connections, syncState: named['sync-state'] },
    hints: fakeQueue(live(), rung, 'inbound hint'),
    markFutureBookings: markFutureBookings({ late: lateDues(dynamo, named['sync-state']), providerHints: fakeQueue(live(), walks, 'provider hint'), clock }),
  };
};
const known = () => connections(world.tables.dynamo, world.tables.named.connections);
const pause = ({ id }: Pick<Connected, 'id'>) => pauseConnection(parts(), id);
const resume = ({ connection }: Connected) => resumeConnection(parts(), connection);
const wish = (ada: Connected, id: string, version: number, at = 5) => wishFor(world, ada, { id, version, at, title: 'Consultation' });
/** The first pull after a pause: it looks at the watches too, which nobody did meanwhile. */
async function firstPull({ id }: Connected) {
  const checked: boolean[] = [];
  const parts = inbound(world);
  const watches = { ...parts.watches, ensure: async ({ check = false }) => (checked.push(check), { connection: await known().get(id), nextAt: world.clock() + hours(100), done: {} }) };
  return { ...(await syncConnection({ ...parts, watches }, id, { endsAt: world.clock() + leaseLength })), checked };
}
const calls = ({ provider }: Connected): number => (provider === 'google' ? world.google : world.microsoft).requests.length;

describe.each(['google', 'microsoft'] as const)('a connection to %s that an operator pauses', (provider) => {
  it('is neither read nor written, loses nothing, and catches up once when it is resumed', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const [before, late] = [newId(), newId()];
    await wish(ada, before, 1);
    await drain(world, before);

    expect(await pause(ada)).toBe(true);
    const quiet = calls(ada);
    ada.person.add(spanIn(world, 20));
    await notice(world, ada);
    expect(await pull(world, ada.id)).toEqual({ outcome: 'paused' });
    await wish(ada, before, 2, 7);
    await wish(ada, late, 1, 9);
    for (const id of [before, late]) expect(await drain(world, id)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'paused', retryAt: world.clock() + minutes(10) }] });
    expect(calls(ada)).toBe(quiet);
    expect(await busy(world, ada)).toEqual([]);
    expect([await isDirty(world, ada), await isPending(world, before), await isPending(world, late)]).toEqual([false, true, true]);

    expect(await resume(ada)).toBe(true);
    expect([rung.length, walks.map(({ hint }) => hint)]).toEqual([1, [{ v: 1, hint: 'provider', provider_id: ada.providerId }]]);
    expect(await firstPull(ada)).toMatchObject({ outcome: 'pulled', checked: [true] });
    expect(await pull(world, ada.id)).toEqual({ outcome: 'idle' });
    expect(await busy(world, ada)).toEqual([told(spanIn(world, 20))]);
    expect(await drain(world, before)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'updated' }] });
    expect(await drain(world, late)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
    expect(ada.person.standing().filter(({ title }) => title === 'Consultation').map(({ start }) => start).sort()).toEqual([spanIn(world, 7).start, spanIn(world, 9).start]);
  });

  it('stops what is under way before its next page and its next write, and leaves it to be done', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const id = newId();
    await wish(ada, id, 1);
    await notice(world, ada);
    // The first look at the settings is the worker's own; the second stands before its first call.
    const pausedAtSecondLook = () => {
      let looks = 0;
      const read = async () => {
        if ((looks += 1) === 2) {
          await pause(ada);
          world.advance(seconds(6));
        }
        return world.settings.read();
      };
      return { read };
    };
    const quiet = calls(ada);
    expect(await syncConnection({ ...inbound(world), settings: pausedAtSecondLook() }, ada.id, { endsAt: world.clock() + leaseLength })).toEqual({ outcome: 'gated' });
    await resume(ada);
    expect(await drainBooking({ ...outbound(world), settings: pausedAtSecondLook() }, { v: 1, hint: 'booking', booking_id: id }, world.clock() + leaseLength)).toMatchObject({ outcome: 'gated' });
    expect(calls(ada)).toBe(quiet);
    expect([await isDirty(world, ada), await isPending(world, id)]).toEqual([true, true]);
    expect(await pull(world, ada.id)).toEqual({ outcome: 'paused' });
    expect(await drain(world, id)).toMatchObject({ targets: [{ outcome: 'paused' }] });
  });

  it('keeps what was due on its row, out of upkeep’s way, and becomes unknown by staleness', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    await pause(ada);
    world.advance(hours(30));
    const { dueRoll, duePoll } = await part(world, ada, 'pull');
    expect(await pull(world, ada.id)).toEqual({ outcome: 'paused' });
    const row = await part(world, ada, 'pull');
    expect({ dueRoll: row['dueRoll'], duePoll: row['duePoll'] }).toEqual({ dueRoll, duePoll });
    expect(Number(row['dueAt'])).toBeGreaterThan(world.clock() + hours(8));
    const seen = await health(world, ada);
    expect(seen && reasonsOf(seen, world.clock())).toEqual(['stale']);
    await resume(ada);
    expect(await firstPull(ada)).toMatchObject({ outcome: 'pulled' });
    const after = await health(world, ada);
    expect(after && reasonsOf(after, world.clock())).toEqual([]);
  });
});

/** What a tick says of the oldest booking that waits, in ms. */
async function oldestPending(): Promise<number | undefined> {
  const { dynamo, named } = world.tables;
  const told = telling();
  const quiet = { send: () => Promise.resolve(), sendAll: () => Promise.resolve() };
  await tick({ ...told, dynamo, clock: world.clock, settings: world.settings, tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] }, states: upkeepStates(dynamo, named['sync-state']), inbound: quiet, booking: quiet, provider: quiet });
  return told.figures.find(({ name }) => name === Metric.oldestPending)?.value;
}

describe('a pause', () => {
  it('is no reason for the alarm of bookings that wait: only a wish that nobody paused counts', async () => {
    const ada = await world.connect('google');
    const id = newId();
    await pause(ada);
    await wish(ada, id, 1);
    world.advance(minutes(3));
    expect(await oldestPending()).toBe(minutes(3));
    await drain(world, id);
    world.advance(minutes(60));
    expect(await oldestPending()).toBe(0);
    await resume(ada);
    await wish(ada, id, 2);
    expect(await oldestPending()).toBe(minutes(63));
    await drain(world, id);
    expect(await isPending(world, id)).toBe(false);
  });

  it('is told by GET, counts from the first time it was asked, and ends', async () => {
    const ada = await world.connect('google');
    const since = new Date(world.clock()).toISOString();
    const read = async (): Promise<unknown> => {
      const answer = await readConnections({ connections: known(), standings: async () => new Map(), failed: () => undefined })({ ...aPost('google'), pathParameters: { connection_id: ada.id } });
      return (JSON.parse(answer.body ?? '') as { paused_since: unknown }).paused_since;
    };
    expect(await read()).toBeNull();
    await pause(ada);
    world.advance(minutes(1));
    await pause(ada);
    expect(await read()).toBe(since);
    await resume(ada);
    expect(await read()).toBeNull();
    expect(await pause({ id: 'nobody' })).toBe(false);
    expect(await resumeConnection(parts(), { connection_id: 'nobody', provider_id: 'p' })).toBe(false);
  });

  it('reaches work that is under way within five seconds', async () => {
    const ada = await world.connect('google');
    const gate = connectionGate({ settings: world.settings, connections: known(), clock: world.clock }, ada.connection, world.clock());
    await pause(ada);
    await gate();
    world.advance(seconds(5));
    await expect(gate()).rejects.toThrow(GateClosed);
  });
});
