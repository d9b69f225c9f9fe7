import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites } from '../act.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { errorLines } from '../error-lines.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { applied, bookingOf } from './bookings.ts';

interface Told {
  readonly of: Professional;
  readonly booking: BookingInput;
  row: Record<string, unknown>;
}

export const outbound: Drill = {
  name: 'outbound',
  title: 'A booking becomes one event with a row that names it; told again it changes nothing; it is moved and cancelled with the booking.',
  async run({ local, step }) {
    const run = local as Run;
    const told = new Map<CalendarProvider, Told>();
    const of = (provider: CalendarProvider): Told => told.get(provider) as Told;

    await step({
      name: 'create',
      expects: 'The row has ical_uid, an external_event_id that names the event, is_busy and the booking’s times; the event has its title, text and time, and shows as busy.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await professional(run.platform, provider);
          const booking = bookingOf(someone.providerId, hour(0));
          await run.platform.publish('created', booking);
          const row = await applied(run.platform, booking.id, 1);
          const [event, ...others] = await someone.person.events();
          expectThat(event !== undefined && others.length === 0, `the calendar holds ${1 + others.length} events`);
          expectThat(row['external_event_id'] === event.id && row['ical_uid'] === event.icalUid, `the row names ${String(row['external_event_id'])}, the event is ${event.id}`);
          expectThat(row['is_busy'] === 1 && row['start_time'] === booking.start_time && row['end_time'] === booking.end_time, `the row says ${JSON.stringify(row)}`);
          expectThat(event.title === 'Consultation' && event.description.includes('First visit') && event.start === hour(0).start && event.end === hour(0).end, `the event is ${JSON.stringify(event)}`);
          told.set(provider, { of: someone, booking, row });
          return { external_event_id: event.id, ical_uid: event.icalUid, title: event.title };
        }),
    });

    await step({
      name: 'same-again',
      expects: 'The same message again brings no second event, no second row and no call; the log says that the booking was unchanged.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { booking, of: someone, row } = of(provider);
          const writes = (await eventWrites(run, provider)).length;
          await run.platform.publish('created', booking);
          const line = await eventually('the worker says that it is unchanged', () => run.sandbox.logs('booking-sync').find((said) => said.line.includes('"message":"booking unchanged"') && said.line.includes(booking.id)));
          expectThat((await eventWrites(run, provider)).length === writes, 'the calendar was called');
          const { targets } = await bookingRows(run.platform, booking.id);
          expectThat(JSON.stringify(targets) === JSON.stringify([row]), 'the row changed');
          return { events: (await someone.person.events()).length, said: line.line };
        }),
    });

    await step({
      name: 'update',
      expects: 'Event and row move; there is still one of each, and ical_uid is unchanged.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { booking, of: someone, row } = of(provider);
          await run.platform.publish('updated', bookingOf(someone.providerId, hour(4), 2, booking.id));
          const moved = await applied(run.platform, booking.id, 2);
          const events = await someone.person.events();
          expectThat(events.length === 1 && events[0]?.start === hour(4).start, `the calendar holds ${JSON.stringify(events)}`);
          expectThat(moved['ical_uid'] === row['ical_uid'] && moved['external_event_id'] === row['external_event_id'], 'it is another event');
          return { start: new Date(hour(4).start).toISOString(), ical_uid: moved['ical_uid'] };
        }),
    });

    await step({
      name: 'cancel',
      expects: 'The event is gone, and the row is no longer busy.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { booking, of: someone } = of(provider);
          await run.platform.publish('cancelled', bookingOf(someone.providerId, hour(4), 3, booking.id));
          const row = await applied(run.platform, booking.id, 3);
          const events = await someone.person.events();
          expectThat(events.length === 0 && row['is_busy'] === undefined, `${events.length} events are left; the row says ${String(row['is_busy'])}`);
          return { events: 0 };
        }),
    });

    await step({
      name: 'without-errors',
      expects: 'Runs and items are counted, no failure is, and nothing stands in a log as an error.',
      localOnly: true,
      act: async () => {
        const [runs, items, failures] = [total(run.sandbox, Metric.runs, { outcome: 'succeeded' }), total(run.sandbox, Metric.items), total(run.sandbox, Metric.failures)];
        const errors = errorLines(run.sandbox);
        expectThat(runs >= 6 && items >= 6, `${runs} runs and ${items} items were counted`);
        expectThat(failures === 0 && errors.length === 0, `${failures} failures; ${errors.slice(0, 3).join(' ')}`);
        return { runs, items, failures };
      },
    });
  },
};
