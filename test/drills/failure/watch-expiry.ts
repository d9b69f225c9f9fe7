import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { connections, type ConnectionWatch } from '../../../lib/platform/connections.ts';
import { Metric } from '../../../lib/platform/names.ts';
import type { Fault } from '../../simulators/faults.ts';
import { weather } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { sendJson } from '../../support/send-json.ts';
import { timePasses } from '../../support/time-passes.ts';
import { rootOf } from '../act.ts';
import { clears, rang } from '../alarm-watch.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { always, calendarsFail, calendarsHeal, saidBy } from '../outages.ts';

/** No watch can be made or renewed; calendars can still be read. */
const unwatchable: readonly Fault[] = [{ path: '/watch(\\?|$)|/subscriptions', when: 'before', status: 503, times: always }];

interface Watched extends Professional {
  readonly before: ConnectionWatch;
}

/** Ids of what lives at the calendar provider. */
async function living(run: Run, provider: CalendarProvider): Promise<string[]> {
  const answer = await sendJson(rootOf(run.platform.outputs, provider), 'GET', provider === 'google' ? '/_sim/channels' : '/_sim/subscriptions');
  return (answer.body as unknown as { id: string }[]).map(({ id }) => id);
}

/** Watches are counted once an hour: as if it had just passed. A tick under way may save the old count over it. */
async function counted({ platform: { dynamo, outputs }, sandbox }: Run): Promise<void> {
  const Key = { connection_id: { S: '!upkeep' }, part: { S: 'state' } };
  await dynamo.send(new UpdateItemCommand({ TableName: outputs.tables['sync-state'], Key, UpdateExpression: 'SET countedAt = :long', ExpressionAttributeValues: { ':long': { N: '0' } } }));
  await sandbox.invoke('upkeep', {});
}

export const watchExpiry: Drill = {
  name: 'watch-expiry',
  title: 'Channels fall silent and cannot be renewed: an alarm tells in time, polls find what nobody rings for, and once it is possible they are renewed and ring again.',
  clock: 20,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    const people = new Map<CalendarProvider, Watched>();
    const of = (provider: CalendarProvider): Watched => people.get(provider) as Watched;
    const known = connections(platform.dynamo, platform.outputs.tables.connections);
    const watchesOf = async ({ connection }: Professional): Promise<readonly ConnectionWatch[]> => (await known.get(connection.connection_id))?.watches ?? [];
    const patience = { withinMs: sandbox.clock.wall(minutes(8)) + 10_000 };
    const within = { start: hour(0).start, end: hour(9).end };
    let began = 0;

    await step({
      name: 'cannot-be-renewed',
      expects: 'A day before its end a watch that has fallen silent was not renewed, as the provider answers 503 to that; the connection stays readable.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await professional(platform, provider);
          const { connection: { connection_id: id } } = someone;
          const [before] = await watchesOf(someone);
          expectThat(before !== undefined, 'there is no watch');
          people.set(provider, { ...someone, before });
          began = Math.max(began, sandbox.clock.now());
          await weather(rootOf(platform.outputs, provider), { drop: 1 });
          await calendarsFail(run, provider, unwatchable);
          await timePasses(run, id, days(6.2));
          await eventually('a renewal was tried', async () => saidBy(run, 'inbound-sync', id, '"message":"pull"', 'watch_error'), patience);
          const answer = await platform.busy(someone.providerId, hour(0).start, hour(0).end);
          expectThat(answer.bookable, `availability answers ${JSON.stringify(answer.reasons)}`);
          return { bookable: answer.bookable };
        }),
    });

    await step({
      name: 'polls-find',
      expects: 'What nobody rings for is found by the next poll.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = of(provider);
          await someone.person.add('Told by nobody', hour(0));
          await timePasses(run, someone.connection.connection_id, hours(1.5));
          await becomesBusy(platform, someone.providerId, { within, at: [hour(0)], patience });
          return { accepted_notices: total(sandbox, Metric.webhooks, { calendar_provider: provider, outcome: 'accepted' }) };
        }),
    });

    await step({
      name: 'told',
      expects: 'Each watch is counted as near its end, and the log says why it was not renewed.',
      localOnly: true,
      act: async () => {
        await eventually('the watches are counted', async () => {
          await counted(run);
          return (['google', 'microsoft'] as const).every((calendar_provider) => total(sandbox, Metric.watches, { calendar_provider, health: 'near_expiry' }) > 0);
        }, { ...patience, everyMs: 500 });
        return each(async (provider) => ({ log: saidBy(run, 'inbound-sync', of(provider).connection.connection_id, 'watch_error') }));
      },
    });

    await step({ name: 'rings', expects: 'watches-near-expiry rings.', localOnly: true, act: () => rang(sandbox, 'watches-near-expiry', { since: began, withinMinutes: 30 }) });

    await step({
      name: 'renewed',
      expects: 'Once the provider lets us, the watch is renewed or makes way for a new one, nothing else lives there, and a change rings again.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = of(provider);
          const { before, connection: { connection_id: id } } = someone;
          await calendarsHeal(run, provider);
          await weather(rootOf(platform.outputs, provider), { drop: 0 });
          await eventually('one watch that lives longer', async () => {
            await timePasses(run, id, hours(1));
            const [ids, rows] = [await living(run, provider), await watchesOf(someone)];
            const [row] = rows;
            return ids.length === 1 && rows.length === 1 && row?.id === ids[0] && (row?.expires_at ?? 0) > sandbox.clock.now() + days(5);
          }, { ...patience, everyMs: 1000 });
          await someone.person.add('Rung for', hour(4));
          await becomesBusy(platform, someone.providerId, { within, at: [hour(0), hour(4)], patience });
          return { before: before.id, after: (await living(run, provider))[0] };
        }),
    });

    await step({
      name: 'clears',
      expects: 'watches-near-expiry clears.',
      localOnly: true,
      act: async () => {
        const isOver = async (): Promise<boolean> => (await counted(run), sandbox.alarms().some(({ name, state }) => name.endsWith('-watches-near-expiry') && state === 'OK'));
        const [seen] = await Promise.all([clears(sandbox, 'watches-near-expiry', 25), eventually('the watches are counted anew', isOver, { withinMs: sandbox.clock.wall(minutes(25)), everyMs: 1000 })]);
        return seen;
      },
    });
  },
};
