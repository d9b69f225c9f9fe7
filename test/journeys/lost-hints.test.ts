import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readBookingEvent } from '../../lib/outbound/booking-event.ts';
import { bookings } from '../../lib/outbound/bookings.ts';
import { syncStates } from '../../lib/inbound/sync-state.ts';
import { seconds } from '../../lib/platform/clock.ts';
import { shardOf } from '../../lib/platform/shard.ts';
import { weather } from '../support/deliveries.ts';
import { becomesBusy, hour, professional } from '../support/journey.ts';
import { eventually } from '../support/eventually.ts';
import { inboxRow, settled } from '../support/inbox-rows.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });

describe('a hint that was lost', () => {
  it.each(['google', 'microsoft'] as const)('delays a change at %s until upkeep comes by, and no longer', async (provider) => {
    const { platform, sandbox } = run();
    const { outputs, dynamo } = platform;
    const { providerId, connection, person } = await professional(platform, provider);
    const { connection_id: id } = connection;
    const simulator = outputs.simulators[provider === 'google' ? 'google' : 'graph'];
    // Google rings once for the new channel itself: a pull for it that comes late would find the event.
    if (provider === 'google') await eventually('the first notice of the channel', async () => Object.keys(await inboxRow(platform, id)).some((name) => /^s\d+$/.test(name)));
    await settled(platform, id);
    await weather(simulator, { drop: 1 });
    await person.add('Dentist', hour(0));
    await weather(simulator, { drop: 0 });
    // As a webhook leaves it that died between its write and its hint, some seconds ago.
    expect(await syncStates(dynamo, outputs.tables['sync-state']).mark(id, Date.now() - seconds(20), shardOf(id))).toBe(true);
    expect((await platform.busy(providerId, hour(0).start, hour(0).end)).busy).toEqual([]);
    expect(await sandbox.invoke('upkeep', {})).toMatchObject({ ok: true });
    await becomesBusy(platform, providerId, { within: hour(0), at: [hour(0)] });
  });

  it('delays a booking until upkeep comes by, and no longer', async () => {
    const { platform, sandbox } = run();
    const { providerId, person } = await professional(platform, 'google');
    const booking = { id: randomUUID(), version: 1, provider_id: providerId, service_id: 's', title: 'Consultation', start_time: new Date(hour(0).start).toISOString(), end_time: new Date(hour(0).end).toISOString(), status: 'confirmed' };
    const event = readBookingEvent({ id: 'e', type: 'booking.created', occurred_at: '2026-01-01T00:00:00Z', booking });
    if (event.kind !== 'booking') throw new Error(event.detail);
    // As a worker leaves it that died once the wish was saved.
    await bookings(platform.dynamo, platform.outputs.tables['booking-events']).record(event.booking, Date.now() - seconds(20));
    expect(await person.events()).toEqual([]);
    expect(await sandbox.invoke('upkeep', {})).toMatchObject({ ok: true });
    await eventually('the booking is an event', async () => (await person.events()).length === 1);
  });
});
