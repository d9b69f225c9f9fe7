// npm run bench:freshness: from a person's change in a simulated calendar until GET …/busy shows it. Polls and trailing pulls are left
// out: JOBS is off and the timer does not tick, so that only notices bring changes.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { eventually, WaitedInVain } from '../support/eventually.ts';
import { settled } from '../support/inbox-rows.ts';
import type { Connected, Platform } from '../support/platform.ts';
import { startRun } from '../support/run.ts';
import { runBench, wholeNumber, type Finding, type Report } from './bench.ts';
import { quantile } from './quantiles.ts';

interface Options {
  readonly changes: number;
  readonly people: number;
  readonly hurried?: true;
  readonly seed: number;
}

const kinds = ['add', 'move', 'remove'] as const;
type Kind = (typeof kinds)[number];

interface Change {
  readonly provider: CalendarProvider;
  readonly kind: Kind;
  /** Undefined: not within 15 s. */
  readonly ms: number | undefined;
}

const aimMs = 1000;

await runBench<Options>({
  name: 'bench:freshness',
  description: 'Measures how long after a change by hand in a simulated calendar GET …/busy shows it.',
  options: (command) =>
    command
      .option('--changes <n>', 'changes for each calendar provider', wholeNumber(3, 10_000), 100)
      .option('--people <n>', 'how many people make them in turn', wholeNumber(1, 100), 10)
      .option('--hurried', 'make each change as soon as the one before is visible, not once the connection has come to rest')
      .option('--seed <n>', 'for everything left to chance', wholeNumber(0, 2 ** 31), 1),
  limit: 300,
  measure: async (options, progress) => {
    const run = await startRun({ timers: false, seed: options.seed });
    try {
      await run.platform.set(Setting.jobsEnabled, 'false');
      progress('The stack runs here; JOBS is off and nothing ticks.');
      const changes: Change[] = [];
      for (const provider of ['google', 'microsoft'] as const) changes.push(...(await measureProvider(run.platform, { provider, options, progress })));
      return reportOf(changes);
    } finally {
      await run.close();
    }
  },
});

/** Many people change their calendars in turn: one alone would use up the calls that an account is given in a minute. */
async function measureProvider(platform: Platform, { provider, options, progress }: { provider: CalendarProvider; options: Options; progress: (line: string) => void }): Promise<Change[]> {
  const people: { act(kind: Kind): Promise<number | undefined>; rest(): Promise<unknown> }[] = [];
  for (let n = 0; n < options.people; n += 1) {
    const providerId = `${provider}-professional-${n}`;
    const connected = await platform.connect({ provider, providerId });
    const rest = (): Promise<unknown> => settled(platform, connected.connection.connection_id);
    const act = editor(platform, connected, providerId);
    await rest();
    people.push({ act, rest });
    if (n > 0) continue;
    // Cold starts are not what is measured here: the first change is not counted.
    await act('add');
    await rest();
    await act('remove');
  }
  progress(`${provider}: ${options.people} calendars are connected`);
  const changes: Change[] = [];
  for (let n = 0; n < options.changes; n += 1) {
    const [person, kind] = [people[n % people.length], kinds[Math.floor(n / people.length) % kinds.length] ?? 'add'];
    if (person === undefined) throw new Error('Nobody is there.');
    if (options.hurried !== true) await person.rest();
    changes.push({ provider, kind, ms: await person.act(kind) });
    if ((n + 1) % 25 === 0) progress(`${provider}: ${n + 1} of ${options.changes} changes`);
  }
  return changes;
}

/** Adds, moves and removes one event after another, each in an hour of its own; gives back how long each took to be seen. */
function editor(platform: Platform, { person }: Connected, providerId: string): (kind: Kind) => Promise<number | undefined> {
  const origin = Math.ceil(Date.now() / hours(1)) * hours(1) + days(1);
  let hour = 0;
  let eventId = '';
  const span = (at: number) => ({ start: origin + hours(at), end: origin + hours(at) + hours(0.5) });
  const shows = async (at: number): Promise<boolean> => (await platform.busy(providerId, span(at).start, span(at).end)).busy.length > 0;

  return async (kind) => {
    const began = performance.now();
    if (kind === 'add') eventId = await person.add('Consultation', span((hour += 1)));
    else if (kind === 'move') await person.move(eventId, span((hour += 1)));
    else await person.remove(eventId);
    try {
      await eventually(`${kind} is visible`, async () => (await shows(hour)) === (kind !== 'remove') && (kind !== 'move' || !(await shows(hour - 1))), { everyMs: 10 });
      return performance.now() - began;
    } catch (error) {
      if (!(error instanceof WaitedInVain)) throw error;
      return undefined;
    }
  };
}

function reportOf(changes: readonly Change[]): Report {
  const groups = (['google', 'microsoft'] as const).flatMap((provider) => ['all', ...kinds].map((kind) => [provider, kind] as const));
  const seen = (provider: CalendarProvider, kind: string): number[] => changes.flatMap((change) => (change.provider === provider && (kind === 'all' || change.kind === kind) && change.ms !== undefined ? [change.ms] : []));
  const ms = (values: readonly number[], share: number): number => Math.round(quantile(values, share) ?? Number.NaN);
  const rows = groups.map(([provider, kind]) => {
    const values = seen(provider, kind);
    return { provider, kind, changes: values.length, 'median ms': ms(values, 0.5), 'p95 ms': ms(values, 0.95), 'longest ms': ms(values, 1) };
  });
  const unseen = changes.filter(({ ms: took }) => took === undefined).length;
  const aims = (['google', 'microsoft'] as const).map((provider): Finding => {
    const p95 = ms(seen(provider, 'all'), 0.95);
    return { promise: `${provider}: p95 under ${aimMs} ms, with no polling involved`, measured: `${p95} ms`, kept: p95 < aimMs, aim: true };
  });
  return { tables: [{ title: 'From the change to the answer that shows it', rows }], findings: [{ promise: 'every change becomes visible within 15 s', measured: `${unseen} of ${changes.length} did not`, kept: unseen === 0 }, ...aims] };
}
