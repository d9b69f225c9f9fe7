// npm run faults -- [--seeds 10000] [--from 1] [--steps 25] [--points] [--hostile 100000]: every crash point, hostile input, then long seeded runs, with a table at the end.
import { Command, InvalidArgumentError } from 'commander';
import { allFates, enumerate } from './crash-points.ts';
import { reportHostile } from './hostile-report.ts';
import { scenarios } from './scenarios.ts';
import { historyOf, retold, runHistory, shrunk } from './seeded-run.ts';

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It is a whole number.');
  return value;
}

const { seeds, from, steps: length, points: everyPoint, hostile } = new Command('npm run faults --')
  .description('Tells seeded histories of people, bookings, flags and weather, and holds what is left to the model; a seed replays exactly.')
  .option('--seeds <n>', 'how many histories', count, 1000)
  .option('--from <n>', 'the first seed', count, 1)
  .option('--steps <n>', 'steps in each', count, 25)
  .option('--points', 'before them every crash point, in every way to die')
  .option('--hostile <n>', 'before them so many hostile inputs, over every way in', count, 0)
  .allowExcessArguments(false)
  .parse()
  .opts<{ seeds: number; from: number; steps: number; points?: true; hostile: number }>();
const total = { points: 0, runs: 0, seeds: 0, calls: 0, suffered: 0, violations: 0 };

if (everyPoint) {
  for (const provider of ['google', 'microsoft'] as const) {
    for (const scenario of scenarios) {
      const { points, runs, wrong } = await enumerate(provider, scenario, allFates);
      total.points += points;
      total.runs += runs;
      total.violations += wrong.length;
      console.log(`${provider}: ${scenario.name}: ${points} points, ${runs} runs, ${wrong.length} violations`);
      for (const one of wrong.slice(0, 10)) console.log(`  ${one}`);
    }
  }
}
if (hostile > 0) total.violations += await reportHostile(hostile, from);
for (let seed = from; seed < from + seeds; seed += 1) {
  const steps = historyOf(seed, length);
  const { violations, calls, suffered } = await runHistory(seed, steps);
  total.seeds += 1;
  total.calls += calls;
  total.suffered += suffered.length;
  if (violations.length > 0) {
    total.violations += 1;
    console.log(`\nseed ${seed}: ${violations.slice(0, 6).join('\n  ')}`);
    console.log(`  shrunk: ${retold(await shrunk(seed, steps))}`);
  }
  if (seed % 10 === 0) process.stderr.write(`\r${seed - from + 1} of ${seeds} seeds, ${total.violations} with violations`);
}
process.stderr.write('\n');
console.table(total);
process.exitCode = total.violations > 0 ? 1 : 0;
