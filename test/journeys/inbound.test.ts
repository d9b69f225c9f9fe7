import { describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { hours } from '../../lib/platform/clock.ts';
import { eventually } from '../support/eventually.ts';
import { becomesBusy, busyWithin, hour, professional } from '../support/journey.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox({ timers: false });
const zone = 'Europe/Berlin';

describe.each(['google', 'microsoft'] as const)('what a person does in a calendar at %s', (provider) => {
  it('blocks when added, follows when moved and frees when removed, told by notices alone', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const within = { start: hour(0).start, end: hour(5).end };
    const id = await person.add('Dentist', hour(0));
    await becomesBusy(platform, providerId, { within, at: [hour(0)] });
    await person.move(id, hour(3));
    await becomesBusy(platform, providerId, { within, at: [hour(3)] });
    await person.remove(id);
    await becomesBusy(platform, providerId, { within, at: [] });
    expect(await platform.busy(providerId, within.start, within.end)).toMatchObject({ bookable: true, reasons: [] });
  });

  it('blocks every week of a series at the same time of the clock, but for the moved and the cancelled one', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider);
    const weeks = 20;
    const first = DateTime.fromMillis(hour(0).start, { zone }).set({ hour: 9, minute: 0 });
    const at = (week: number, plus = 0) => ({ start: first.plus({ weeks: week }).toMillis() + plus, end: first.plus({ weeks: week, minutes: 30 }).toMillis() + plus });
    const within = { start: at(0).start, end: at(weeks).end };
    const series = await person.addWeekly('Team', at(0), weeks);
    const plain = Array.from({ length: weeks }, (_, week) => at(week));
    await becomesBusy(platform, providerId, { within, at: plain });

    await person.moveInstance(series, at(2).start, at(2, hours(3)));
    await person.cancelInstance(series, at(4).start);
    const changed = plain.flatMap((span, week) => (week === 4 ? [] : [week === 2 ? at(2, hours(3)) : span]));
    await becomesBusy(platform, providerId, { within, at: changed });
    await person.remove(series);
    await becomesBusy(platform, providerId, { within, at: [] });
  });

  it('blocks a whole day from midnight to midnight of the calendar, and never while it shows as free', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, provider, { zone });
    const midnight = DateTime.fromMillis(hour(48).start, { zone }).startOf('day');
    const day = { start: midnight.toMillis(), end: midnight.plus({ days: 1 }).toMillis() };
    const within = { start: day.start - hours(24), end: day.end + hours(24) };
    await person.addFree('Lunch, perhaps', { start: day.start - hours(5), end: day.start - hours(4) });
    await person.addAllDay('Holiday', midnight.toFormat('yyyy-MM-dd'));
    await becomesBusy(platform, providerId, { within, at: [day] });
  });

  it('says how it knows: the connection, its last read and the window that it covers', async () => {
    const { platform } = run();
    const { providerId, connection } = await professional(platform, provider);
    const answer = await platform.busy(providerId, hour(0).start, hour(1).end);
    expect(answer.connections).toEqual([expect.objectContaining({ connection_id: connection.connection_id, state: 'active', reasons: [] })]);
    const [told] = answer.connections;
    expect(Date.parse(told?.window?.to ?? '')).toBeGreaterThan(Date.now() + hours(24 * 180));
    expect(Date.now() - Date.parse(told?.last_read ?? '')).toBeLessThan(60_000);
  });
});

describe('two calendars of one professional', () => {
  it('block together, and touching times are one', async () => {
    const { platform } = run();
    const { providerId, person } = await professional(platform, 'google');
    const other = await platform.connect({ provider: 'microsoft', providerId });
    await eventually('both are read', async () => (await platform.busy(providerId, hour(0).start, hour(1).end)).bookable);
    await person.add('Here', { start: hour(0).start, end: hour(0).end });
    await other.person.add('There', { start: hour(0).end, end: hour(1).start });
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(2).end }, at: [{ start: hour(0).start, end: hour(1).start }] });
    expect(await busyWithin(platform, 'somebody-else', { start: hour(0).start, end: hour(2).end })).toEqual([]);
  });
});
