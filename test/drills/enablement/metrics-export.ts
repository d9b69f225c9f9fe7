import { createRequire } from 'node:module';
import { Metric } from '../../../lib/platform/names.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, hour, professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import type { Drill } from '../drill.ts';
import { each } from '../each-provider.ts';
import { expectThat } from '../expect-that.ts';
import { applied, bookingOf } from './bookings.ts';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly value?: string; readonly count?: string }[];
}
const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (text: string) => Family[];

const path = '/ops/metrics/calendar';

interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Every metric is named from the first day on: only what stands at it says that something was counted. */
function succeededRuns(json: string): Figure[] {
  const { metrics } = JSON.parse(json) as { metrics: readonly { name: string; series: readonly Figure[] }[] };
  const series = metrics.find(({ name }) => name === Metric.runs)?.series ?? [];
  return series.filter(({ labels }) => labels['outcome'] === 'succeeded' && labels['direction'] !== undefined && labels['calendar_provider'] !== undefined);
}

export const metricsExport: Drill = {
  name: 'metrics-export',
  title: 'What functions counted is read outside of them, as JSON and by a Prometheus parser.',
  clock: 10,
  async run({ place, local, step }) {
    const read = async (format: 'json' | 'prometheus'): Promise<string> => {
      const { status, text } = await place.call('GET', `${path}?format=${format}`);
      expectThat(status === 200, `${path}?format=${format} answered ${status}`);
      return text;
    };

    await step({
      name: 'counted',
      expects: 'A change that is read and a booking that is written are counted by processes of their own, and the figures are there once those have ended.',
      localOnly: true,
      act: async () => {
        const { platform, sandbox } = local as Run;
        await each(async (provider) => {
          const { providerId, person } = await professional(platform, provider);
          await person.add('Dentist', hour(0));
          await becomesBusy(platform, providerId, { within: hour(0), at: [hour(0)] });
          const booking = bookingOf(providerId, hour(2));
          await platform.publish('created', booking);
          await applied(platform, booking.id, 1);
          return {};
        });
        const runs = await eventually('the export counts runs of both directions at both providers', async () => {
          const { status, text } = await place.call('GET', `${path}?format=json`);
          const counted = status === 200 ? succeededRuns(text) : [];
          return counted.filter(({ value }) => value >= 1).length === 4 && counted;
        }, { withinMs: sandbox.clock.wall(10 * 60_000) });
        return { runs };
      },
    });

    await step({
      name: 'json',
      expects: 'As JSON it names every metric.',
      act: async () => {
        const text = await read('json');
        const missing = Object.values(Metric).filter((name) => !text.includes(name));
        expectThat(missing.length === 0, `it lacks ${missing.join(', ')}`);
        return { metrics: Object.keys(Metric).length };
      },
    });

    await step({
      name: 'prometheus',
      expects: 'For Prometheus it parses; runs, items and failures are counters, latency is a summary.',
      act: async () => {
        const families = parse(await read('prometheus'));
        const type = (name: string): string | undefined => families.find((family) => family.name === name)?.type;
        const types = Object.fromEntries([Metric.runs, Metric.items, Metric.failures, Metric.latency].map((name) => [name, type(name)]));
        expectThat(JSON.stringify(Object.values(types)) === '["COUNTER","COUNTER","COUNTER","SUMMARY"]', JSON.stringify(types));
        return { families: families.length, ...types };
      },
    });
  },
};
