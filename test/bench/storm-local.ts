// A storm against a local run, over HTTP: the very template, its functions in processes of their own. How long a function took is told by
// its own invocation, from request to answer, and not by the client, which waits for its turn.
import { hours } from '../../lib/platform/clock.ts';
import { eachConcurrently } from '../../lib/platform/concurrently.ts';
import { deliver, weather, type Delivery } from '../support/deliveries.ts';
import { callsOf, engineCalls } from '../support/engine-calls.ts';
import { eventually } from '../support/eventually.ts';
import type { Run } from '../support/run.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import type { Finding, Report } from './bench.ts';
import { quantile } from './quantiles.ts';
import type { StormOptions } from './storm-fakes.ts';
import { allRows, differencesOf, joinFleet, type Member } from './storm-fleet.ts';
import { Answers, kinds, storm, type Sending } from './storm-mix.ts';

const [lanes, mostAttempts] = [8, 8];
const ms = (value: number | undefined): string => (value ?? Number.NaN).toFixed(1);

/** Milliseconds that the webhooks' processes took for each delivery since the last look; cold starts are left out. */
export function webhookTimes({ sandbox }: Run): () => number[] {
  const names = new Set([sandbox.outputs.functions['google-webhook'], sandbox.outputs.functions['microsoft-webhook']]);
  const times: number[] = [];
  sandbox.on('invocation', ({ function: name, durationMs, coldStart }) => {
    if (names.has(name) && !coldStart) times.push(durationMs);
  });
  return () => times.splice(0);
}

export async function measureLocal(run: Run, times: () => number[], { connections, notices, seed, progress }: StormOptions): Promise<Report> {
  const { platform, sandbox } = run;
  const { simulators } = platform.outputs;
  for (const root of [simulators.google, simulators.graph]) await weather(root, { drop: 1 });
  const members = await joinFleet(platform, { size: connections, name: `of-${connections}` });
  progress(`over HTTP: ${connections} connections are there`);
  const counted = engineCalls(platform.outputs);
  await counted.forget();
  for (const root of [simulators.google, simulators.graph]) await fetch(`${root}/_sim/requests`, { method: 'DELETE' });
  times();
  const { answers, seconds, again } = await blow(run, members, { notices, seed });
  const took = times();
  progress(`over HTTP: ${notices} notices over ${connections} connections in ${seconds.toFixed(1)} s`);
  await atRest(run);
  const wrong = [...differencesOf(members, await allRows(platform, 'busy-intervals')), ...(await asAnswered(run, members))];
  progress(`over HTTP: ${connections} connections are at rest`);
  const [tables, queues] = [await counted.tables(), await counted.queues()];
  const asked = await Promise.all([simulators.google, simulators.graph].map(async (root) => ((await (await fetch(`${root}/_sim/requests`)).json()) as LoggedRequest[]).length));
  const peak = sandbox.peakMemory();
  const memory = (name: 'google-webhook' | 'microsoft-webhook' | 'inbound-sync'): number => Math.round(peak[sandbox.outputs.functions[name]] ?? 0);
  const told = Object.fromEntries(kinds.map((kind) => [kind, answers.told(kind)]));
  const title = `Over HTTP, on a local run: ${notices} notices over ${connections} connection${connections === 1 ? '' : 's'}, ${lanes} at a time`;
  const cost = {
    'notices/s': Math.round(notices / seconds), '503, sent again': again, 'p50 ms': ms(quantile(took, 0.5)), 'p95 ms': ms(quantile(took, 0.95)), 'p99 ms': ms(quantile(took, 0.99)),
    'table writes': callsOf(tables, /^(Update|Put|Delete|BatchWrite)/), hints: callsOf(queues, /^SendMessage(Batch)? .*-inbound$/), 'provider calls': asked.reduce((a, b) => a + b, 0),
    'webhook MB': Math.max(memory('google-webhook'), memory('microsoft-webhook')), 'worker MB': memory('inbound-sync'),
  };
  return { tables: [{ title: `${title}: answers`, rows: [told] }, { title: `${title}: cost`, rows: [cost] }], findings: findingsOf(`over HTTP, ${connections}`, answers, wrong) };
}

function findingsOf(name: string, answers: Answers, wrong: readonly string[]): Finding[] {
  const honest = kinds.filter((kind) => kind !== 'forged');
  return [
    { promise: `${name}: every genuine notice is answered 2xx, after a 503 or at once`, measured: honest.map((kind) => answers.told(kind)).join('; '), kept: honest.every((kind) => answers.only(kind, 200, 202)) },
    { promise: `${name}: what is forged is 401`, measured: answers.told('forged'), kept: answers.only('forged', 401) },
    { promise: `${name}: nothing lost, nothing doubled, once all is quiet`, measured: wrong.length === 0 ? 'equal to the calendars' : wrong.slice(0, 3).join(' | ').slice(0, 400), kept: wrong.length === 0 },
  ];
}

interface Blown {
  readonly answers: Answers;
  readonly seconds: number;
  /** How often a notice was sent again after a 503. */
  readonly again: number;
}

async function blow({ platform }: Run, members: readonly Member[], { notices, seed }: { notices: number; seed: number }): Promise<Blown> {
  const answers = new Answers();
  const left: Sending<Delivery>[] = [];
  let again = 0;
  const send = async (sending: Sending<Delivery>, last: boolean): Promise<void> => {
    const { status } = await deliver(platform.outputs, sending.delivery);
    if (status === 503 && !last) left.push(sending);
    else answers.add(sending.kind, status);
  };
  const feed = storm<Delivery>(members, { notices, random: seededRandom(seed) });
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for (let next = await feed.next(); !next.done; next = await feed.next()) await send(next.value, false);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const seconds = (performance.now() - began) / 1000;
  // Both providers send again what was answered 503, later and more slowly.
  for (let attempt = 1; attempt <= mostAttempts && left.length > 0; attempt += 1) {
    const waiting = left.splice(0);
    again += waiting.length;
    await eachConcurrently(waiting, 2, (sending) => send(sending, attempt === mostAttempts));
  }
  return { answers, seconds, again };
}

const atRest = ({ platform }: Run): Promise<true> =>
  eventually('no connection is dirty', async () => !(await allRows(platform, 'sync-state')).some(({ dirtySince }) => dirtySince !== undefined) && true, { withinMs: 150_000, everyMs: 500 });

/** What the platform is answered for some of them. */
async function asAnswered({ platform }: Run, members: readonly Member[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { providerId, events } of members.slice(0, 20)) {
    const ends = [...events].map((event) => Date.parse(event.split(' ')[1] ?? ''));
    const { busy } = await platform.busy(providerId, Date.now(), Math.max(Date.now(), ...ends) + hours(1));
    if (busy.length !== events.size) wrong.push(`${providerId} is told ${busy.length} busy times of ${events.size}`);
  }
  return wrong;
}
