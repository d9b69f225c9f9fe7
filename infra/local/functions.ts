// Invokes functions: starts processes as they are needed, one invocation each, up to what is reserved and what this machine bears.
import { randomUUID } from 'node:crypto';
import { startFunctionProcess } from './function-process.ts';
import type { Calls, FunctionError, FunctionProcess, LogLine, Outcome } from './function-process.ts';
import type { FunctionPlan } from './function-plan.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Invocation {
  readonly function: string;
  readonly requestId: string;
  readonly startedAt: number;
  /** On the wall, in milliseconds, from request to answer. */
  readonly durationMs: number;
  readonly coldStart: boolean;
  readonly peakRssMb?: number;
  /** Requests that it sent, by host and port. */
  readonly calls?: Calls;
  readonly error?: FunctionError;
}

export type InvokeResult = { readonly ok: true; readonly payload: string } | { readonly ok: false; readonly throttled: boolean; readonly error: FunctionError };

export interface Functions {
  /** Throws for a name that the template does not have; every failure of the function is a value. */
  invoke(name: string, event: unknown): Promise<InvokeResult>;
  running(name: string): number;
  pids(): number[];
  close(): Promise<void>;
}

export interface FunctionsOptions {
  readonly clock: VirtualClock;
  /** At most so many processes of one function; more invocations wait. */
  readonly processes?: number;
  /** Calls are given up sooner on a fast clock. */
  readonly shortDeadlines?: boolean;
  /** A process that served nothing for so long is ended. */
  readonly idleMs?: number;
  readonly onLine: (line: LogLine) => void;
  readonly onInvocation: (invocation: Invocation) => void;
  /** Told of an invocation that found no free concurrency. */
  readonly onThrottle?: (functionName: string) => void;
}

export function runFunctions(plans: readonly FunctionPlan[], options: FunctionsOptions): Functions {
  const pools = new Map(plans.map((plan) => [plan.name, pool(plan, options)] as const));
  const find = (name: string): ReturnType<typeof pool> => {
    const found = pools.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}; there are ${[...pools.keys()].join(', ')}.`);
    return found;
  };
  return {
    invoke: async (name, event) => await find(name).invoke(JSON.stringify(event)),
    running: (name) => find(name).busy(),
    pids: () => [...pools.values()].flatMap((each) => each.pids()),
    close: async () => void (await Promise.all([...pools.values()].map((each) => each.close()))),
  };
}

const throttled: InvokeResult = { ok: false, throttled: true, error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' } };
const closing: InvokeResult = { ok: false, throttled: false, error: { errorType: 'ServiceException', errorMessage: 'The local run ends.' } };

function pool(plan: FunctionPlan, options: FunctionsOptions) {
  const { processes = 4, idleMs = 60_000 } = options;
  const reserved = plan.reservedConcurrency ?? Number.POSITIVE_INFINITY;
  const all = new Set<FunctionProcess>();
  const idle: { readonly process: FunctionProcess; readonly reap: NodeJS.Timeout }[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  const start = (): FunctionProcess => {
    const started = startFunctionProcess(plan, options);
    all.add(started);
    void started.ended.then(() => {
      all.delete(started);
      forget(started);
    });
    return started;
  };
  const forget = (gone: FunctionProcess): void => {
    const index = idle.findIndex(({ process }) => process === gone);
    if (index >= 0) clearTimeout(idle.splice(index, 1)[0]?.reap);
  };
  /** The one used last is the warmest, and leaves the others to be reaped. */
  const take = (): { process: FunctionProcess; coldStart: boolean } => {
    const warm = idle.pop();
    clearTimeout(warm?.reap);
    return warm === undefined ? { process: start(), coldStart: true } : { process: warm.process, coldStart: false };
  };
  const giveBack = (process: FunctionProcess): void => {
    const reap = (): void => {
      forget(process);
      void process.stop();
    };
    idle.push({ process, reap: setTimeout(reap, idleMs).unref() });
  };

  const serve = async (event: string): Promise<InvokeResult> => {
    const { process, coldStart } = take();
    const requestId = randomUUID();
    const startedAt = options.clock.now();
    const began = performance.now();
    const outcome: Outcome = await process.invoke(requestId, event);
    if (outcome.ok || !outcome.fatal) giveBack(process);
    options.onInvocation({
      function: plan.name,
      requestId,
      startedAt,
      durationMs: performance.now() - began,
      coldStart,
      ...(outcome.peakRssMb === undefined ? {} : { peakRssMb: outcome.peakRssMb }),
      ...(outcome.calls === undefined ? {} : { calls: outcome.calls }),
      ...(outcome.ok ? {} : { error: outcome.error }),
    });
    return outcome.ok ? { ok: true, payload: outcome.payload } : { ok: false, throttled: false, error: outcome.error };
  };

  const invoke = async (event: string): Promise<InvokeResult> => {
    if (closed) return closing;
    if (busy >= reserved) {
      options.onThrottle?.(plan.name);
      return throttled;
    }
    busy += 1;
    try {
      if (busy > processes) await new Promise<void>((resolve) => waiting.push(resolve));
      return closed ? closing : await serve(event);
    } finally {
      busy -= 1;
      waiting.shift()?.();
    }
  };

  const close = async (): Promise<void> => {
    closed = true;
    for (const wake of waiting.splice(0)) wake();
    await Promise.all([...all].map((process) => process.stop()));
  };
  return { invoke, busy: () => busy, pids: () => [...all].map(({ pid }) => pid), close };
}
