import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { eachConcurrently } from '../../../lib/platform/concurrently.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { quantile } from '../../bench/quantiles.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, type Delivery } from '../../support/deliveries.ts';
import { callsOf, engineCalls } from '../../support/engine-calls.ts';
import { eventually } from '../../support/eventually.ts';
import { inboxRow, settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import type { Drill, Seen } from '../drill.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';

const providers = ['google', 'microsoft'] as const;
/** How often in all, half of them Google's and half Graph's, and how many at once: each webhook serves ten. */
const storms = [[100, 100], [1_000, 16], [10_000, 16]] as const;
const laterTimes = 100;
const slots = 40;
/** In them the notice would be forgotten by a memory of minutes. */
const later = minutes(15);
/** Of one connection since its notice came: that notice's own, the one more that Graph's late deltas want, the sweep after the gates opened, and polls until the watch is proven: five minutes apart, a quarter less at most. */
const pollFloor = minutes(3.75);
const mostPulls = (ms: number): number => 3 + Math.ceil(ms / pollFloor);

/** Somebody whose one notice comes again and again. */
interface Victim extends Professional {
  readonly notice: Delivery;
}

async function victim({ platform }: Run, provider: CalendarProvider): Promise<Victim> {
  const someone = await professional(platform, provider);
  const number = 50;
  const notice = provider === 'google' ? googleNotice(await channelOf(platform.outputs, someone.connection), number) : graphNotice(await subscriptionOf(platform.outputs, someone.connection), number);
  return { ...someone, notice };
}

const pullsOf = ({ sandbox }: Run, { connection }: Professional): number =>
  sandbox.logs('inbound-sync').filter(({ line }) => line.includes('"message":"pull"') && line.includes('"outcome":"pulled"') && line.includes(connection.connection_id)).length;

const duplicates = ({ sandbox }: Run): number => total(sandbox, Metric.webhooks, { outcome: 'duplicate' });

/** Delivers the same notice of each again; all must be told apart as duplicates. */
async function replay({ platform }: Run, victims: readonly Victim[], { times, atOnce }: { times: number; atOnce: number }): Promise<Seen> {
  const latencies: number[] = [];
  const answers = new Map<string, number>();
  const calls = engineCalls(platform.outputs);
  await calls.forget();
  const began = performance.now();
  let putOff = 0;
  await eachConcurrently(Array.from({ length: times }, (_, n) => n), atOnce, async (n) => {
    for (;;) {
      const started = performance.now();
      const { status, reason } = await deliver(platform.outputs, (victims[n % victims.length] as Victim).notice);
      latencies.push(performance.now() - started);
      // More at once than a webhook may serve: both providers send it again.
      if (status >= 500) putOff += 1;
      const told = [status, reason].filter((word) => word !== undefined).join(' ');
      if (status < 500) return void answers.set(told, (answers.get(told) ?? 0) + 1);
    }
  });
  const took = performance.now() - began;
  expectThat(answers.get('200 duplicate') === times, `answered ${JSON.stringify(Object.fromEntries(answers))}`);
  const writes = callsOf(await calls.tables(), /^UpdateItem .*sync-state/);
  return {
    answers: Object.fromEntries(answers), 'put off with 5xx, and sent again': putOff, 'a second': Math.round((times * 1000) / took), 'p50 ms': Math.round(quantile(latencies, 0.5) ?? Number.NaN), 'p95 ms': Math.round(quantile(latencies, 0.95) ?? Number.NaN),
    'writes of the state table, refused ones included': writes,
  };
}

export const replayStorm: Drill = {
  name: 'replay-storm',
  title: 'A genuine notice that comes again 11,000 times is a duplicate each time; it costs one refused write, and nobody else waits for it.',
  clock: 12,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    let victims: Victim[] = [];
    let neighbours: Professional[] = [];
    let began = 0;
    const pullsBefore = new Map<Victim, number>();

    await step({
      name: 'first',
      expects: 'The first time each is accepted and leads to a pull.',
      localOnly: true,
      act: async () => {
        [victims, neighbours] = await Promise.all([Promise.all(providers.map((provider) => victim(run, provider))), Promise.all(providers.map((provider) => professional(platform, provider)))]);
        began = sandbox.clock.now();
        for (const each of victims) {
          const before = pullsOf(run, each);
          pullsBefore.set(each, before);
          expectThat((await deliver(platform.outputs, each.notice)).status === 202, 'the first one is not accepted');
          await eventually('its pull is told', () => pullsOf(run, each) > before);
          await settled(platform, each.connection.connection_id);
        }
        return { accepted: victims.length };
      },
    });

    for (const [times, atOnce] of storms) {
      await step({
        name: `${times}-times`,
        expects: `${times} times more, half Google’s and half Graph’s, ${atOnce} at once, each is answered 200 as a duplicate; a change in a neighbour’s calendar is accepted and seen meanwhile.`,
        localOnly: true,
        act: async () => {
          const within = hour(storms.findIndex(([each]) => each === times));
          const honest = Promise.all(
            neighbours.map(async ({ person, providerId }) => {
              await person.add('Honest', within);
              await becomesBusy(platform, providerId, { within, at: [within], patience: { withinMs: 60_000 } });
            }),
          );
          const [seen] = await Promise.all([replay(run, victims, { times, atOnce }), honest]);
          return { ...seen, 'changes of neighbours seen': neighbours.length };
        },
      });
    }

    await step({
      name: 'later',
      expects: `So it is ${later / minutes(1)} minutes after the first one.`,
      localOnly: true,
      act: async () => {
        await eventually('it is later', () => sandbox.clock.now() - began > later, { withinMs: sandbox.clock.wall(later) + 5000 });
        return replay(run, victims, { times: laterTimes, atOnce: 20 });
      },
    });

    await step({
      name: 'bounded',
      expects: `No connection was pulled for a replay, its memory of notices holds at most ${slots} keys, nothing is left to do, and each duplicate was counted.`,
      localOnly: true,
      act: async () => {
        const told = [];
        for (const each of victims) {
          const id = each.connection.connection_id;
          await settled(platform, id);
          const row = await inboxRow(platform, id);
          const keys = Object.keys(row).filter((name) => /^s\d+$/.test(name)).length;
          const pulls = pullsOf(run, each) - (pullsBefore.get(each) ?? 0);
          const since = sandbox.clock.now() - began;
          expectThat(pulls <= mostPulls(since), `${pulls} pulls in the ${Math.round(since / minutes(1))} minutes since the first`);
          expectThat(keys <= slots, `the inbox row holds ${keys} keys`);
          told.push({ pulls, keys, bytes: JSON.stringify(row).length });
        }
        const counted = storms.reduce((sum, [times]) => sum + times, laterTimes);
        await eventually(`${counted} duplicates are counted`, () => duplicates(run) >= counted);
        return { connections: told, 'counted as duplicates': duplicates(run) };
      },
    });

    await step({
      name: 'heard-after',
      expects: 'A new notice of the same watch is accepted after it all, and its change is seen.',
      localOnly: true,
      act: async () => {
        await Promise.all(
          victims.map(async ({ person, providerId }) => {
            await person.add('After the storm', hour(8));
            await becomesBusy(platform, providerId, { within: hour(8), at: [hour(8)] });
          }),
        );
        return { seen: victims.length };
      },
    });
  },
};
