import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { bookingRows } from '../support/booking-rows.ts';
import { channelOf, deliver, googleNotice } from '../support/deliveries.ts';
import { eventually } from '../support/eventually.ts';
import { hour, professional } from '../support/journey.ts';
import type { BookingInput } from '../support/platform.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import { withSandbox } from '../support/with-sandbox.ts';

// Ten times as fast: settings are remembered for up to 30 s, upkeep comes every minute.
const clock = 10;
const run = withSandbox({ clock });
const flagTakes = { withinMs: seconds(60) / clock + 2000 };

/** No function goes by older settings than of 30 s ago; a second for what is in its hands. */
async function known(): Promise<void> {
  const { clock: { now } } = run().sandbox;
  const until = now() + seconds(40);
  await eventually('the settings are known to everybody', () => now() > until);
}

const booking = (providerId: string, version: number, at: number, id: string): BookingInput => ({ id, version, provider_id: providerId, start_time: new Date(hour(at).start).toISOString(), end_time: new Date(hour(at).end).toISOString() });

describe('operators, while everything runs', () => {
  it('turn SYNC off: nothing is read or written, and no wish is lost; on again, each change is applied once', async () => {
    const { platform } = run();
    const { providerId, connection, person } = await professional(platform, 'google');
    const [id, dropped] = [randomUUID(), randomUUID()];
    await platform.publish('created', booking(providerId, 1, 0, id));
    await eventually('the booking is an event', async () => (await person.events()).length === 1);

    await platform.set(Setting.syncEnabled, 'false');
    await known();
    expect(await platform.busy(providerId, hour(0).start, hour(1).end)).toMatchObject({ bookable: false, reasons: ['sync_off'] });

    await fetch(`${platform.outputs.simulators.google}/_sim/requests`, { method: 'DELETE' });
    const calls = async () => (await (await fetch(`${platform.outputs.simulators.google}/_sim/requests`)).json()) as LoggedRequest[];
    const before = await person.events();
    await person.add('Not read', hour(3));
    await platform.publish('updated', booking(providerId, 2, 5, id));
    await platform.publish('created', booking(providerId, 1, 6, dropped));
    await platform.publish('cancelled', booking(providerId, 2, 6, dropped));
    await eventually('the wishes are recorded', async () => (await bookingRows(platform, id)).wish?.['version'] === 2 && (await bookingRows(platform, dropped)).wish?.['version'] === 2);
    expect(await platform.post('/v1/sync/outbound', { booking_id: id })).toMatchObject({ status: 403, body: { detail: expect.stringContaining('recorded') } });
    expect(await platform.post('/v1/sync/inbound', { connection_id: connection.connection_id })).toMatchObject({ status: 403 });
    expect(await calls()).toEqual([]);
    expect((await platform.busy(providerId, hour(3).start, hour(3).end)).busy).toEqual([]);
    expect((await person.events()).filter(({ title }) => title === 'Consultation')).toEqual(before.filter(({ title }) => title === 'Consultation'));

    await platform.set(Setting.syncEnabled, 'true');
    const patience = { withinMs: seconds(200) / clock };
    await eventually('the newest version is applied', async () => (await person.events()).some(({ title, start }) => title === 'Consultation' && start === hour(5).start), patience);
    await eventually('the calendar is read', async () => (await platform.busy(providerId, hour(3).start, hour(3).end)).busy.length === 1, patience);
    await eventually('nothing is pending', async () => (await bookingRows(platform, dropped)).wish?.['pendingSince'] === undefined, patience);
    expect((await person.events()).filter(({ title }) => title === 'Consultation')).toHaveLength(1);
    const writes = (await calls()).filter(({ method, path }) => method !== 'GET' && /\/events/.test(path) && !path.endsWith('/watch'));
    expect(writes.map(({ method }) => method)).toEqual(['PATCH']);
  }, 60_000);

  it('turn WEBHOOK off, or take a connection off the list: its notices are refused, within a minute', async () => {
    const { platform } = run();
    const { connection } = await professional(platform, 'google');
    const channel = await channelOf(platform.outputs, connection);
    let number = 1000;
    const status = async () => (await deliver(platform.outputs, googleNotice(channel, (number += 1)))).status;
    expect(await status()).toBe(202);
    await platform.set(Setting.connectionAllowlist, 'somebody-else');
    await eventually('not on the list', async () => (await status()) === 403, flagTakes);
    await platform.set(Setting.connectionAllowlist, connection.connection_id);
    await eventually('on the list', async () => (await status()) === 202, flagTakes);
    await platform.set(Setting.webhookEnabled, 'false');
    await eventually('webhooks are off', async () => (await status()) === 403, flagTakes);
    await platform.set(Setting.webhookEnabled, 'TRUE ');
    await eventually('webhooks are on', async () => (await status()) === 202, flagTakes);
    await platform.set(Setting.connectionAllowlist, '*');
  }, 60_000);
});
