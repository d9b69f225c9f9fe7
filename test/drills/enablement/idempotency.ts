import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { channelOf, deliver, deliverUntilTaken, googleNotice, graphNotice, subscriptionOf, type Delivery } from '../../support/deliveries.ts';
import { inboxRow, settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites } from '../act.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { expectThat } from '../expect-that.ts';
import { applied, bookingOf } from './bookings.ts';

export const idempotency: Drill = {
  name: 'idempotency',
  title: 'What comes twice is done once: notices replayed at once and later, lists read again, bookings told again and out of order.',
  async run({ local, step }) {
    const run = local as Run;
    const { outputs } = run.platform;
    const people = new Map<CalendarProvider, { someone: Professional; notice: Delivery }>();
    const of = (provider: CalendarProvider) => people.get(provider) as { someone: Professional; notice: Delivery };

    await step({
      name: 'replayed-at-once',
      expects: 'Of fifty deliveries of one notice, all at the same time, one is accepted and the others are duplicates.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await professional(run.platform, provider);
          const { connection } = someone;
          const notice = provider === 'google' ? googleNotice(await channelOf(outputs, connection), 900_020) : graphNotice(await subscriptionOf(outputs, connection), 900_001);
          people.set(provider, { someone, notice });
          const answers = await Promise.all(Array.from({ length: 50 }, () => deliverUntilTaken(outputs, notice)));
          const count = (status: number, reason?: string): number => answers.filter((answer) => answer.status === status && answer.reason === reason).length;
          const [accepted, duplicates] = [count(202), count(200, 'duplicate')];
          expectThat(accepted === 1 && duplicates === 49, `${accepted} accepted, ${duplicates} duplicates of ${answers.length}`);
          return { accepted, duplicates };
        }),
    });

    await step({
      name: 'replayed-later',
      expects: 'Once its change is read, the same notice is still a duplicate, and brings no pull.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { someone, notice } = of(provider);
          const id = someone.connection.connection_id;
          await settled(run.platform, id);
          const before = JSON.stringify(await inboxRow(run.platform, id));
          const answer = await deliver(outputs, notice);
          expectThat(answer.status === 200 && answer.reason === 'duplicate', `answered ${answer.status} ${answer.reason ?? ''}`);
          const after = JSON.stringify(await inboxRow(run.platform, id));
          expectThat(after === before, `it marked the connection: ${before}, then ${after}`);
          return { status: answer.status, reason: answer.reason };
        }),
    });

    await step({
      name: 'one-row-each',
      expects: 'However often a calendar is read, each of its events is one busy row.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { someone } = of(provider);
          const { connection, person, providerId } = someone;
          for (const n of [0, 2, 4]) await person.add(`Busy ${n}`, hour(n));
          await becomesBusy(run.platform, providerId, { within: { start: hour(0).start, end: hour(5).end }, at: [hour(0), hour(2), hour(4)] });
          for (let n = 0; n < 3; n += 1) {
            const { status } = await run.platform.post('/v1/sync/inbound', { connection_id: connection.connection_id });
            expectThat(status === 200 || status === 202, `sync now answered ${status}`);
          }
          const { Items = [] } = await run.platform.dynamo.send(
            new QueryCommand({ TableName: outputs.tables['busy-intervals'], ConsistentRead: true, KeyConditionExpression: 'provider_id = :p AND begins_with(#row, :of)', FilterExpression: 'attribute_exists(#start)', ExpressionAttributeNames: { '#start': 'start', '#row': 'row' }, ExpressionAttributeValues: { ':p': { S: providerId }, ':of': { S: connection.connection_id } } }),
          );
          expectThat(Items.length === 3, `${Items.length} rows`);
          return { rows: Items.length };
        }),
    });

    await step({
      name: 'updates-never-create',
      expects: 'Six versions of a booking, told twice each and out of order, are one event, created once, with the newest time and one ical_uid.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { someone } = of(provider);
          const { providerId, person } = someone;
          const first = bookingOf(providerId, hour(6));
          await run.platform.publish('created', first);
          const row = await applied(run.platform, first.id, 1);
          const creates = async (): Promise<number> => (await eventWrites(run, provider)).filter(({ method, path }) => method === 'POST' && /\/events\/?$/.test(path.split('?')[0] ?? '')).length;
          const before = await creates();
          for (const version of [4, 2, 6, 3, 6, 5, 2, 4]) await run.platform.publish('updated', bookingOf(providerId, hour(6 + version), version, first.id));
          const newest = await applied(run.platform, first.id, 6);
          const events = (await person.events()).filter(({ title }) => title === 'Consultation');
          expectThat(events.length === 1 && events[0]?.start === hour(12).start, `the calendar holds ${JSON.stringify(events)}`);
          expectThat(newest['ical_uid'] === row['ical_uid'], 'ical_uid changed');
          expectThat((await creates()) === before, 'an update created an event');
          return { events: events.length, ical_uid: newest['ical_uid'] };
        }),
    });
  },
};
