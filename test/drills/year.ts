// npm run bench:year: a year of connections that live on their own, under a clock that jumps; what went unseen for how long, what was left
// behind, and how often calendars were called.
import { minutes } from '../../lib/platform/clock.ts';
import { runBench, wholeNumber } from '../bench/bench.ts';
import { liveYear, pollingFloor, usualYear } from './year-life.ts';

interface Options {
  readonly connections: number;
  readonly days: number;
  readonly seed: number;
}

await runBench<Options>({
  name: 'bench:year',
  description: 'Simulates connections over a year, with notices dropped and doubled, answers lost, silent watches and revoked grants.',
  options: (command) =>
    command
      .option('--connections <n>', 'how many', wholeNumber(2, 2000), usualYear.connections)
      .option('--days <n>', 'how long', wholeNumber(10, 3650), usualYear.days)
      .option('--seed <n>', 'for everything left to chance', wholeNumber(0, 2 ** 31), usualYear.seed),
  limit: 5400,
  measure: async (options, progress) => {
    const seen = await liveYear({ ...usualYear, ...options }, (day) => progress(`day ${day}`));
    const { world, calls, orphans, unwatched, revoked, silenced } = seen;
    const perDay = calls / options.connections / options.days;
    return {
      tables: [
        { title: 'The year', rows: [{ connections: options.connections, days: options.days, changes: world.delays.count, 'seen after a minute': world.delays.polled, 'mean s': Math.round(world.delays.sum / world.delays.count / 100) / 10, silenced, revoked, 'calls a connection and day': Math.round(perDay * 10) / 10 }] },
        { title: 'How pulls ended', rows: [...world.outcomes].map(([outcome, count]) => ({ outcome, count })) },
      ],
      findings: [
        { promise: `no change stays unseen for longer than the polling floor of ${Math.round(pollingFloor / minutes(1))} min`, measured: `${Math.round(world.worst.ms / minutes(1))} min at ${world.worst.connectionId}, ${new Date(world.worst.at).toISOString()}`, kept: world.worst.ms <= pollingFloor },
        { promise: 'no orphan is left', measured: orphans, kept: orphans === 0 },
        { promise: 'every connection is watched in the end', measured: unwatched, kept: unwatched === 0 },
        { promise: 'each revocation is told once', measured: `${world.told.length} of ${revoked}`, kept: world.told.length === revoked },
      ],
    };
  },
});
