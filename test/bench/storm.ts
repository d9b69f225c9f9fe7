// npm run bench:storm: ten thousand notices, new, doubled, replayed and forged, over 1, 10 and 1,000 connections: against a local run, and
// in memory in weather that no local engine has. What it prints is docs/storms.md.
import { Setting } from '../../lib/platform/names.ts';
import { startRun } from '../support/run.ts';
import { runBench, wholeNumber, type Report } from './bench.ts';
import { measureFakes } from './storm-fakes.ts';
import { setTokenKeys } from './storm-fleet.ts';
import { measureHonest, measureHonestInMemory } from './storm-honest.ts';
import { measureLocal, webhookTimes } from './storm-local.ts';

interface Options {
  readonly notices: number;
  readonly connections: number;
  readonly seed: number;
}

await runBench<Options>({
  name: 'bench:storm',
  description: 'Lets a storm of notices blow against a local run, and in memory in foul weather, and compares what is left with the calendars.',
  options: (command) =>
    command
      .option('--notices <n>', 'notices of each storm: a quarter for one connection, a quarter for ten, half for many', wholeNumber(100, 100_000), 10_000)
      .option('--connections <n>', 'how many are many', wholeNumber(20, 10_000), 1000)
      .option('--seed <n>', 'for everything left to chance', wholeNumber(0, 2 ** 31), 1),
  limit: 600,
  measure: async ({ notices, connections, seed }, progress) => {
    const storms = [{ connections: 1, notices: notices / 4 }, { connections: 10, notices: notices / 4 }, { connections, notices: notices / 2 }].map((one) => ({ connections: one.connections, notices: Math.round(one.notices), seed, progress }));
    const reports: Report[] = [];
    const run = await startRun({ seed });
    try {
      await setTokenKeys(run.platform);
      // Polls would find what a lost notice told of.
      await run.platform.set(Setting.jobsEnabled, 'false');
      const times = webhookTimes(run);
      for (const one of storms) reports.push(await measureLocal(run, times, one));
      reports.push(await measureHonest(run, { progress }));
    } finally {
      await run.close();
    }
    reports.push(await measureHonestInMemory({ progress }));
    for (const one of storms) reports.push(await measureFakes(one));
    return { tables: reports.flatMap(({ tables }) => tables), findings: reports.flatMap(({ findings }) => findings) };
  },
});
