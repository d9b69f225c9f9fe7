import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { Metric } from '../../../lib/platform/names.ts';
import type { Fault } from '../../simulators/faults.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { deliver } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { stateRow } from '../../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites, ops, requests } from '../act.ts';
import { clears, rang } from '../alarm-watch.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { always, calendarsFail, calendarsHeal, saidBy } from '../outages.ts';

/** Longer than a worker waits for an answer, by the wall's clock. */
const tooLate = seconds(5);
/** First what is asked is done and its answer never comes; then the provider is down. */
const outage: readonly Fault[] = [
  { method: 'POST', path: '/events(\\?|$)', when: 'after', delayMs: tooLate },
  { method: 'PATCH', path: '/events/', when: 'after', delayMs: tooLate },
  { method: 'GET', when: 'before', status: 504, delayMs: tooLate },
  { when: 'before', status: 503, times: always },
];

interface Affected extends Professional {
  /** Made before, moved during the outage. */
  readonly moved: BookingInput;
  /** Made during the outage. */
  readonly made: BookingInput;
}

export const providerOutage: Drill = {
  name: 'provider-outage',
  title: 'Google and Graph do not answer what they have done, then answer 503: they are asked less and less often, and once they are back everything is there once.',
  // A call that is given up after three seconds still ends before its lease does.
  clock: 15,
  shortDeadlines: true,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    const people = new Map<CalendarProvider, Affected>();
    const of = (provider: CalendarProvider): Affected => people.get(provider) as Affected;
    /** For a back-off at its longest. */
    const patience = { withinMs: sandbox.clock.wall(minutes(8)) + 15_000 };
    let began = 0;
    const attempts = async (provider: CalendarProvider): Promise<{ reads: number[]; writes: number[] }> => {
      const reads = (await requests(run, provider)).filter(({ method, at }) => method === 'GET' && at >= began);
      const writes = (await eventWrites(run, provider)).filter(({ at }) => at >= began);
      return { reads: reads.map(({ at }) => at), writes: writes.map(({ at }) => at) };
    };
    const rungDuringBackOff = async (provider: CalendarProvider): Promise<unknown> => {
      const { connection: { connection_id: id } } = of(provider);
      await eventually('a back-off has begun', async () => Number((await stateRow(platform, id, 'pull'))['backoffUntil']?.N ?? 0) > sandbox.clock.now() + seconds(15), patience);
      const { body } = await platform.post('/v1/sync/inbound', { connection_id: id });
      expectThat(body['outcome'] === 'backing_off', `asked to read at once it says ${String(body['outcome'])}`);
      return body['outcome'];
    };

    await step({
      name: 'outage',
      expects: 'While the provider fails, an event is added by hand, a booking is moved and another is made; what it was asked stands in the calendar, though no answer came.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          // Graph's answer to a new subscription waits for ours: a cold one would be too late.
          await deliver(platform.outputs, { path: `/webhooks/${provider}`, headers: {}, body: 'wake up' });
          const someone = await professional(platform, provider);
          const before = bookingOf(someone.providerId, hour(0));
          await platform.publish('created', before);
          await applied(platform, before.id, 1, patience.withinMs);
          const moved = bookingOf(someone.providerId, hour(2), 2, before.id);
          const made = bookingOf(someone.providerId, hour(4));
          people.set(provider, { ...someone, moved, made });
          began = Math.max(began, sandbox.clock.now());
          await calendarsFail(run, provider, outage);
          await platform.publish('created', made);
          const [event] = await eventually('the booking stands in the calendar', async () => {
            const found = (await someone.person.events()).filter(({ start }) => start === hour(4).start);
            return found.length > 0 && found;
          }, patience);
          await platform.publish('updated', moved);
          await someone.person.add('Dentist', hour(6));
          const [target] = (await bookingRows(platform, made.id)).targets;
          expectThat(target?.['external_event_id'] === undefined, 'the worker knows of the event');
          return { in_the_calendar: event?.id, row_knows: null };
        }),
    });

    await step({
      name: 'backs-off',
      expects: 'Reads and writes are tried again and again, never within half a minute of the last try; whoever asks for a read meanwhile is told that it waits.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const seen = await eventually('three tries of each kind', async () => {
            const found = await attempts(provider);
            return found.reads.length >= 3 && found.writes.length >= 3 && found;
          }, patience);
          const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, n) => (at - (times[n] ?? 0)) / 1000);
          const [reads, writes] = [gaps(seen.reads), gaps(seen.writes)];
          expectThat([...reads, ...writes].every((gap) => gap >= 30), `seconds between reads: ${reads.join(', ')}; between writes: ${writes.join(', ')}`);
          return { seconds_between_reads: reads, seconds_between_writes: writes, rung_for_meanwhile: await rungDuringBackOff(provider) };
        }),
    });

    await step({
      name: 'told',
      expects: 'Failures are counted for both directions, the log names them, and the connection says what is wrong.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { connection: { connection_id: id } } = of(provider);
          const counted = (['inbound', 'outbound'] as const).map((direction) => [direction, total(sandbox, Metric.failures, { direction, calendar_provider: provider })] as const);
          for (const [direction, failures] of counted) expectThat(failures >= 2, `${failures} failures are counted ${direction}`);
          const lines = [saidBy(run, 'inbound-sync', id, '"message":"pull"', '"outcome":"failed"'), saidBy(run, 'booking-sync', id, '"message":"drain"', '"outcome":"failed"')];
          expectThat(lines.every((line) => line !== undefined), `the log says ${JSON.stringify(lines)}`);
          const [pull, push] = [await stateRow(platform, id, 'pull'), await stateRow(platform, id, 'push')];
          expectThat([pull, push].every(({ lastError, backoffUntil }) => lastError?.S?.includes('unavailable') === true && backoffUntil !== undefined), JSON.stringify([pull, push]));
          return { failures: Object.fromEntries(counted), last_errors: [pull['lastError']?.S, push['lastError']?.S], log: lines };
        }),
    });

    await step({ name: 'rings', expects: 'sync-failures rings.', localOnly: true, act: () => rang(sandbox, 'sync-failures', { since: began }) });

    await step({
      name: 'recovers',
      expects: 'Once the provider is back, the event blocks and both bookings are in the calendar as they should be; nobody intervenes.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { providerId, moved, made, connection: { connection_id: id } } = of(provider);
          await calendarsHeal(run, provider);
          const healed = sandbox.clock.now();
          await Promise.all([
            becomesBusy(platform, providerId, { within: { start: hour(5).start, end: hour(9).end }, at: [hour(6)], patience }),
            applied(platform, moved.id, 2, patience.withinMs),
            applied(platform, made.id, 1, patience.withinMs),
          ]);
          await eventually('nothing of the failures is left on the rows', async () => (await Promise.all([stateRow(platform, id, 'pull'), stateRow(platform, id, 'push')])).every(({ errorCount }) => errorCount === undefined), patience);
          return { all_there_after: `${Math.round((sandbox.clock.now() - healed) / 1000)} s` };
        }),
    });

    await step({
      name: 'no-duplicates',
      expects: 'Each booking is one event at its time and one row that names it, and the verification finds nothing.',
      localOnly: true,
      act: async () => {
        const seen = await each(async (provider) => {
          const { person, moved, made } = of(provider);
          const events = (await person.events()).map(({ id, start }) => ({ id, start: new Date(start).toISOString() })).sort((a, b) => a.start.localeCompare(b.start));
          expectThat(JSON.stringify(events.map(({ start }) => start)) === JSON.stringify([hour(2), hour(4), hour(6)].map(({ start }) => new Date(start).toISOString())), `the calendar holds ${JSON.stringify(events)}`);
          for (const [booking, event] of [[moved, events[0]], [made, events[1]]] as const) {
            const { targets } = await bookingRows(platform, booking.id);
            expectThat(targets.length === 1 && targets[0]?.['external_event_id'] === event?.id, `the rows say ${JSON.stringify(targets)}`);
          }
          return { events };
        });
        return { ...seen, verify: (await ops(run, 'verify')).out.split('\n').at(-1) };
      },
    });

    await step({ name: 'clears', expects: 'sync-failures clears.', localOnly: true, act: () => clears(sandbox, 'sync-failures', 25) });
  },
};
