// Runs the synthesized stack on this machine. Used by `npm start`, by journey tests and by benches; many may run at a time.
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiGateway } from './api-gateway.ts';
import type { ApiGateway } from './api-gateway.ts';
import { planApi, registerApi } from './api-routes.ts';
import type { Child } from './child-process.ts';
import type { AlarmStatus } from './cloudwatch/alarm-watch.ts';
import type { Transition } from './cloudwatch/alarms.ts';
import { startCloudWatch } from './cloudwatch/cloudwatch.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { disturbance } from './disturbance.ts';
import type { Disturbance } from './disturbance.ts';
import { functionLogs } from './function-logs.ts';
import { planFunctions, registerFunctions } from './function-plan.ts';
import type { FunctionPlan } from './function-plan.ts';
import type { LogLine } from './function-process.ts';
import { runFunctions } from './functions.ts';
import type { Functions, InvokeResult, Invocation } from './functions.ts';
import { shortFunctions, shortQueues, shortTables, variable } from './outputs.ts';
import type { Endpoints, Outputs } from './outputs.ts';
import { planMappings, startPoller } from './queue-poller.ts';
import { createQueues, startQueueEngine } from './queues.ts';
import type { LocalQueue } from './queues.ts';
import { takeFolder } from './run-folder.ts';
import { plantParameters, startParameterServer } from './ssm.ts';
import { providerEnvironment, startSimulators } from './simulators.ts';
import type { Simulators } from './simulators.ts';
import { projectRoot, readStack, synthesize } from './synthesis.ts';
import type { SynthesizedStack } from './synthesis.ts';
import { createTables, startTableEngine } from './tables.ts';
import { localStack, place, text } from './template.ts';
import type { LocalStack } from './template.ts';
import { planTimers, startTimer } from './timer.ts';
import type { FunctionName } from '../../lib/platform/names.ts';
import { virtualClock } from './virtual-clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface SandboxOptions {
  /** Holds outputs.json and logs/; a folder in use by another run is left alone and a subfolder taken. Default: .sandbox */
  readonly folder?: string;
  /** Of the HTTP API; a free one unless given. */
  readonly port?: number;
  /** How many times as fast timers, visibility and delays run. */
  readonly clock?: number;
  readonly seed?: number;
  readonly disturb?: Omit<Disturbance, 'seed'>;
  /** Processes of one function at a time. */
  readonly processes?: number;
  /** Calls of functions are given up sooner on a fast clock, so that one which hangs ends before its lease: a cold start that they wait for must not take long. */
  readonly shortDeadlines?: boolean;
  /** False: the template's timers do not tick, and tests invoke the function themselves. */
  readonly timers?: boolean;
  /** A stack to run instead of synthesizing the project's. */
  readonly stack?: SynthesizedStack;
  /** False: no simulator is started, and functions keep the template's addresses of the calendar providers. */
  readonly simulators?: boolean;
  /** Gives up a start that is under way; nothing that it started is left. */
  readonly signal?: AbortSignal;
}

export interface SandboxEvents {
  readonly invocation: [Invocation];
  readonly log: [LogLine];
  readonly trouble: [string];
  /** An alarm of the template changed its state. */
  readonly alarm: [Transition];
}

export interface Sandbox extends Outputs {
  readonly folder: string;
  readonly outputs: Outputs;
  readonly clock: VirtualClock;
  /** By short or physical name. */
  invoke(functionName: string, payload: unknown): Promise<InvokeResult>;
  logs(functionName: string): readonly LogLine[];
  /** The template's alarms, as they stand. */
  alarms(): AlarmStatus[];
  /** The figures that functions and engines sent, and every change of an alarm. */
  readonly metrics: Pick<CloudWatch, 'figure' | 'history' | 'emf'>;
  /** Largest resident memory seen of each function, in MB, by physical name. */
  peakMemory(): Record<string, number>;
  on<E extends keyof SandboxEvents>(event: E, listen: (...args: SandboxEvents[E]) => void): void;
  /** Every process that this run has started and not ended. */
  pids(): number[];
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  await using closing = new AsyncDisposableStack();
  const base = options.folder ?? join(projectRoot, '.sandbox');
  const source = options.stack ?? readStack(await synthesize(join(projectRoot, '.sandbox', 'assemblies'), options.signal));
  const stack = localStack(source);
  const clock = virtualClock(options.clock);
  const folder = takeFolder(base);
  closing.defer(() => folder.release());
  const events = new EventEmitter<{ [E in keyof SandboxEvents]: SandboxEvents[E] }>();

  const onTrouble = (trouble: string): void => void events.emit('trouble', trouble);
  const engines = await startEngines(stack, { options, clock, closing, events });
  const { cloudwatch } = engines;
  const plans = planFunctions(stack, {
    endpoints: engines.endpoints,
    providers: engines.simulators === undefined ? {} : providerEnvironment(engines.simulators.urls),
    localize: (value) => value.replaceAll(`https://local.execute-api.${place.region}.${place.suffix}`, new URL(engines.gateway.url).origin),
    folder: folder.path,
  });
  options.signal?.throwIfAborted();
  const logs = functionLogs(join(folder.path, 'logs'));
  closing.defer(() => logs.close());
  const peaks = new Map<string, number>();
  const functions = runFunctions(plans, {
    clock,
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    ...(options.shortDeadlines === true && { shortDeadlines: true }),
    onLine: (line) => {
      logs.add(line);
      cloudwatch.line(line);
      events.emit('log', line);
    },
    onInvocation: (invocation) => {
      peaks.set(invocation.function, Math.max(peaks.get(invocation.function) ?? 0, invocation.peakRssMb ?? 0));
      cloudwatch.invoked(invocation);
      events.emit('invocation', invocation);
    },
    onThrottle: cloudwatch.throttled,
  });
  startTraffic(stack, { options, clock, closing, engines, functions, onTrouble });
  let ending = false;
  closing.defer(() => void (ending = true));
  for (const { process: engine, ended } of engines.children) {
    void ended.then((how) => (ending ? undefined : onTrouble(`${engine.spawnargs.slice(-3).join(' ')} ended by itself: ${how}. Nothing works without it; start again.`)));
  }
  const outputs = outputsOf(engines, plans);
  writeFileSync(join(folder.path, 'outputs.json'), `${JSON.stringify(outputs, null, 2)}\n`);

  const running = closing.move();
  let closed: Promise<void> | undefined;
  const physical = (name: string): string => (name in outputs.functions ? outputs.functions[name as FunctionName] : name);
  return {
    ...outputs,
    outputs,
    folder: folder.path,
    clock,
    invoke: (name, payload) => functions.invoke(physical(name), payload),
    logs: (name) => logs.of(physical(name)),
    alarms: cloudwatch.alarms,
    metrics: cloudwatch,
    peakMemory: () => Object.fromEntries(plans.map(({ name }) => [name, peaks.get(name) ?? 0])),
    on: (event, listen) => void events.on(event, listen as never),
    pids: () => [...functions.pids(), ...engines.children.map(({ pid }) => pid)],
    close: () => (closed ??= running.disposeAsync()),
  };
}

interface Engines {
  readonly endpoints: Endpoints;
  readonly tables: readonly string[];
  readonly queues: readonly LocalQueue[];
  readonly simulators: Simulators | undefined;
  readonly gateway: ApiGateway;
  readonly cloudwatch: CloudWatch;
  readonly children: readonly Child[];
  /** The queue engine is somebody else's. */
  readonly queuesShared: boolean;
}

interface Start {
  readonly options: SandboxOptions;
  readonly clock: VirtualClock;
  readonly closing: AsyncDisposableStack;
  readonly events: EventEmitter<{ [E in keyof SandboxEvents]: SandboxEvents[E] }>;
}

/** Starts what functions talk to, and registers every resource that a function's environment may name. */
async function startEngines(stack: LocalStack, { options, clock, closing, events }: Start): Promise<Engines> {
  /** One that fails does not stop the others from being ended: each is registered as soon as it is there. */
  const ended = async <T extends { child?: { stop(): Promise<void> } }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    closing.defer(() => started.child?.stop());
    return started;
  };
  const started = await Promise.allSettled([
    ended(startTableEngine()),
    ended(startQueueEngine(clock)),
    options.simulators === false ? undefined : ended(startSimulators(clock, { seed: options.seed ?? 1 })),
  ]);
  const [table, queue, simulators] = started.map((each) => valueOf<unknown>(each)) as [Awaited<ReturnType<typeof startTableEngine>>, Awaited<ReturnType<typeof startQueueEngine>>, Simulators | undefined];
  const ssm = await startParameterServer(clock.now);
  closing.defer(() => ssm.close());
  const [stageResource] = stack.of('AWS::ApiGatewayV2::Stage');
  const stage = stageResource === undefined ? '$default' : (text(stageResource, 'StageName') ?? '$default');
  const cloudwatch = await startCloudWatch({ clock, stage, onTransition: (transition) => void events.emit('alarm', transition), onTrouble: (trouble) => void events.emit('trouble', trouble) });
  closing.defer(() => cloudwatch.close());
  const gateway = await startApiGateway({ clock, stage, onAnswer: cloudwatch.answered, ...(options.port === undefined ? {} : { port: options.port }) });
  closing.defer(() => gateway.close());
  const [tables, queues] = await Promise.all([createTables(stack, table.url), createQueues(stack, queue.url), plantParameters(stack, ssm.url)]);
  registerApi(stack, gateway.url);
  registerFunctions(stack);
  cloudwatch.start(stack, { queues, endpoint: queue.url, ...(table.child && { tables: table.url }) });
  const children = [table.child, queue.child, simulators?.child].filter((child) => child !== undefined);
  return { endpoints: { dynamodb: table.url, sqs: queue.url, ssm: ssm.url, cloudwatch: cloudwatch.url }, cloudwatch, tables, queues, simulators, gateway, children, queuesShared: queue.child === undefined };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

interface Traffic extends Omit<Start, 'events'> {
  readonly engines: Engines;
  readonly functions: Functions;
  readonly onTrouble: (trouble: string) => void;
}

/** Opens what invokes functions: routes, queues, timers. Closed in turn: nothing new first, then the functions, then who waits for them. */
function startTraffic(stack: LocalStack, { options, clock, closing, engines, functions, onTrouble }: Traffic): void {
  engines.gateway.serve(planApi(stack), functions);
  const disturb = disturbance({ seed: options.seed ?? 1, ...options.disturb });
  const pollers = planMappings(stack, engines.queues).map((mapping) => startPoller(mapping, { endpoint: engines.endpoints.sqs, functions, clock, disturb, shared: engines.queuesShared, onTrouble }));
  const timers = options.timers === false ? [] : planTimers(stack).map((timer) => startTimer(timer, { functions, clock }));
  closing.defer(async () => {
    for (const timer of timers) timer.close();
    const ending = pollers.map((poller) => poller.close());
    await functions.close();
    await Promise.all(ending);
  });
}

function outputsOf({ endpoints, queues, tables, simulators, gateway }: Engines, plans: readonly FunctionPlan[]): Outputs {
  return {
    apiUrl: gateway.url,
    queues: shortQueues(plans, queues),
    tables: shortTables(plans, tables),
    endpoints,
    simulators: simulators?.urls ?? { google: '', googleOauth: '', graph: '', login: '' },
    functions: shortFunctions(plans),
    settingsPath: variable(plans, 'SETTINGS_PATH') ?? '',
    pid: process.pid,
  };
}
