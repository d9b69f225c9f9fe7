// npm run bench: every hot path beside its floor, measured in turns in the same run, and how each grows. `npm run cost` counts what they cost.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runBench, wholeNumber, type Finding, type Report } from './bench.ts';
import { coldStarts } from './hot/cold-start.ts';
import { availability } from './hot/over-http.ts';
import { floors } from './hot/relist-beside.ts';
import { overlays } from './hot/overlay.ts';
import { exponent, type Budget, type Compared, type Figure, type Growth, type Hot } from './hot/turns.ts';
import { bookings, deltas, lists, notices, posts, ticks } from './hot/worlds.ts';
import { webhooks } from './hot/webhook.ts';
import { measureFakes } from './storm-fakes.ts';

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly only?: string;
  readonly small?: true;
}

/** As it was given: functions that run here are told of endpoints of their own. */
const environment = { ...process.env };
/** Linear, and a fifth for noise. */
const linear = 1.2;

/** In the order of a notice's way. */
const parts = (budget: Budget, small: boolean): Readonly<Record<string, () => Promise<Hot>>> => ({
  webhook: () => webhooks(budget),
  post: () => posts([1, 10, 100], budget),
  'cold start': () => coldStarts(budget),
  notice: () => notices(small ? [10, 30, 100] : [50, 500, 5000], budget),
  booking: () => bookings(small ? [1, 3, 10] : [10, 100, 1000], budget),
  delta: () => deltas([1, 10, 100], small ? [10, 30, 100] : [50, 500, 5000], budget),
  list: () => lists(small ? [30, 100, 300] : [1000, 3000, 10_000], budget),
  availability: () => availability(small ? [[1, 100], [1, 300], [10, 100]] : [[1, 500], [1, 5000], [10, 500], [10, 5000]], budget),
  overlay: () => overlays(small ? [100, 300, 1000] : [500, 5000, 50_000], budget),
  upkeep: () => ticks(small ? [300, 1000, 3000] : [1000, 10_000, 100_000], budget),
});

await runBench<Options>({
  name: 'bench',
  description: 'Measures every hot path against its floor: the same unavoidable calls, made bare, in the same run.',
  options: (command) =>
    command
      .option('--rounds <n>', 'turns for each figure', wholeNumber(3, 1000), 15)
      .option('--seconds <n>', 'for each figure, after which no turn begins', wholeNumber(1, 600), 6)
      .option('--only <part>', 'one part: webhook, post, cold start, notice, booking, delta, list, availability, overlay, upkeep, storm, freshness')
      .option('--small', 'small sizes, to see that it runs'),
  limit: 600,
  async measure({ rounds, seconds, only, small }, progress): Promise<Report> {
    const figures: Figure[] = [];
    const growth: Growth[] = [];
    for (const [name, measure] of Object.entries(parts({ rounds, seconds }, small === true))) {
      if (only !== undefined && only !== name) continue;
      progress(name);
      const hot = await measure();
      figures.push(...hot.figures);
      growth.push(...hot.growth);
    }
    const told: Report[] = [];
    if (only === undefined || only === 'storm') {
      const storms = await stormsOf(small ? [50, 100, 200] : [250, 500, 1000], progress);
      growth.push(storms.growth);
      told.push(storms.report);
    }
    if (only === 'freshness' || (only === undefined && !small)) told.push(await freshness(progress));
    const tables = [
      { title: 'Beside the floor: milliseconds, and ours ÷ floor of each turn (median, quartiles)', rows: figures.map(row) },
      { title: 'As sizes grow', rows: growth.map(({ what, by, unit, points }) => ({ what, 'grows with': by, points: points.map(([size, value]) => `${size.toLocaleString('en-US')}: ${tidy(value)} ${unit}`).join(', '), exponent: tidy(exponent(points)) })) },
    ].filter(({ rows }) => rows.length > 0);
    return { tables: [...tables, ...told.flatMap((report) => report.tables)], findings: [...aims(figures, growth), ...told.flatMap((report) => report.findings)] };
  },
});

function tidy(value: number): number {
  return Number(value.toPrecision(3));
}

function row({ what, floorIs, compared: { ours, floor, ratio, from, to, rounds } }: Figure): Record<string, string | number> {
  return { what, ours: tidy(ours), 'its floor': floorIs, floor: tidy(floor), ratio: tidy(ratio), quartiles: `${tidy(from)}–${tidy(to)}`, turns: rounds };
}

/** The same storm with more notices; the largest is told whole. */
async function stormsOf(sizes: readonly number[], progress: (line: string) => void): Promise<{ report: Report; growth: Growth }> {
  let report: Report = { tables: [], findings: [] };
  const points: (readonly [number, number])[] = [];
  for (const notices of sizes) {
    const storm = await measureFakes({ connections: 40, notices, seed: 1, progress });
    points.push([notices, storm.calls]);
    report = storm;
  }
  return { report, growth: { what: 'storm', by: 'notices', unit: 'calls', points } };
}

/** Over the whole local run: the JSON of its own command. That it could not run must not take the other figures with it. */
async function freshness(progress: (line: string) => void): Promise<Report> {
  progress('freshness: the whole stack on this machine');
  const command = [fileURLToPath(new URL('freshness.ts', import.meta.url)), '--changes', '24', '--people', '4', '--json', '--limit', '200'];
  const { stdout, failure } = await new Promise<{ stdout: string; failure: Error | null }>((resolve) => {
    execFile(process.execPath, ['--no-warnings', ...command], { env: environment, maxBuffer: 2 ** 24 }, (error, out) => resolve({ stdout: out, failure: error }));
  });
  if (stdout !== '') return JSON.parse(stdout) as Report;
  return { tables: [], findings: [{ promise: 'freshness could be measured', measured: failure?.message.split('\n')[1] ?? 'it said nothing', kept: false }] };
}

function aims(figures: readonly Figure[], growth: readonly Growth[]): Finding[] {
  const found: Finding[] = [];
  const aim = (promise: string, of: (figure: Figure) => boolean, most: number, value: (compared: Compared) => number = ({ ratio }) => ratio): void => {
    const meant = figures.filter(of);
    if (meant.length > 0) found.push({ promise: `${promise}: at most ${most} ×`, measured: meant.map(({ compared }) => tidy(value(compared))).join(', '), kept: meant.every(({ compared }) => value(compared) <= most), aim: true });
  };
  aim('an accepted notice against its bare calls', ({ what }) => what === 'webhook, accepted', 1.15);
  aim('a webhook’s bundle against the clients, Powertools and middy alone', ({ what, floorIs }) => /cold start, (google|microsoft)-webhook/.test(what) && floorIs.includes('middy'), 1.1);
  aim('a worker’s bundle against the webhook’s', ({ floorIs }) => floorIs === 'google-webhook', 2);
  for (const by of Object.values(floors)) aim(`a list of 10,000 anew, against ${by}`, ({ what, floorIs }) => what === 're-list, 10,000 events' && floorIs === by, 1.3);
  aim('availability against one query', ({ what }) => /^availability.*intervals$/.test(what), 1.3);
  aim('overlay against every library', ({ what, floorIs }) => what.startsWith('overlay') && floorIs !== 'a naive loop', 1);
  for (const { what, by, points, most } of growth) found.push({ promise: most === undefined ? `${what} grows no faster than ${by}` : `${what} does not grow with ${by}`, measured: `exponent ${tidy(exponent(points))}`, kept: exponent(points) <= (most ?? linear), aim: true });
  return found;
}
