// npm run bench:due: what one tick of upkeep costs over 10,000 connections, all of them due, and one in a hundred.
import { startTables } from '../support/tables.ts';
import { fillFleet, measureTick, type DueTick } from '../support/due-tick.ts';
import { runBench, wholeNumber } from './bench.ts';

interface Options {
  readonly connections: number;
}

const tickMs = 50_000;

await runBench<Options>({
  name: 'bench:due',
  description: 'Measures one tick of upkeep over a fleet of which everything, or one in a hundred, is due.',
  options: (command) => command.option('--connections <n>', 'how many there are', wholeNumber(100, 100_000), 10_000),
  limit: 300,
  measure: async ({ connections }, progress) => {
    const ticks: DueTick[] = [];
    for (const due of [connections, Math.round(connections / 100)]) {
      const tables = await startTables();
      try {
        progress(`${connections} connections, of which ${due} are due`);
        await fillFleet(tables, { connections, due });
        ticks.push(await measureTick(tables, { connections, due }));
      } finally {
        await tables.close();
      }
    }
    const rows = ticks.map(({ calls, ms, ...rest }) => ({ ...rest, ...Object.fromEntries(['Query', 'BatchGetItem', 'GetItem', 'PutItem', 'SendMessageBatch'].map((name) => [name, calls[name] ?? 0])), ms: Math.round(ms) }));
    const [all, few] = ticks;
    return {
      tables: [{ title: 'One tick', rows }],
      findings: [
        { promise: 'every connection that is due is rung for, and no other', measured: ticks.map(({ hints }) => hints).join(', '), kept: ticks.every(({ hints, due }) => hints === due) },
        { promise: 'a tick writes one item, however many are due', measured: ticks.map(({ writeUnits }) => writeUnits).join(', '), kept: ticks.every(({ calls }) => (calls['PutItem'] ?? 0) === 1 && (calls['UpdateItem'] ?? 0) === 0) },
        { promise: 'no tick scans a table', measured: String(ticks.reduce((sum, { calls }) => sum + (calls['Scan'] ?? 0), 0)), kept: ticks.every(({ calls }) => calls['Scan'] === undefined) },
        { promise: 'its cost follows what is due: with a hundredth due, a tenth of the calls at most', measured: `${total(few)} against ${total(all)}`, kept: total(few) * 10 <= total(all) },
        { promise: `10,000 due connections fit in one tick of ${tickMs / 1000} s`, measured: `${Math.round(all?.ms ?? 0)} ms`, kept: (all?.ms ?? Infinity) < tickMs },
      ],
    };
  },
});

function total(tick: DueTick | undefined): number {
  return Object.values(tick?.calls ?? {}).reduce((sum, count) => sum + count, 0);
}
