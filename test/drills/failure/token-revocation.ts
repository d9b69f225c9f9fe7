import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { facts } from '../../support/facts.ts';
import { settled } from '../../support/inbox-rows.ts';
import { becomesBusy, hour } from '../../support/journey.ts';
import { newcomer, type Newcomer } from '../../support/newcomer.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { sendJson } from '../../support/send-json.ts';
import { requests, rootOf } from '../act.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { saidBy } from '../outages.ts';

const died = 'connection.reauthorization_required';

interface Revoking extends Newcomer {
  readonly id: string;
  readonly booking: BookingInput;
}

export const tokenRevocation: Drill = {
  name: 'token-revocation',
  title: 'A person takes their consent back: the platform is told once, the calendar is left alone, nothing is offered as free, and a new consent heals everything.',
  clock: 10,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox: { clock }, sandbox } = run;
    const people = new Map<CalendarProvider, Revoking>();
    const of = (provider: CalendarProvider): Revoking => people.get(provider) as Revoking;
    const patience = { withinMs: clock.wall(minutes(5)) + 10_000 };
    const heard = facts(() => run, patience);
    const stateOf = async (id: string): Promise<unknown> => (await sendJson(platform.outputs.apiUrl, 'GET', `/v1/connections/${id}`)).body['state'];

    await step({
      name: 'told',
      expects: `A change rings, its read is refused, and within five minutes ${died} is said; the failure is counted, the log tells of it, and the connection says its state.`,
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await newcomer(platform, provider);
          const { connection_id: id = '' } = await someone.agrees();
          await settled(platform, id, patience);
          people.set(provider, { ...someone, id, booking: bookingOf(someone.providerId, hour(4)) });
          await sendJson(rootOf(platform.outputs, provider), 'POST', '/_sim/revoke', { account: someone.email, accessTokensToo: true });
          const revoked = clock.now();
          await someone.someone.add('Dentist', hour(0));
          await heard.heard(died, id);
          const after = clock.now() - revoked;
          expectThat(after < minutes(5), `it was said after ${after} ms`);
          const state = await eventually('the connection says its state', async () => {
            const now = await stateOf(id);
            return now === 'reauthorization_required' && now;
          }, patience);
          // Figures and lines come with the end of the run that said it.
          const told = await eventually('a failure, a refused refresh and a line of the log tell of it', () => {
            const [failures, refused] = [total(sandbox, Metric.failures, { direction: 'inbound', calendar_provider: provider }), total(sandbox, Metric.refreshFailures, { calendar_provider: provider, reason: 'grant_dead' })];
            const log = saidBy(run, 'inbound-sync', id, 'grant_dead');
            return failures >= 1 && refused >= 1 && log !== undefined && { failures, refused_refreshes: refused, log };
          }, patience);
          return { said_after: `${Math.round(after / 1000)} s`, state, ...told };
        }),
    });

    await step({
      name: 'unknown-is-not-free',
      expects: 'Availability says reauthorization_required, and offers nothing.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { bookable, reasons } = await platform.busy(of(provider).providerId, hour(0).start, hour(0).end);
          expectThat(!bookable && reasons.includes('reauthorization_required'), `availability answers ${JSON.stringify({ bookable, reasons })}`);
          return { bookable, reasons };
        }),
    });

    await step({
      name: 'left-alone',
      expects: 'However much comes, the calendar is not called again; bookings are kept; nothing is said a second time, and no reminder yet.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { id, someone, booking } = of(provider);
          const calls = async (): Promise<number> => (await requests(run, provider)).length;
          const before = await calls();
          const until = clock.now() + minutes(4);
          await someone.add('Lunch', hour(2));
          await platform.publish('created', booking);
          for (let n = 0; n < 2; n += 1) await platform.post('/v1/sync/inbound', { connection_id: id });
          await eventually('the booking is kept', async () => (await bookingRows(platform, booking.id)).wish !== undefined, patience);
          await eventually('four minutes have passed', () => clock.now() > until, patience);
          const [after, said] = [await calls(), await heard.all(died, id)];
          expectThat(after === before, `the calendar was called ${after - before} times`);
          expectThat(said.length === 1 && said[0]?.['reminder_day'] === undefined, `it was said: ${JSON.stringify(said)}`);
          return { calls: 0, said: said.length };
        }),
    });

    await step({
      name: 'heals',
      expects: 'A new consent brings back the same connection: what came meanwhile blocks, and the booking is one event.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { id, agrees, someone, providerId, booking } = of(provider);
          const again = await agrees();
          expectThat(again['result'] === 'connected' && again['connection_id'] === id, `the consent ended with ${JSON.stringify(again)}`);
          await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).start }, at: [hour(0), hour(2)], patience });
          await applied(platform, booking.id, 1, patience.withinMs);
          const [events, { bookable }, state] = [await someone.events(), await platform.busy(providerId, hour(0).start, hour(0).end), await stateOf(id)];
          expectThat(events.length === 3 && bookable && state === 'active', `${events.length} events, bookable ${bookable}, ${String(state)}`);
          expectThat((await heard.all(died, id)).length === 1, 'it was said again');
          return { state, bookable, events: events.length };
        }),
    });
  },
};
