import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { syncStates } from '../../../lib/inbound/sync-state.ts';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { messageBody } from '../../../lib/platform/messages.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { shardOf } from '../../../lib/platform/shard.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather, type Delivery } from '../../support/deliveries.ts';
import { isEmpty } from '../../support/empty-queue.ts';
import { eventually } from '../../support/eventually.ts';
import { inboxRow, settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites, rootOf } from '../act.ts';
import { clears, rang } from '../alarm-watch.ts';
import type { Drill, Seen } from '../drill.ts';
import { each } from '../each-provider.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { saidBy, settingsFail, settingsHeal } from '../outages.ts';

const alarms = ['settings-unknown', 'api-5xx'] as const;

interface Affected extends Professional {
  readonly booking: BookingInput;
  /** A genuine notice, always another. */
  readonly notice: () => Delivery;
}

async function someone({ platform }: Run, provider: CalendarProvider): Promise<Affected> {
  const who = await professional(platform, provider);
  let n = 1000;
  const [channel, subscription] = provider === 'google' ? [await channelOf(platform.outputs, who.connection)] : [undefined, await subscriptionOf(platform.outputs, who.connection)];
  // Only what the drill delivers comes, and in a known order.
  await weather(rootOf(platform.outputs, provider), { drop: 1 });
  const notice = (): Delivery => (subscription === undefined ? googleNotice(channel as NonNullable<typeof channel>, (n += 1)) : graphNotice(subscription, (n += 1)));
  return { ...who, booking: bookingOf(who.providerId, hour(4)), notice };
}

export const settingsFailing: Drill = {
  name: 'settings-failing',
  title: 'SSM does not answer: the last good values serve for five minutes, then nothing is known, which is not off; nothing is lost, and all is caught up.',
  clock: 20,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox: { clock }, sandbox } = run;
    const people = new Map<CalendarProvider, Affected>();
    const of = (provider: CalendarProvider): Affected => people.get(provider) as Affected;
    const patience = { withinMs: clock.wall(minutes(10)) + 10_000 };
    let failedAt = 0;
    const since = (ms: number) => eventually(`${ms / 1000} s have passed`, () => clock.now() - failedAt > ms, { withinMs: clock.wall(ms) + 5000 });
    const delivered = async (status: number): Promise<Seen> =>
      each(async (provider) => {
        const answered = (await deliver(platform.outputs, of(provider).notice())).status;
        expectThat(answered === status, `a notice was answered ${answered}`);
        return { answered };
      });

    await step({
      name: 'last-good-values',
      expects: 'A minute after SSM fell silent, with every cache older than it may be, the last good values serve: notices are accepted.',
      localOnly: true,
      act: async () => {
        await each(async (provider) => (people.set(provider, await someone(run, provider)), {}));
        await delivered(202);
        await each(async (provider) => (await settled(platform, of(provider).connection.connection_id, patience), {}));
        await settingsFail(run);
        failedAt = clock.now();
        await since(seconds(60));
        return delivered(202);
      },
    });

    await step({ name: 'rings', expects: 'settings-unknown rings.', localOnly: true, act: () => rang(sandbox, 'settings-unknown', { since: failedAt }) });

    await step({
      name: 'unknown-is-not-off',
      expects: 'After five minutes notices are answered 503, so that they come again; no consent begins; availability is unknown.',
      localOnly: true,
      act: async () => {
        await since(minutes(5.5));
        for (let n = 0; n < 3; n += 1) await delivered(503);
        const consent = await platform.post('/v1/connections', { provider_id: 'somebody', calendar_provider: 'google', return_url: 'https://platform.example/' });
        expectThat(consent.status === 503, `a consent was answered ${consent.status}: ${JSON.stringify(consent.body)}`);
        const seen = await each(async (provider) => {
          const { bookable, reasons } = await platform.busy(of(provider).providerId, hour(0).start, hour(0).end);
          expectThat(!bookable && reasons.includes('sync_off'), `availability answers ${JSON.stringify({ bookable, reasons })}`);
          return { bookable, reasons };
        });
        return { notices: 503, consent: consent.status, ...seen };
      },
    });

    await step({
      name: 'wishes-and-marks',
      expects: 'A booking is recorded and its message deleted; a hint is deleted and its mark stays; no calendar is written.',
      localOnly: true,
      act: async () => {
        const { dynamo, sqs, outputs } = platform;
        const seen = await each(async (provider) => {
          const { booking, person, connection: { connection_id: id } } = of(provider);
          const writes = (await eventWrites(run, provider)).length;
          await platform.publish('created', booking);
          await person.add('Dentist', hour(0));
          // As a webhook left it that still knew the flags.
          await syncStates(dynamo, outputs.tables['sync-state']).mark(id, clock.now(), shardOf(id));
          await sqs.send(new SendMessageCommand({ QueueUrl: outputs.queues.inbound, MessageBody: messageBody({ v: 1, hint: 'pull', connection_id: id }) }));
          await eventually('the wish is recorded', async () => (await bookingRows(platform, booking.id)).wish !== undefined, patience);
          await eventually('the queues are empty', async () => (await isEmpty(platform, 'inbound')) && (await isEmpty(platform, 'booking')), patience);
          const [{ dirtySince }, { wish, targets }] = [await inboxRow(platform, id), await bookingRows(platform, booking.id)];
          expectThat(dirtySince !== undefined && wish?.['pendingSince'] !== undefined && targets.length === 0, `the mark is ${JSON.stringify(dirtySince)}, the booking ${JSON.stringify({ wish, targets })}`);
          expectThat((await eventWrites(run, provider)).length === writes, 'a calendar was written');
          return { mark: 'stays', wish: 'pending' };
        });
        return { ...seen, queues: 'empty' };
      },
    });

    await step({
      name: 'told',
      expects: 'Reads that failed are counted, and the log tells of them for every function that needs settings.',
      localOnly: true,
      act: async () => {
        const counted = total(sandbox, Metric.settingsUnknown);
        const refused = (['google', 'microsoft'] as const).map((calendar_provider) => total(sandbox, Metric.webhooks, { calendar_provider, outcome: 'unknown_settings' }));
        const log = (['google-webhook', 'microsoft-webhook', 'inbound-sync', 'booking-sync', 'availability', 'connections', 'upkeep'] as const).map((name) => [name, saidBy(run, name, 'settings not read')] as const);
        for (const [name, line] of log) expectThat(line !== undefined, `${name} does not tell`);
        expectThat(counted >= 7 && refused.every((count) => count >= 3), `${counted} reads and ${refused.join(' and ')} refusals are counted`);
        return { reads_that_failed: counted, notices_refused: refused, log: Object.fromEntries(log) };
      },
    });

    await step({
      name: 'catches-up',
      expects: 'Once SSM answers, the event blocks and the booking is one event; nobody intervenes.',
      localOnly: true,
      act: async () => {
        await settingsHeal(run);
        const healed = clock.now();
        await each(async (provider) => {
          const { person, providerId, booking } = of(provider);
          await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(3).start }, at: [hour(0)], patience });
          await applied(platform, booking.id, 1, patience.withinMs);
          const events = await person.events();
          expectThat(events.length === 2, `the calendar holds ${JSON.stringify(events)}`);
          return {};
        });
        const after = `${Math.round((clock.now() - healed) / 1000)} s`;
        return { all_there_after: after, notices: await delivered(202) };
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
