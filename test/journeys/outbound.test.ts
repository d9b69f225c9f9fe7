import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { bookingRows } from '../support/booking-rows.ts';
import { eventually } from '../support/eventually.ts';
import { hour, professional, type Span } from '../support/journey.ts';
import type { BookingInput, Platform } from '../support/platform.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });

const bookingOf = (providerId: string, { start, end }: Span, version = 1, id: string = randomUUID()): BookingInput => ({
  id, version, provider_id: providerId, title: 'Consultation with Ada', start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString(),
});

/** The booking's one target, once it shows this version. */
const applied = (platform: Platform, id: string, version: number): Promise<Record<string, unknown>> =>
  eventually(`version ${version} of the booking is applied`, async () => {
    const { wish, targets } = await bookingRows(platform, id);
    const [target] = targets;
    return targets.length === 1 && wish?.['pendingSince'] === undefined && target?.['appliedVersion'] === version && target;
  });

/** Waits until the worker has said this of the booking. */
const said = (message: string, bookingId: string): Promise<unknown> =>
  eventually(`the worker says: ${message}`, () => run().sandbox.logs('booking-sync').some(({ line }) => line.includes(`"message":"${message}"`) && line.includes(bookingId)));

describe.each(['google', 'microsoft'] as const)('a booking in a calendar at %s', (provider) => {
  it('becomes one event, kept under the names that people know', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const booking = bookingOf(providerId, hour(0));
    await platform.publish('created', booking);
    const row = await applied(platform, booking.id, 1);
    const [event, ...others] = await person.events();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ title: 'Consultation with Ada', ...hour(0) });
    expect(row).toMatchObject({ booking_id: booking.id, calendar_provider: provider, external_event_id: event?.id, ical_uid: event?.icalUid, start_time: booking.start_time, end_time: booking.end_time, is_busy: 1 });
    if (provider === 'google') expect(row['external_event_id']).toContain('booking');
  });

  it('told again causes nothing: no call to the calendar, no other row', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const booking = bookingOf(providerId, hour(0));
    await platform.publish('created', booking);
    const row = await applied(platform, booking.id, 1);
    const before = await person.events();
    const simulator = platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
    const writes = async () => ((await (await fetch(`${simulator}/_sim/requests`)).json()) as LoggedRequest[]).filter(({ method, path }) => method !== 'GET' && /events/.test(path)).length;
    const written = await writes();
    await platform.publish('created', booking);
    await said('booking unchanged', booking.id);
    expect(await writes()).toBe(written);
    expect(await person.events()).toEqual(before);
    expect((await bookingRows(platform, booking.id)).targets).toEqual([row]);
  });

  it('moves with its event, which keeps its id and its iCal UID, and is gone once cancelled', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const booking = bookingOf(providerId, hour(0));
    await platform.publish('created', booking);
    const first = await applied(platform, booking.id, 1);
    await platform.publish('updated', bookingOf(providerId, hour(4), 2, booking.id));
    const second = await applied(platform, booking.id, 2);
    expect(second).toMatchObject({ external_event_id: first['external_event_id'], ical_uid: first['ical_uid'], start_time: new Date(hour(4).start).toISOString() });
    expect(await person.events()).toEqual([expect.objectContaining({ id: first['external_event_id'], ...hour(4) })]);

    await platform.publish('cancelled', bookingOf(providerId, hour(4), 3, booking.id));
    const third = await applied(platform, booking.id, 3);
    expect(await person.events()).toEqual([]);
    expect(third['is_busy']).toBeUndefined();
  });

  it('blocks nothing by its event: the booking itself does', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const booking = bookingOf(providerId, hour(0));
    await platform.publish('created', booking);
    await applied(platform, booking.id, 1);
    await person.add('Own', hour(2));
    await eventually('the own event blocks', async () => (await platform.busy(providerId, hour(2).start, hour(2).end)).busy.length === 1);
    expect((await platform.busy(providerId, hour(0).start, hour(0).end)).busy).toEqual([]);
  });

  it('is brought in line at once when asked, and asking again changes nothing', async () => {
    const { platform } = run();
    const { providerId } = await professional(platform, provider);
    const booking = bookingOf(providerId, hour(0));
    await platform.publish('created', booking);
    await applied(platform, booking.id, 1);
    expect(await platform.post('/v1/sync/outbound', { booking_id: booking.id })).toMatchObject({ status: 200, body: { booking_id: booking.id, version: 1, outcome: 'unchanged' } });
  });
});

describe('a booking message that can never be valid', () => {
  it('lies among the dead letters with its reason, as it was sent, and its neighbours do not notice', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, 'google');
    const good = [bookingOf(providerId, hour(0)), bookingOf(providerId, hour(1))];
    const send = (body: string) => platform.sqs.send(new SendMessageCommand({ QueueUrl: platform.outputs.queues.booking, MessageBody: body }));
    const event = (change: object, booking: object = {}) => JSON.stringify({ id: 'e', type: 'booking.created', occurred_at: '2026-01-01T00:00:00Z', booking: { ...bookingOf(providerId, hour(2)), service_id: 's', status: 'confirmed', ...booking }, ...change });
    const bad = { not_json: 'no JSON {', unknown_type: event({ type: 'booking.imagined' }), invalid_event: event({}, { end_time: new Date(hour(1).start).toISOString() }) };
    const [first, second] = good;
    if (first === undefined || second === undefined) throw new Error('two bookings');
    await platform.publish('created', first);
    for (const body of Object.values(bad)) await send(body);
    await platform.publish('created', second);
    await platform.publish('created', { ...first, title: 'Other content, same version' });

    const dead = new Map<string, string>();
    await eventually('four dead letters', async () => {
      for (const { body, attributes } of await platform.take('booking-dead')) {
        expect(attributes['messageId']).toBeTruthy();
        dead.set(attributes['reason'] ?? '', body);
      }
      return dead.size === 4;
    });
    expect(Object.fromEntries(dead)).toMatchObject(bad);
    expect(dead.get('version_reused')).toContain('Other content');
    for (const { id } of good) await applied(platform, id, 1);
    expect((await person.events()).map(({ start }) => start).sort()).toEqual([hour(0).start, hour(1).start]);
  });
});

describe('sync-now for a booking', () => {
  it('of which nobody has heard is 404, and without an id is 400', async () => {
    const { platform } = run();
    expect((await platform.post('/v1/sync/outbound', { booking_id: 'nobody' })).status).toBe(404);
    expect(await platform.post('/v1/sync/outbound', {})).toMatchObject({ status: 400, body: { detail: expect.stringContaining('booking_id') } });
  });
});
