// Whether forged notices slow genuine ones: in quiet and in a storm, in turns, so that whatever else the machine does befalls both. Over HTTP
// as many forged as genuine ones are under way; in memory nine come before each.
import { quiet } from '../faults/quiet.ts';
import { startFaultWorld } from '../faults/fault-world.ts';
import { deliver } from '../support/deliveries.ts';
import type { Run } from '../support/run.ts';
import type { Report } from './bench.ts';
import { quantile } from './quantiles.ts';
import { cpuMs, targetOf } from './storm-fakes.ts';
import { joinFleet } from './storm-fleet.ts';

const [turns, each, lanes, forgedBefore] = [10, 40, 4, 9];
const most = 2;
interface Taken {
  readonly quiet: number[];
  readonly storm: number[];
}

export async function measureHonest({ platform, sandbox }: Run, { progress }: { progress: (line: string) => void }): Promise<Report> {
  const [member] = await joinFleet(platform, { size: 1, name: 'honest' });
  if (!member) throw new Error('Nobody is there.');
  const own = new URL(platform.outputs.endpoints.dynamodb).host;
  let honest: number[] = [];
  // A forged notice makes no call to a table, and a genuine one does: so they are told apart.
  sandbox.on('invocation', ({ function: name, durationMs, calls }) => {
    if (name === platform.outputs.functions['google-webhook'] && (calls?.[own] ?? 0) > 0) honest.push(durationMs);
  });
  let n = 0;
  const some = async (): Promise<number[]> => {
    honest = [];
    const lane = async (): Promise<void> => {
      for (let sent = 0; sent < each / lanes; sent += 1) await deliver(platform.outputs, member.genuine((n += 1)));
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return honest;
  };
  const taken: Taken = { quiet: [], storm: [] };
  let forged = 0;
  await some();
  for (let turn = 0; turn < turns; turn += 1) {
    taken.quiet.push(...(await some()));
    let blowing = true;
    const forging = Array.from({ length: lanes }, async () => {
      for (; blowing; forged += 1) await deliver(platform.outputs, member.forged(forged));
    });
    taken.storm.push(...(await some()));
    blowing = false;
    await Promise.all(forging);
  }
  progress(`over HTTP: ${forged} forged beside ${taken.storm.length} genuine notices`);
  return reportOf(`over HTTP, ${lanes} genuine and ${lanes} forged at a time`, taken, forged);
}

/** Time of the processor, one notice at a time. */
export async function measureHonestInMemory({ progress }: { progress: (line: string) => void }): Promise<Report> {
  const world = await startFaultWorld(1);
  try {
    const target = targetOf(world, await world.connect('google').then(async (person) => (await quiet(world), person)));
    const taken: Taken = { quiet: [], storm: [] };
    const once = async (delivery: ReturnType<typeof target.genuine>): Promise<number> => {
      const began = process.cpuUsage();
      await world.functions.webhook.google(delivery);
      return cpuMs(began);
    };
    for (let n = 0; n < turns * each; n += 1) await once(target.genuine(n));
    for (let n = turns * each; n < 3 * turns * each; n += 2) {
      taken.quiet.push(await once(target.genuine(n)));
      for (let forged = 0; forged < forgedBefore; forged += 1) await once(target.forged(n * forgedBefore + forged));
      taken.storm.push(await once(target.genuine(n + 1)));
    }
    progress(`in memory: ${forgedBefore} forged before each of ${taken.storm.length} genuine notices`);
    return reportOf(`in memory, ${forgedBefore} forged before each genuine one`, taken, forgedBefore * taken.storm.length);
  } finally {
    await world.close();
  }
}

function reportOf(how: string, taken: Taken, forged: number): Report {
  const rows = (['quiet', 'storm'] as const).map((when) => ({ when, genuine: taken[when].length, forged: when === 'storm' ? forged : 0, ...Object.fromEntries([0.5, 0.95, 0.99].map((share) => [`p${share * 100} ms`, (quantile(taken[when], share) ?? Number.NaN).toFixed(2)])) }));
  const [calm, stormy] = [quantile(taken.quiet, 0.95) ?? Number.NaN, quantile(taken.storm, 0.95) ?? Number.NaN];
  return {
    tables: [{ title: `Genuine notices, in turns in quiet and in a forged storm: ${how}`, rows }],
    findings: [{ promise: `${how}: genuine notices stay within ${most} times their quiet p95`, measured: `${(stormy / calm).toFixed(2)} times`, kept: stormy <= most * calm }],
  };
}
