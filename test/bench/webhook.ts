// npm run bench:webhook: what webhooks cost, what they forget, and what a storm of them causes. Calls are counted by the functions'
// own processes and by the engines; units follow from the items, by DynamoDB's documented rules.
import { startRun } from '../support/run.ts';
import { runBench, wholeNumber } from './bench.ts';
import { measureCosts } from './webhook-costs.ts';
import { measureReplays } from './webhook-replays.ts';
import { measureStorm } from './webhook-storm.ts';

interface Options {
  readonly forged: number;
  readonly replays: number;
  readonly notices: number;
  readonly atOnce: number;
  readonly seed: number;
}

await runBench<Options>({
  name: 'bench:webhook',
  description: 'Counts what forged, accepted, repeated and very many webhook deliveries cause in a local run.',
  options: (command) =>
    command
      .option('--forged <n>', 'forged deliveries for each calendar provider', wholeNumber(1, 100_000), 100)
      .option('--replays <n>', 'replays of 40 deliveries, in each scenario', wholeNumber(40, 100_000), 1000)
      .option('--notices <n>', 'notices of the storm', wholeNumber(1, 100_000), 1000)
      .option('--at-once <n>', 'deliveries under way at a time; above the reserved concurrency of the stage they are throttled', wholeNumber(1, 10), 8)
      .option('--seed <n>', 'for everything left to chance', wholeNumber(0, 2 ** 31), 1),
  limit: 300,
  measure: async ({ forged, replays, notices, atOnce, seed }, progress) => {
    const costs = await measureCosts({ forged, seed, progress });
    const run = await startRun({ seed });
    try {
      const replayed = await measureReplays(run, { replays, atOnce, seed, progress });
      const storm = await measureStorm(run, { notices, atOnce, progress });
      const all = [costs, replayed, storm];
      return { tables: all.flatMap(({ tables }) => tables), findings: all.flatMap(({ findings }) => findings) };
    } finally {
      await run.close();
    }
  },
});
