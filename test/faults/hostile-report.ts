// npm run faults -- --hostile 100000: hostile input for every way in, with a table at the end.
import { attack } from './hostile.ts';
import { growth } from './hostile-times.ts';
import { startHostileWorld } from './hostile-world.ts';

/** How many ways in were broken into. Each failure is printed with its seed and its shrunk form. */
export async function reportHostile(attempts: number, seed: number): Promise<number> {
  let [tried, failed, mostMb] = [0, 0, 0];
  const attacked = await attack({
    attempts, seed,
    told: (one) => {
      tried += one.attempts;
      mostMb = Math.max(mostMb, process.memoryUsage.rss() / 2 ** 20);
      process.stderr.write(`${tried} of ${attempts} hostile inputs: ${one.entry}\n`);
      if (one.failure === undefined) return;
      failed += 1;
      console.log(`\n${one.entry}: ${one.failure}`);
    },
  });
  console.table(attacked.map(({ entry, attempts: times, ends, failure }) => ({ entry, attempts: times, ends: Object.entries(ends).map(([how, count]) => `${count} × ${how}`).join(', '), held: failure === undefined })));
  const world = await startHostileWorld();
  try {
    const grown = await growth(world);
    console.table(grown.map(({ what, size, ms, msOfFour, ratio }) => ({ what, size, 'ms of the processor': ms.toFixed(1), 'of four times the size': msOfFour.toFixed(1), ratio: ratio.toFixed(1) })));
  } finally {
    await world.close();
  }
  console.log(`${tried} hostile inputs, ${failed} ways in with violations, at most ${Math.round(mostMb)} MB.`);
  return failed;
}
