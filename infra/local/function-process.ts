// One execution environment of one function: a Node process with the function's bundle, memory and environment, that serves one invocation at a time.
import { createInterface } from 'node:readline';
import { startChild } from './child-process.ts';
import type { Child } from './child-process.ts';
import type { FunctionPlan } from './function-plan.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

/** How many requests an invocation sent, by host and port. */
export type Calls = Readonly<Record<string, number>>;

export type Outcome =
  | { readonly ok: true; readonly payload: string; readonly peakRssMb: number; readonly calls: Calls }
  /** `fatal`: the process is gone, by time-out, crash or failed start. */
  | { readonly ok: false; readonly error: FunctionError; readonly fatal: boolean; readonly peakRssMb?: number; readonly calls?: Calls };

export interface LogLine {
  readonly function: string;
  /** Of the invocation that was running, or `init`. */
  readonly requestId: string;
  readonly at: number;
  readonly line: string;
}

export interface FunctionProcess {
  readonly pid: number;
  /** Settles when the process is gone. */
  readonly ended: Promise<string>;
  invoke(requestId: string, event: string): Promise<Outcome>;
  stop(): Promise<void>;
}

interface Message {
  readonly ready?: true;
  readonly failed?: FunctionError;
  readonly payload?: string;
  readonly error?: FunctionError;
  readonly peakRssMb?: number;
  readonly calls?: Calls;
}

/** Lambda ends an initialization that takes longer; it does not count towards the function's time-out. */
const initLimitMs = 10_000;
/** On a fast clock a time-out divided as everything else would be shorter than a cold call of the engines takes. */
const leastTimeoutMs = 10_000;

export function startFunctionProcess(plan: FunctionPlan, options: { clock: VirtualClock; shortDeadlines?: boolean; onLine: (line: LogLine) => void }): FunctionProcess {
  const { clock, shortDeadlines = false } = options;
  const child = startChild('function-bootstrap.mjs', {
    nodeOptions: [...clock.preload(shortDeadlines ? 'dates and deadlines' : 'dates'), `--max-old-space-size=${Math.floor(plan.memoryMb * 0.9)}`],
    env: { ...plan.environment },
    cwd: plan.folder,
  });
  collectLines(child, plan.name, options);
  const ready = within(initLimitMs, child, (message) => message.ready === true || message.failed !== undefined);

  const invoke = async (requestId: string, event: string): Promise<Outcome> => {
    const started = await ready;
    if (started.message?.ready !== true) {
      await child.stop();
      const error = started.message?.failed ?? { errorType: 'Runtime.ExitError', errorMessage: `Initialization ${started.failure}` };
      return { ok: false, fatal: true, error };
    }
    const limit = Math.max(clock.wall(plan.timeoutMs), Math.min(plan.timeoutMs, leastTimeoutMs));
    const answered = within(limit, child, (message) => message.payload !== undefined || message.error !== undefined);
    child.process.send({ event, left: Math.min(plan.timeoutMs, limit * clock.rate), context: contextOf(plan, requestId) });
    const { message, failure } = await answered;
    if (message?.payload !== undefined) return { ok: true, payload: message.payload, peakRssMb: message.peakRssMb ?? 0, calls: message.calls ?? {} };
    if (message?.error !== undefined) return { ok: false, fatal: false, error: message.error, ...(message.peakRssMb === undefined ? {} : { peakRssMb: message.peakRssMb }), ...(message.calls && { calls: message.calls }) };
    await child.stop();
    return { ok: false, fatal: true, error: { errorType: failure === 'timed out' ? 'Sandbox.Timedout' : 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Task ${failure} (limit ${plan.timeoutMs / 1000} s)` } };
  };
  return { pid: child.pid, ended: child.ended, invoke, stop: child.stop };
}

const contextOf = (plan: FunctionPlan, awsRequestId: string): object => ({
  awsRequestId,
  functionName: plan.name,
  functionVersion: '$LATEST',
  invokedFunctionArn: plan.arn,
  memoryLimitInMB: String(plan.memoryMb),
  logGroupName: plan.logGroup,
  logStreamName: 'local',
});

interface Awaited {
  readonly message?: Message;
  readonly failure: string;
}

/** The first message that `fits`; without one, how it failed: time, or the end of the process. */
async function within(limitMs: number, child: Child, fits: (message: Message) => boolean): Promise<Awaited> {
  let timer: NodeJS.Timeout | undefined;
  let listener: ((message: unknown) => void) | undefined;
  try {
    return await Promise.race([
      new Promise<Awaited>((resolve) => {
        listener = (message) => {
          if (fits(message as Message)) resolve({ message: message as Message, failure: '' });
        };
        child.process.on('message', listener);
      }),
      new Promise<Awaited>((resolve) => {
        timer = setTimeout(() => resolve({ failure: 'timed out' }), limitMs);
      }),
      child.ended.then((how) => ({ failure: `ended with ${how}` })),
    ]);
  } finally {
    clearTimeout(timer);
    if (listener !== undefined) child.process.off('message', listener);
  }
}

/** The bootstrap writes a START line before each invocation to the same pipe, so that every following line finds its request. */
function collectLines(child: Child, name: string, { clock, onLine }: { clock: VirtualClock; onLine: (line: LogLine) => void }): void {
  let requestId = 'init';
  for (const stream of [child.process.stdout, child.process.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const started = /^START RequestId: (\S+) Version: /.exec(line)?.[1];
      if (started === undefined) onLine({ function: name, requestId, at: clock.now(), line });
      else requestId = started;
    });
  }
}
