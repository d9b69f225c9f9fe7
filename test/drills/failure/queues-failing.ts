import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather, type Delivery } from '../../support/deliveries.ts';
import { isEmpty } from '../../support/empty-queue.ts';
import { eventually } from '../../support/eventually.ts';
import { inboxRow, settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { ops, rootOf } from '../act.ts';
import { clears, rang } from '../alarm-watch.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { calendarsFail, engineFails, engineHeals, saidBy } from '../outages.ts';

const alarms = ['api-5xx', 'upkeep-errors'] as const;

interface Affected extends Professional {
  readonly booking: BookingInput;
  readonly notice: Delivery;
}

export const queuesFailing: Drill = {
  name: 'queues-failing',
  title: 'SQS takes no message: what is not durable is answered 503, marks and wishes stay in the tables, and upkeep rings for them once it takes messages again.',
  clock: 20,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    const people = new Map<CalendarProvider, Affected>();
    const of = (provider: CalendarProvider): Affected => people.get(provider) as Affected;
    const patience = { withinMs: sandbox.clock.wall(minutes(10)) + 10_000 };
    let began = 0;

    const begins = async (provider: CalendarProvider): Promise<Affected> => {
      const someone = await professional(platform, provider);
      const { outputs } = platform;
      const notice = provider === 'google' ? googleNotice(await channelOf(outputs, someone.connection), 1000) : graphNotice(await subscriptionOf(outputs, someone.connection), 1000);
      // Google rings once for the new channel itself, which may come late.
      if (provider === 'google') await eventually('the first notice of the channel', () => total(sandbox, Metric.webhooks, { calendar_provider: provider, outcome: 'accepted' }) > 0, patience);
      await settled(platform, someone.connection.connection_id, patience);
      // The calendar's own notices would come again and ring: here nobody but upkeep is to.
      await weather(rootOf(outputs, provider), { drop: 1 });
      return { ...someone, notice, booking: bookingOf(someone.providerId, hour(4)) };
    };
    /** It is at its first write when the queue fails, and that write fails late enough that its hint meets the failure. */
    const booked = async (provider: CalendarProvider): Promise<void> => {
      const { booking } = of(provider);
      await calendarsFail(run, provider, [{ method: 'POST', path: '/events(\\?|$)', when: 'before', delayMs: 1500, status: 503 }]);
      await platform.publish('created', booking);
      await eventually('the wish is recorded', async () => (await bookingRows(platform, booking.id)).wish !== undefined, patience);
    };

    await step({
      name: 'not-durable',
      expects: 'A notice whose hint cannot be sent is answered 503 each time that it comes again; the connection stays marked.',
      localOnly: true,
      act: async () => {
        await each(async (provider) => (people.set(provider, await begins(provider)), {}));
        await eventually('no hint is left to ring', () => isEmpty(platform, 'inbound'), patience);
        await each(async (provider) => (await booked(provider), {}));
        began = sandbox.clock.now();
        await engineFails(run, 'sqs', { how: 'broken', operations: ['SendMessage', 'SendMessageBatch'] });
        return each(async (provider) => {
          const { person, notice, connection: { connection_id: id } } = of(provider);
          await person.add('Dentist', hour(0));
          // Something else may have marked the connection just now: then this one is durable.
          const statuses: number[] = [];
          await deliver(platform.outputs, notice);
          for (let n = 0; n < 6; n += 1) {
            const since = Number((await inboxRow(platform, id))['dirtySince']?.N);
            expectThat(Number.isFinite(since), 'the connection is not marked');
            // A younger mark may still be hinted by who made it.
            await eventually('the mark is older than five seconds', () => sandbox.clock.now() - since > 6_000);
            statuses.push((await deliver(platform.outputs, notice)).status);
          }
          expectThat(statuses.every((status) => status === 503), `the notice was answered ${statuses.join(', ')}`);
          return { answered: statuses };
        });
      },
    });

    await step({
      name: 'rings',
      expects: `${alarms.join(' and ')} ring.`,
      localOnly: true,
      act: async () => Object.fromEntries(await Promise.all(alarms.map(async (name) => [name, await rang(sandbox, name, { since: began })] as const))),
    });

    await step({
      name: 'told',
      expects: 'Deliveries that were not durable are counted; the log names them, and the bookings whose hint could not be sent. Marks and wishes are still there.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { booking, connection: { connection_id: id } } = of(provider);
          const counted = total(sandbox, Metric.webhooks, { calendar_provider: provider, outcome: 'not_durable' });
          const log = [saidBy(run, `${provider}-webhook`, 'webhook answered 503', 'not_durable'), saidBy(run, 'booking-sync', 'booking interrupted', booking.id)];
          expectThat(counted >= 6 && log.every((line) => line !== undefined), `${counted} are counted; the log says ${JSON.stringify(log)}`);
          const [{ dirtySince }, { wish }] = [await inboxRow(platform, id), await bookingRows(platform, booking.id)];
          expectThat(dirtySince !== undefined && wish?.['pendingSince'] !== undefined, `the mark is ${JSON.stringify(dirtySince)}, the wish ${JSON.stringify(wish)}`);
          return { deliveries_not_durable: counted, failures: total(sandbox, Metric.failures, { direction: 'outbound', calendar_provider: 'unknown' }), log };
        }),
    });

    await step({
      name: 'upkeep-rings-again',
      expects: 'Once the queue takes messages, upkeep rings for every mark and wish: the event blocks, the booking is one event, and the verification finds nothing.',
      localOnly: true,
      act: async () => {
        await engineHeals(run, 'sqs');
        const healed = sandbox.clock.now();
        await each(async (provider) => {
          const { person, providerId, booking } = of(provider);
          await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(3).start }, at: [hour(0)], patience });
          await applied(platform, booking.id, 1, patience.withinMs);
          const events = await person.events();
          expectThat(events.length === 2, `the calendar holds ${JSON.stringify(events)}`);
          return {};
        });
        const after = `${Math.round((sandbox.clock.now() - healed) / 1000)} s`;
        const hints = (['dirty', 'pending'] as const).map((why) => [why, total(sandbox, Metric.hintsSent, { why })] as const);
        for (const [why, sent] of hints) expectThat(sent >= 2, `upkeep sent ${sent} hints for what is ${why}`);
        return { all_there_after: after, hints: Object.fromEntries(hints), verify: (await ops(run, 'verify')).out.split('\n').at(-1) };
      },
    });

    await step({
      name: 'clears',
      expects: `${alarms.join(' and ')} clear.`,
      localOnly: true,
      act: async () => Object.fromEntries(await Promise.all(alarms.map(async (name) => [name, await clears(sandbox, name, 25)] as const))),
    });
  },
};
