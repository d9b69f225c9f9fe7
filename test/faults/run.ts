// npm run faults -- [--seeds 10000] [--from 1] [--steps 25] [--points]: every crash point, then long seeded runs, with a table at the end.
import { parseArgs } from 'node:util';
import { allFates, enumerate } from './crash-points.ts';
import { scenarios } from './scenarios.ts';
import { historyOf, retold, runHistory, shrunk } from './seeded-run.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' }, steps: { type: 'string', default: '25' }, points: { type: 'boolean', default: false } } });
const [seeds, from, length] = [Number(values.seeds), Number(values.from), Number(values.steps)];
const total = { points: 0, runs: 0, seeds: 0, calls: 0, suffered: 0, violations: 0 };

if (values.points) {
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
