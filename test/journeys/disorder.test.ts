import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { bookingRows } from '../support/booking-rows.ts';
import { eventually } from '../support/eventually.ts';
import { becomesBusy, hour, professional } from '../support/journey.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const seed = 11;
const run = withSandbox({ seed, disturb: { shuffle: true, double: 0.5, delayMs: 400 } });

describe.each<CalendarProvider>(['google', 'microsoft'])('queues that deliver late, twice and in any order (seed 11), before a calendar at %s', (provider) => {
  it('end in one event for each booking, at its newest version, and none for what was cancelled', async () => {
    const { platform } = run();
    const random = seededRandom(seed);
    const { providerId, person } = await professional(platform, provider);
    const bookings = Array.from({ length: 6 }, (_, n) => ({ id: randomUUID(), at: 3 * n, cancelled: n % 3 === 2 }));
    const told = bookings.flatMap(({ id, at, cancelled }) =>
      [1, 2, 3].map((version) => {
        const span = hour(at + version - 1);
        const booking = { id, version, provider_id: providerId, start_time: new Date(span.start).toISOString(), end_time: new Date(span.end).toISOString() };
        return { order: random(), publish: () => platform.publish(version === 1 ? 'created' : version === 3 && cancelled ? 'cancelled' : 'updated', booking) };
      }),
    );
    await Promise.all(told.sort((a, b) => a.order - b.order).map(({ publish }) => publish()));
    const calm = async ({ id }: { id: string }): Promise<boolean> => {
      const { wish } = await bookingRows(platform, id);
      return wish?.['version'] === 3 && wish['pendingSince'] === undefined;
    };
    await eventually('every booking has come to rest', async () => (await Promise.all(bookings.map(calm))).every(Boolean), { withinMs: 30_000, everyMs: 100 });
    const standing = bookings.filter(({ cancelled }) => !cancelled).map(({ at }) => hour(at + 2).start);
    expect((await person.events()).map(({ start }) => start).sort((a, b) => a - b)).toEqual(standing);
  }, 45_000);

  it('end in the busy time that the person left', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const ids = await Promise.all([0, 1, 2, 3].map((n) => person.add(`Event ${n}`, hour(n))));
    await person.move(ids[0] ?? '', hour(6));
    await person.remove(ids[1] ?? '');
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(7).end }, at: [hour(2), hour(3), hour(6)] });
  });
});
