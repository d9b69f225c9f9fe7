import { minutes } from '../../../lib/platform/clock.ts';
import { allowlistNames, flagNames } from '../../../lib/platform/names.ts';
import { sweepLength } from '../../../lib/upkeep/gate-sweep.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { channelOf, deliver, googleNotice } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, busyWithin, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { ops, requests, settingsKnown } from '../act.ts';
import type { Drill } from '../drill.ts';
import { expectThat } from '../expect-that.ts';
import { applied, bookingOf } from './bookings.ts';

const within = { start: hour(0).start, end: hour(9).end };

export const flags: Drill = {
  name: 'flags',
  title: 'Everything begins switched off; each switch, turned in the middle of everything, takes within a minute and loses nothing.',
  clock: 15,
  asDeployed: true,
  async run({ place, local, step }) {
    await step({
      name: 'default-off',
      expects: 'As deployed the four flags are off, both lists admit nobody, webhooks take nothing in and nobody can connect.',
      localOnly: true,
      act: async () => {
        const run = local as Run;
        const shown = (await ops(run, 'flags show --json')).data as Record<string, { on: boolean; value: string }>;
        const lists = (await ops(run, 'allow show --json')).data as Record<string, { value: string; admits: string }>;
        expectThat(flagNames.every((name) => shown[name]?.on === false && shown[name].value === 'false'), JSON.stringify(shown));
        expectThat(allowlistNames.every((name) => lists[name]?.admits === 'nobody' && lists[name].value === 'none'), JSON.stringify(lists));
        const notice = await deliver({ apiUrl: await place.apiUrl() }, googleNotice({ id: 'c', resourceId: 'r', token: 'v1.w1.x.forged' }, 2));
        const start = await place.call('POST', '/v1/connections', { provider_id: 'somebody', calendar_provider: 'google', zone: 'UTC', return_url: 'https://platform.example/' });
        expectThat([403, 503].includes(notice.status) && start.status === 403, `a notice was answered ${notice.status}, a consent ${start.status}`);
        return { flags: shown, lists, notice: notice.status, consent: start.status };
      },
    });
    if (local === undefined) return;
    const run = local;
    const { sandbox, platform } = run;
    const patience = { withinMs: sandbox.clock.wall(8 * 60_000) };
    let someone: Professional;
    const pass = async (ms: number): Promise<void> => {
      const until = sandbox.clock.now() + ms;
      await eventually(`${ms / 60_000} minutes pass`, () => sandbox.clock.now() > until, { withinMs: 2 * sandbox.clock.wall(ms) });
    };

    await step({
      name: 'sync-off',
      expects: 'With SYNC off no calendar is read or written and availability says so; wishes are recorded. On again, each change is applied once.',
      localOnly: true,
      act: async () => {
        await platform.open();
        await settingsKnown(run);
        someone = await professional(platform, 'google');
        await ops(run, 'flags disable sync');
        await settingsKnown(run);
        const before = (await requests(run, 'google')).length;
        const [kept, dropped] = [bookingOf(someone.providerId, hour(6)), bookingOf(someone.providerId, hour(7))];
        await someone.person.add('While off', hour(0));
        await platform.publish('created', kept);
        await platform.publish('created', dropped);
        await platform.publish('updated', bookingOf(someone.providerId, hour(8), 2, kept.id));
        await platform.publish('cancelled', bookingOf(someone.providerId, hour(7), 2, dropped.id));
        await eventually('the wishes are recorded', async () => (await bookingRows(platform, kept.id)).wish?.['version'] === 2 && (await bookingRows(platform, dropped.id)).wish?.['version'] === 2, patience);
        const answer = await platform.busy(someone.providerId, within.start, within.end);
        expectThat(!answer.bookable && answer.reasons.includes('sync_off'), JSON.stringify(answer));
        const calls = (await requests(run, 'google')).length - before;
        expectThat(calls === 0, `${calls} calls while it was off`);
        await ops(run, 'flags enable sync');
        await applied(platform, kept.id, 2, patience.withinMs);
        await becomesBusy(platform, someone.providerId, { within, at: [hour(0)], patience });
        const events = (await someone.person.events()).filter(({ title }) => title === 'Consultation');
        expectThat(events.length === 1 && events[0]?.start === hour(8).start, JSON.stringify(events));
        return { calls_while_off: calls, events: events.length };
      },
    });

    await step({
      name: 'webhooks-off',
      expects: 'With WEBHOOK off a genuine notice is refused with 403; what it told of is found once webhooks are on again, or by polls.',
      localOnly: true,
      act: async () => {
        const channel = await channelOf(platform.outputs, someone.connection);
        let number = 900_000;
        const status = async (): Promise<number> => (await deliver(platform.outputs, googleNotice(channel, (number += 1)))).status;
        const from = sandbox.clock.now();
        await ops(run, 'flags disable webhook');
        await eventually('notices are refused', async () => (await status()) === 403, patience);
        const took = Math.round((sandbox.clock.now() - from) / 1000);
        expectThat(took <= 60, `it took ${took} s`);
        await someone.person.add('Not told', hour(2));
        await ops(run, 'flags enable webhook');
        await eventually('notices are accepted', async () => (await status()) === 202, patience);
        await becomesBusy(platform, someone.providerId, { within, at: [hour(0), hour(2)], patience });
        return { refused_after: `${took} s` };
      },
    });

    await step({
      name: 'jobs-off',
      expects: 'With JOBS off a calendar without a watch is not polled; on again, it is.',
      localOnly: true,
      act: async () => {
        const unwatched = await professional(platform, 'google', { watched: false });
        await ops(run, 'flags disable jobs');
        // Whom the webhooks' gate let in again is marked once, over these minutes, whatever JOBS says.
        await pass(sweepLength + minutes(2));
        await unwatched.person.add('Not polled', hour(0));
        await pass(minutes(8));
        expectThat((await busyWithin(platform, unwatched.providerId, within)).length === 0, 'it was polled');
        await ops(run, 'flags enable jobs');
        await becomesBusy(platform, unwatched.providerId, { within, at: [hour(0)], patience });
        return { minutes_without_a_poll: 8 };
      },
    });

    await step({
      name: 'oauth-off',
      expects: 'With OAUTH off nobody new connects, and who is connected stays so.',
      localOnly: true,
      act: async () => {
        await ops(run, 'flags disable oauth');
        const start = async (): Promise<number> => (await place.call('POST', '/v1/connections', { provider_id: someone.providerId, calendar_provider: 'google', zone: 'UTC', return_url: 'https://platform.example/' })).status;
        await eventually('a consent is refused', async () => (await start()) === 403, patience);
        await someone.person.add('Still read', hour(4));
        await becomesBusy(platform, someone.providerId, { within, at: [hour(0), hour(2), hour(4)], patience });
        return { consent: 403 };
      },
    });

    await step({
      name: 'all-off',
      expects: 'One command turns all four off; within a minute nothing is read, written, taken in or connected.',
      localOnly: true,
      act: async () => {
        const told = await ops(run, 'flags all-off');
        await settingsKnown(run);
        const before = (await requests(run, 'google')).length;
        await someone.person.add('Not read', hour(5));
        const notice = await deliver(platform.outputs, googleNotice(await channelOf(platform.outputs, someone.connection), 950_000));
        const booking = bookingOf(someone.providerId, hour(3));
        await platform.publish('created', booking);
        await eventually('the wish is recorded', async () => (await bookingRows(platform, booking.id)).wish !== undefined, patience);
        const calls = (await requests(run, 'google')).length - before;
        expectThat(notice.status === 403 && calls === 0, `a notice was answered ${notice.status}; ${calls} calls`);
        return { told: told.out, notice: notice.status, calls };
      },
    });
  },
};
