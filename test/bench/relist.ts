// npm run bench:relist: a large calendar listed anew, since its cursor is gone, while a reader asks GET …/busy all the time.
import { listAtOnce } from '../support/lists-at-once.ts';
import { seeRelist } from '../support/relist.ts';
import { startRun } from '../support/run.ts';
import { runBench, wholeNumber, type Report } from './bench.ts';

interface Options {
  readonly events: number;
  readonly atOnce: number;
  readonly seed: number;
}

const mostMemoryMb = 256;

await runBench<Options>({
  name: 'bench:relist',
  description: 'Lists a large calendar anew while a reader asks for busy time, and looks for intervals that blink.',
  options: (command) =>
    command
      .option('--events <n>', 'events in each calendar', wholeNumber(10, 20_000), 10_000)
      .option('--at-once <n>', 'calendars listed in one batch, each of a third of the events; 0: none', wholeNumber(0, 10), 10)
      .option('--seed <n>', 'for everything left to chance', wholeNumber(0, 2 ** 31), 1),
  limit: 600,
  measure: async ({ events, atOnce, seed }, progress) => {
    const rows = [];
    const findings = [];
    for (const provider of ['google', 'microsoft'] as const) {
      // A run each: what the other calendar held must not count as this one's memory.
      const run = await startRun({ seed });
      try {
        const seen = await seeRelist(run, { provider, events, withinMs: 200_000 });
        const memory = run.sandbox.peakMemory()[run.sandbox.outputs.functions['inbound-sync']] ?? 0;
        const seconds = (ms: number): string => (ms / 1000).toFixed(1);
        rows.push({ provider, events, 'first list s': seconds(seen.firstListMs), 're-list s': seconds(seen.relistMs), readings: seen.readings, 'missing intervals': seen.missing, 'changes in order': seen.changesSeen, 'peak RSS MB': memory });
        findings.push(
          { promise: `${provider}: the cursor is gone, so that all is listed`, measured: `${seen.cursorsGone} × 410`, kept: seen.cursorsGone > 0 },
          { promise: `${provider}: no interval that stays true is missing at any moment`, measured: `${seen.missing} missing in ${seen.readings} readings`, kept: seen.missing === 0 && seen.readings > 0 },
          { promise: `${provider}: what changed unnoticed is in order after the list`, measured: `${seen.changesSeen} of ${seen.changes}`, kept: seen.changesSeen === seen.changes },
          { promise: `${provider}: inbound-sync stays under ${mostMemoryMb} MB`, measured: `${memory} MB`, kept: memory > 0 && memory < mostMemoryMb },
        );
        progress(`${provider}: listed in ${seconds(seen.firstListMs)} s, again in ${seconds(seen.relistMs)} s`);
      } finally {
        await run.close();
      }
    }
    const tables: Report['tables'][number][] = [{ title: 'A list anew, with a reader', rows }];
    if (atOnce > 0) {
      const together = await oneBatch({ calendars: atOnce, events: Math.ceil(events / 3), seed });
      progress(`google: ${atOnce} calendars listed again in ${together.seconds} s`);
      tables.push({ title: 'Lists anew in one batch', rows: [{ calendars: atOnce, 'events in each': Math.ceil(events / 3), 'all listed again s': together.seconds, 'peak RSS MB': together.memory }] });
      findings.push({ promise: `${atOnce} calendars in one batch: inbound-sync stays under ${mostMemoryMb} MB`, measured: `${together.memory} MB`, kept: together.memory > 0 && together.memory < mostMemoryMb });
    }
    return { tables, findings };
  },
});

async function oneBatch({ calendars, events, seed }: { calendars: number; events: number; seed: number }): Promise<{ seconds: string; memory: number }> {
  const run = await startRun({ seed });
  try {
    const ms = await listAtOnce(run, { provider: 'google', calendars, events, withinMs: 200_000 });
    return { seconds: (ms / 1000).toFixed(1), memory: run.sandbox.peakMemory()[run.sandbox.outputs.functions['inbound-sync']] ?? 0 };
  } finally {
    await run.close();
  }
}
