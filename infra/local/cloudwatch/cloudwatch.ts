// CloudWatch on this machine: takes figures from the functions' output and from what runs here, and lets the template's alarms ring.
import type { LogLine } from '../function-process.ts';
import type { Invocation } from '../functions.ts';
import type { LocalQueue } from '../queues.ts';
import type { LocalStack } from '../template.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { watchAlarms, type AlarmStatus } from './alarm-watch.ts';
import { planAlarms, type Transition } from './alarms.ts';
import { readEmf } from './emf.ts';
import { metricStore, type MetricKey } from './metric-store.ts';
import { operations, type Operations } from './operations.ts';
import { startCloudWatchServer } from './server.ts';
import { apiFigures, lambdaFigures, queueDepths, tableThrottles } from './vended.ts';

export interface CloudWatch {
  /** Where its calls are answered; an outside one, where AWS_ENDPOINT_URL_CLOUDWATCH names it. */
  readonly url: string;
  readonly alarms: () => AlarmStatus[];
  readonly history: () => readonly Transition[];
  /** A statistic of a metric over from ≤ t < to, in ms of the run's clock. */
  readonly figure: (key: MetricKey, stat: string, span: { readonly from: number; readonly to: number }) => number | undefined;
  /** How many EMF lines came, and why some were ignored. */
  readonly emf: () => { readonly lines: number; readonly ignored: readonly string[] };
  readonly line: (line: LogLine) => void;
  readonly invoked: (invocation: Invocation) => void;
  readonly throttled: (functionName: string) => void;
  readonly answered: (answer: { readonly status: number; readonly ms: number }) => void;
  /** Begins to evaluate. Only now are all names known that alarms refer to. */
  readonly start: (stack: LocalStack, engines: { readonly queues: readonly LocalQueue[]; readonly endpoint: string; /** Absent: the tables are somebody else's. */ readonly tables?: string | undefined }) => void;
  close(): Promise<void>;
}

interface CloudWatchOptions {
  readonly clock: VirtualClock;
  readonly stage: string;
  readonly onTransition: (transition: Transition) => void;
  readonly onTrouble: (trouble: string) => void;
  readonly given?: string | undefined;
}

const minute = 60_000;

export async function startCloudWatch({ clock, stage, onTransition, onTrouble, given = process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] }: CloudWatchOptions): Promise<CloudWatch> {
  const store = metricStore();
  const ignored: string[] = [];
  let lines = 0;
  let watch = watchAlarms([], { startedAt: clock.now(), onTransition });
  let answers: Operations = operations(store, watch, clock.now);
  let stop: () => Promise<void> = () => Promise.resolve();
  const server = given ? undefined : await startCloudWatchServer(() => answers, store.add);
  const lambda = lambdaFigures(store.add);
  const api = apiFigures(store.add);
  return {
    url: given ?? server?.url ?? '',
    alarms: () => watch.statuses(),
    history: () => watch.history(),
    figure: store.read,
    emf: () => ({ lines, ignored }),
    line: ({ line, at }) => {
      const reading = readEmf(line, at);
      if (reading === undefined) return;
      lines += 1;
      if (reading.kind === 'invalid') ignored.push(`${reading.reason}: ${line.slice(0, 300)}`);
      else for (const sample of reading.samples) store.add(sample);
    },
    invoked: ({ function: name, startedAt, durationMs, error }) => lambda(name, startedAt, { Invocations: 1, Errors: Number(error !== undefined), Duration: durationMs, Throttles: 0 }),
    throttled: (name) => lambda(name, clock.now(), { Throttles: 1 }),
    answered: ({ status, ms }) => api({ apiId: 'local', stage, status, ms, at: clock.now() }),
    start: (stack, { tables, ...queues }) => {
      watch = watchAlarms(planAlarms(stack, store), { startedAt: clock.now(), onTransition });
      answers = operations(store, watch, clock.now);
      stop = everyMinute({ clock, depths: queueDepths(store.add, queues), throttles: tables === undefined ? () => Promise.resolve() : tableThrottles(store.add, tables), evaluate: watch.evaluate, onTrouble });
    },
    close: async () => {
      await stop();
      await server?.close();
    },
  };
}

interface Minutes {
  readonly clock: VirtualClock;
  readonly depths: ReturnType<typeof queueDepths>;
  /** Counts what was throttled as of a moment. */
  readonly throttles: (at: number) => Promise<void>;
  readonly evaluate: (minuteEnd: number) => void;
  readonly onTrouble: (trouble: string) => void;
}

/** Evaluates every minute of the run's clock, none left out, a little after its end: lines of its last moments are still on their way. */
function everyMinute({ clock, depths, throttles, evaluate, onTrouble }: Minutes): () => Promise<void> {
  const late = Math.max(5_000, 300 * clock.rate);
  let next = Math.ceil(clock.now() / minute) * minute;
  let working: Promise<void> = Promise.resolve();
  let idle = true;
  const work = async (): Promise<void> => {
    if (clock.now() < next + late) return;
    await Promise.all([depths.look(), throttles(next - 1)]);
    for (; clock.now() >= next + late; next += minute) {
      depths.tell(next - minute);
      evaluate(next);
    }
  };
  const timer = setInterval(() => {
    if (!idle) return;
    idle = false;
    working = work().catch((error: unknown) => onTrouble(`The alarms were not evaluated: ${error instanceof Error ? error.message : String(error)}`)).finally(() => (idle = true));
  }, Math.max(50, Math.min(1_000, clock.wall(minute / 4))));
  return async () => {
    clearInterval(timer);
    await working;
    depths.close();
  };
}
