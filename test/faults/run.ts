// npm run faults -- [--seeds 10000] [--from 1] [--steps 25] [--points] [--gates] [--sabotages] [--hostile 100000]: every crash point, every gate turned at every call, hostile input, then long seeded runs, with a table at the end.
import { Command, InvalidArgumentError } from 'commander';
import { allFates, enumerate } from './crash-points.ts';
import { reportHostile } from './hostile-report.ts';
import { addTo, invariants, nothingJudged } from './invariants.ts';
import { everyFlip } from './kill-switch.ts';
import { redriveStory } from './redrive-story.ts';
import { sabotages as listed } from './sabotages/list.ts';
import { countOf, tryAll } from './sabotages/try-all.ts';
import { scenarios } from './scenarios.ts';
import { historyOf, retold, runHistory, shrunk } from './seeded-run.ts';

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It is a whole number.');
  return value;
}

const { seeds, from, steps: length, points: everyPoint, gates, hostile, sabotages } = new Command('npm run faults --')
  .description('Tells seeded histories of people, bookings, flags and weather, and holds what is left to the model; a seed replays exactly.')
  .option('--seeds <n>', 'how many histories', count, 1000)
  .option('--from <n>', 'the first seed', count, 1)
  .option('--steps <n>', 'steps in each', count, 25)
  .option('--points', 'before them every crash point, in every way to die')
  .option('--gates', 'before them every gate, turned at every kind of call')
  .option('--sabotages', 'before them every sabotage of the product: which test notices')
  .option('--hostile <n>', 'before them so many hostile inputs, over every way in', count, 0)
  .allowExcessArguments(false)
  .parse()
  .opts<{ seeds: number; from: number; steps: number; points?: true; gates?: true; sabotages?: true; hostile: number }>();
const total = { points: 0, runs: 0, seeds: 0, calls: 0, 'calls that failed': 0, invariants: invariants.length, violations: 0, 'sabotages killed': 'not tried' };
const looks = nothingJudged();
const progress = (text: string): void => void process.stderr.write(`\r${text.padEnd(100)}`);

/** One story's end, as a line, and what went wrong in it. */
function told(story: string, { runs, wrong }: { readonly runs: number; readonly wrong: readonly string[] }, points?: number): void {
  total.runs += runs;
  total.violations += wrong.length;
  progress('');
  console.log(`\r${story}: ${points === undefined ? '' : `${points} points, `}${runs} runs, ${wrong.length} violations`);
  for (const one of wrong.slice(0, 10)) console.log(`  ${one}`);
}

if (everyPoint) {
  for (const provider of ['google', 'microsoft'] as const) {
    for (const scenario of [...scenarios, redriveStory]) {
      const story = `${provider}: ${scenario.name}`;
      const end = await enumerate(provider, scenario, { fates: allFates, progress: (done, of) => progress(`${story}: ${done} of ${of}`) });
      total.points += end.points;
      addTo(looks, end.judged);
      told(story, end, end.points);
    }
  }
}
if (gates) for await (const flips of everyFlip()) told(flips.story, flips);
if (sabotages) {
  const outcomes = await tryAll(listed.filter(({ suites }) => suites.length > 0));
  total['sabotages killed'] = `${countOf(outcomes, 'killed')} of ${outcomes.length}`;
  if (countOf(outcomes, 'killed') < 0.95 * outcomes.length) total.violations += 1;
}
if (hostile > 0) total.violations += await reportHostile(hostile, from);
for (let seed = from; seed < from + seeds; seed += 1) {
  const steps = historyOf(seed, length);
  const { violations, calls, suffered, judged } = await runHistory(seed, steps);
  total.seeds += 1;
  total.calls += calls;
  total['calls that failed'] += suffered.length;
  addTo(looks, judged);
  if (violations.length > 0) {
    total.violations += 1;
    console.log(`\nseed ${seed}: ${violations.slice(0, 6).join('\n  ')}`);
    console.log(`  shrunk: ${retold(await shrunk(seed, steps))}`);
  }
  if (seed % 10 === 0) progress(`${seed - from + 1} of ${seeds} seeds, ${total.violations} violations`);
}
process.stderr.write('\n');
console.table(Object.fromEntries(invariants.map((name) => [name, { judged: looks[name] }])));
console.table(total);
process.exitCode = total.violations > 0 ? 1 : 0;
