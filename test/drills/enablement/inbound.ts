import { hours } from '../../../lib/platform/clock.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import type { Drill } from '../drill.ts';
import { errorLines } from '../error-lines.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';
import { each } from '../each-provider.ts';

const within = { start: hour(0).start, end: hour(5).end };
const iso = (ms: number): string => new Date(ms).toISOString();

export const inbound: Drill = {
  name: 'inbound',
  title: 'Busy time in the calendars of listed providers blocks their slots, told by notices, and found by polls where none come.',
  clock: 10,
  async run({ local, step }) {
    const run = local as Run;
    const people = new Map<string, Professional & { event: string }>();

    await step({
      name: 'by-notice',
      expects: 'An event that is added, moved and removed blocks, follows and frees; a notice told of each.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await professional(run.platform, provider);
          const event = await someone.person.add('Dentist', hour(0));
          await becomesBusy(run.platform, someone.providerId, { within, at: [hour(0)] });
          await someone.person.move(event, hour(3));
          await becomesBusy(run.platform, someone.providerId, { within, at: [hour(3)] });
          people.set(provider, { ...someone, event });
          return { accepted: total(run.sandbox, Metric.webhooks, { calendar_provider: provider, outcome: 'accepted' }) };
        }),
    });

    await step({
      name: 'overlay',
      expects: 'The slot over the event is busy, another is free, and one that ends after the window of the last list is unknown.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { providerId } = people.get(provider) as Professional;
          const far = hour(0).start + hours(24 * 300);
          const slots = [hour(3), hour(1), { start: far, end: far + hours(1) }].map(({ start, end }) => ({ start: iso(start), end: iso(end) }));
          const { body } = await run.platform.availability(providerId, { slots });
          const said = (body['slots'] as { status: string; reasons?: string[] }[]).map(({ status, reasons = [] }) => [status, ...reasons].join(' '));
          expectThat(JSON.stringify(said) === '["busy","free","unknown beyond_window"]', `answered ${said.join(', ')}`);
          return { slots: said };
        }),
    });

    await step({
      name: 'removed',
      expects: 'What is removed frees its slot.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const { providerId, person, event } = people.get(provider) as Professional & { event: string };
          await person.remove(event);
          await becomesBusy(run.platform, providerId, { within, at: [] });
          return { busy: 0 };
        }),
    });

    await step({
      name: 'by-poll',
      expects: 'A calendar that cannot be watched is read by polls, within the polling floor.',
      localOnly: true,
      act: async () => {
        const someone = await professional(run.platform, 'google', { watched: false });
        const from = run.sandbox.clock.now();
        await someone.person.add('Dentist', hour(0));
        await becomesBusy(run.platform, someone.providerId, { within, at: [hour(0)], patience: { withinMs: run.sandbox.clock.wall(9 * 60_000) } });
        return { after: `${Math.round((run.sandbox.clock.now() - from) / 1000)} s`, floor: '5 min, a quarter more at most, and a tick' };
      },
    });

    await step({
      name: 'without-errors',
      expects: 'Runs and items are counted by direction and calendar provider, no failure is, and nothing stands in a log as an error.',
      localOnly: true,
      act: async () => {
        // A line of the last pull may still be on its way.
        const items = await eventually('items are counted', () => total(run.sandbox, Metric.items, { direction: 'inbound', calendar_provider: 'google' }) + total(run.sandbox, Metric.items, { direction: 'inbound', calendar_provider: 'microsoft' }) || undefined);
        const runs = total(run.sandbox, Metric.runs, { outcome: 'succeeded' });
        const failures = total(run.sandbox, Metric.failures);
        const errors = errorLines(run.sandbox);
        expectThat(runs >= 6 && failures === 0 && errors.length === 0, `${runs} runs, ${failures} failures; ${errors.slice(0, 3).join(' ')}`);
        return { runs, items, failures };
      },
    });
  },
};
