import { bookingRows } from '../../support/booking-rows.ts';
import { channelOf, deliver, googleNotice } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, busyWithin, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites, ops, settingsKnown } from '../act.ts';
import type { Drill } from '../drill.ts';
import { expectThat } from '../expect-that.ts';
import { applied, bookingOf } from './bookings.ts';

const within = { start: hour(0).start, end: hour(9).end };

export const allowlist: Drill = {
  name: 'allowlist',
  title: 'Both lists admit who is on them and nobody else, follow an operator within a minute, and an empty one admits nobody.',
  clock: 15,
  async run({ local, step }) {
    const run = local as Run;
    const { sandbox, platform } = run;
    const patience = { withinMs: sandbox.clock.wall(5 * 60_000) };
    let on: Professional;
    let off: Professional;

    await step({
      name: 'parsing',
      expects: 'Ids split by commas or white space, * and a percentage are understood; what the list would not hold is refused, and an empty list is written none.',
      localOnly: true,
      act: async () => {
        [on, off] = [await professional(platform, 'google'), await professional(platform, 'google')];
        await platform.set('CALENDAR_ALLOWLIST_PROVIDER_IDS', ` somebody,\n ${on.providerId}\t10% `);
        const shown = (await ops(run, 'allow show --json')).data as Record<string, { value: string; admits: string }>;
        expectThat(shown['CALENDAR_ALLOWLIST_PROVIDER_IDS']?.admits === '3 entries', JSON.stringify(shown));
        await ops(run, `allow remove providers somebody 10%`);
        return { after: (await ops(run, 'allow show')).out };
      },
    });

    await step({
      name: 'providers',
      expects: 'The listed provider’s calendar is read and written; the other’s is not touched, and says sync_off.',
      localOnly: true,
      act: async () => {
        await settingsKnown(run);
        const calls = (await eventWrites(run, 'google')).length;
        const unlisted = bookingOf(off.providerId, hour(7));
        await platform.publish('created', unlisted);
        await off.person.add('Not read', hour(0));
        await on.person.add('Read', hour(0));
        await becomesBusy(platform, on.providerId, { within, at: [hour(0)] });
        await eventually('the wish is recorded', async () => (await bookingRows(platform, unlisted.id)).wish !== undefined, patience);
        const answer = await platform.busy(off.providerId, within.start, within.end);
        expectThat(answer.reasons.includes('sync_off') && answer.busy.length === 0, JSON.stringify(answer));
        expectThat((await eventWrites(run, 'google')).length === calls, 'a calendar off the list was written');
        await ops(run, `allow add providers ${off.providerId}`);
        await applied(platform, unlisted.id, 1, patience.withinMs);
        await becomesBusy(platform, off.providerId, { within, at: [hour(0)], patience });
        return { unlisted: answer.reasons, once_listed: 'read, and its booking written once' };
      },
    });

    await step({
      name: 'connections',
      expects: 'A notice of a connection on the list is accepted, of another refused with 403.',
      localOnly: true,
      act: async () => {
        let number = 900_000;
        const status = async (whose: Professional): Promise<number> => (await deliver(platform.outputs, googleNotice(await channelOf(platform.outputs, whose.connection), (number += 1)))).status;
        await ops(run, 'allow remove connections *');
        await ops(run, `allow add connections ${on.connection.connection_id}`);
        await eventually('the other is refused', async () => (await status(off)) === 403, patience);
        const statuses = { listed: await status(on), other: await status(off) };
        expectThat(statuses.listed === 202 && statuses.other === 403, JSON.stringify(statuses));
        await ops(run, 'allow add connections *');
        return statuses;
      },
    });

    await step({
      name: 'removed-while-running',
      expects: 'Who is taken off the list while it runs is read and written no more within a minute; nothing is lost: listed again, all of it is done once.',
      localOnly: true,
      act: async () => {
        await ops(run, `allow remove providers ${on.providerId}`);
        await settingsKnown(run);
        const calls = (await eventWrites(run, 'google')).length;
        const meanwhile = bookingOf(on.providerId, hour(8));
        await on.person.add('While off', hour(4));
        await platform.publish('created', meanwhile);
        await eventually('the wish is recorded', async () => (await bookingRows(platform, meanwhile.id)).wish !== undefined, patience);
        await settingsKnown(run);
        expectThat((await busyWithin(platform, on.providerId, within)).length === 1, 'it was read');
        expectThat((await eventWrites(run, 'google')).length === calls, 'it was written');
        await ops(run, `allow add providers ${on.providerId}`);
        await applied(platform, meanwhile.id, 1, patience.withinMs);
        await becomesBusy(platform, on.providerId, { within, at: [hour(0), hour(4)], patience });
        const events = (await on.person.events()).filter(({ title }) => title === 'Consultation').length;
        expectThat(events === 1, `${events} events of one booking`);
        return { events };
      },
    });

    await step({
      name: 'empty-admits-nobody',
      expects: 'With the last id the list becomes none: nobody is admitted, and nobody’s slots are said to be free.',
      localOnly: true,
      act: async () => {
        await ops(run, `allow remove providers ${on.providerId} ${off.providerId}`);
        const shown = (await ops(run, 'allow show --json')).data as Record<string, { value: string; admits: string }>;
        const list = shown['CALENDAR_ALLOWLIST_PROVIDER_IDS'];
        expectThat(list?.value === 'none' && list.admits === 'nobody', JSON.stringify(list));
        await settingsKnown(run);
        const answers = await Promise.all([on, off].map(({ providerId }) => platform.busy(providerId, within.start, within.end)));
        expectThat(answers.every(({ bookable, reasons }) => !bookable && reasons.includes('sync_off')), JSON.stringify(answers));
        return { value: list.value, reasons: answers.map(({ reasons }) => reasons) };
      },
    });
  },
};
