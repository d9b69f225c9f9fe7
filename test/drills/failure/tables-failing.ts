import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, type Delivery } from '../../support/deliveries.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { ops } from '../act.ts';
import { clears, rang } from '../alarm-watch.ts';
import type { Drill, Seen } from '../drill.ts';
import { each } from '../each-provider.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { engineFails, engineHeals, saidBy } from '../outages.ts';

const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];
const alarms = ['sync-state-throttled', 'api-5xx', 'upkeep-errors'] as const;

interface Affected extends Professional {
  readonly bookings: BookingInput[];
  /** A genuine notice, as the provider would send it again and again. */
  readonly notice: (n: number) => Delivery;
}

async function someone({ platform }: Run, provider: CalendarProvider): Promise<Affected> {
  const who = await professional(platform, provider);
  if (provider === 'microsoft') {
    const subscription = await subscriptionOf(platform.outputs, who.connection);
    return { ...who, bookings: [], notice: (n) => graphNotice(subscription, 1000 + n) };
  }
  const channel = await channelOf(platform.outputs, who.connection);
  return { ...who, bookings: [], notice: (n) => googleNotice(channel, 1000 + n) };
}

export const tablesFailing: Drill = {
  name: 'tables-failing',
  title: 'DynamoDB throttles every write, then breaks altogether, while notices and bookings come: nothing that was accepted is lost, and nothing is done twice.',
  clock: 20,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    const people = new Map<CalendarProvider, Affected>();
    const of = (provider: CalendarProvider): Affected => people.get(provider) as Affected;
    let began = 0;

    /** A change by hand, a booking, and ten notices, of which none may be answered as if it were kept. */
    const comes = (n: number): Promise<Seen> =>
      each(async (provider) => {
        const { person, providerId, bookings, notice } = of(provider);
        const booking = bookingOf(providerId, hour(4 + n));
        bookings.push(booking);
        await platform.publish('created', booking);
        await person.add('Dentist', hour(n));
        const statuses: number[] = [];
        for (let at = 0; at < 10; at += 1) statuses.push((await deliver(platform.outputs, notice(10 * n + at))).status);
        expectThat(statuses.every((status) => status === 503), `notices were answered ${[...new Set(statuses)].join(', ')}`);
        return { notices: `${statuses.length} answered 503` };
      });

    await step({
      name: 'throttled',
      expects: 'While every write is throttled, notices are answered 503, so that they come again.',
      localOnly: true,
      act: async () => {
        await each(async (provider) => (people.set(provider, await someone(run, provider)), {}));
        began = sandbox.clock.now();
        await engineFails(run, 'dynamodb', { how: 'throttled', operations: writes });
        return comes(0);
      },
    });

    await step({ name: 'broken', expects: 'The same while every call is answered 500.', localOnly: true, act: async () => (await engineFails(run, 'dynamodb', { how: 'broken' }), comes(2)) });

    await step({
      name: 'rings',
      expects: `${alarms.join(', ')} ring.`,
      localOnly: true,
      act: async () => Object.fromEntries(await Promise.all(alarms.map(async (name) => [name, await rang(sandbox, name, { since: began })] as const))),
    });

    await step({
      name: 'told',
      expects: 'Deliveries that were not durable and runs that failed are counted, and the log says which table’s call failed and how.',
      localOnly: true,
      act: async () => {
        const notDurable = (['google', 'microsoft'] as const).map((calendar_provider) => total(sandbox, Metric.webhooks, { calendar_provider, outcome: 'not_durable' }));
        const failures = total(sandbox, Metric.failures, { direction: 'outbound', calendar_provider: 'unknown' });
        expectThat(notDurable.every((count) => count >= 20) && failures >= 2, `${notDurable.join(' and ')} deliveries and ${failures} failures are counted`);
        const log = [
          saidBy(run, 'google-webhook', 'webhook answered 503', 'ProvisionedThroughputExceeded'),
          saidBy(run, 'microsoft-webhook', 'webhook answered 503', 'InternalServerError'),
          saidBy(run, 'booking-sync', 'booking message not saved'),
        ];
        expectThat(log.every((line) => line !== undefined), `the log says ${JSON.stringify(log)}`);
        return { deliveries_not_durable: notDurable, failures, log };
      },
    });

    await step({
      name: 'nothing-lost',
      expects: 'Once the tables are back every change made by hand blocks, every booking is one event, no message is dead, and the verification finds nothing.',
      localOnly: true,
      act: async () => {
        await engineHeals(run, 'dynamodb');
        const healed = sandbox.clock.now();
        const patience = { withinMs: sandbox.clock.wall(minutes(15)) + 10_000 };
        await each(async (provider) => {
          const { person, providerId, bookings } = of(provider);
          await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).start }, at: [hour(0), hour(2)], patience });
          for (const { id } of bookings) await applied(platform, id, 1, patience.withinMs);
          const events = await person.events();
          expectThat(events.length === 4, `the calendar holds ${JSON.stringify(events)}`);
          return {};
        });
        const after = `${Math.round((sandbox.clock.now() - healed) / 1000)} s`;
        for (const queue of ['inbound-dead', 'booking-dead', 'calendar-changes-dead'] as const) expectThat((await platform.take(queue)).length === 0, `something lies on ${queue}`);
        return { all_there_after: after, verify: (await ops(run, 'verify')).out.split('\n').at(-1) };
      },
    });

    await step({
      name: 'clears',
      expects: `${alarms.join(', ')} clear.`,
      localOnly: true,
      act: async () => Object.fromEntries(await Promise.all(alarms.map(async (name) => [name, await clears(sandbox, name, 25)] as const))),
    });
  },
};
