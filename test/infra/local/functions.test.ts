import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFunctions } from '../../../infra/local/functions.ts';
import type { Functions, FunctionsOptions } from '../../../infra/local/functions.ts';
import { rateMs } from '../../../infra/local/timer.ts';
import { virtualClock } from '../../../infra/local/virtual-clock.ts';
import { alive, until } from './processes.ts';

let functions: Functions | undefined;
afterEach(() => functions?.close());

function run(code: string, { reservedConcurrency, ...options }: Partial<FunctionsOptions> & { reservedConcurrency?: number } = {}): Functions {
  const folder = mkdtempSync(join(tmpdir(), 'functions-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'index.js'), code);
  const plan = { name: 'f', arn: 'arn:f', handler: 'index.handler', folder, memoryMb: 128, timeoutMs: 5000, logGroup: '/f', environment: { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: folder } };
  functions = runFunctions([{ ...plan, ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }) }], { clock: virtualClock(), onLine: () => undefined, onInvocation: () => undefined, ...options });
  return functions;
}

const slow = 'exports.handler = async () => { await new Promise((done) => setTimeout(done, 100)); return process.pid; };';

describe('invoking functions', () => {
  it('throttles what goes beyond the reserved concurrency, at once', async () => {
    const { invoke } = run(slow, { reservedConcurrency: 1 });
    const [first, second] = await Promise.all([invoke('f', {}), invoke('f', {})]);
    expect(first.ok).toBe(true);
    expect(second).toMatchObject({ ok: false, throttled: true });
  });

  it('lets wait what goes beyond the processes that this machine bears', async () => {
    const { invoke } = run(slow, { processes: 1 });
    const results = await Promise.all([invoke('f', {}), invoke('f', {}), invoke('f', {})]);
    expect(new Set(results.map((result) => (result.ok ? result.payload : 'failed'))).size).toBe(1);
  });

  it('ends a process that has nothing to do for a while', async () => {
    const { invoke, pids } = run(slow, { idleMs: 50 });
    await invoke('f', {});
    const [pid = 0] = pids();
    expect(alive(pid)).toBe(true);
    await until('the idle process is ended', () => pids().length === 0 && !alive(pid));
    expect((await invoke('f', {})).ok).toBe(true);
  });

  it('fails what is under way, and starts nothing new, when it is closed', async () => {
    const { invoke, close, pids } = run('exports.handler = () => new Promise(() => setTimeout(() => undefined, 60_000));', { processes: 1 });
    const under = [invoke('f', {}), invoke('f', {})];
    await until('a process', () => pids().length === 1);
    await close();
    expect((await Promise.all(under)).map(({ ok }) => ok)).toEqual([false, false]);
    expect([(await invoke('f', {})).ok, pids()]).toEqual([false, []]);
  });

  it('names the functions that there are to who asks for another', async () => {
    await expect(run(slow).invoke('g', {})).rejects.toThrow('There is no function g; there are f.');
  });
});

describe("a timer's rate", () => {
  it.each([['rate(1 minute)', 60_000], ['rate(5 minutes)', 300_000], ['rate(2 hours)', 7_200_000], ['rate(1 day)', 86_400_000]])('%s', (expression, ms) => {
    expect(rateMs(expression, 'Rule')).toBe(ms);
  });

  it.each(['cron(0 12 * * ? *)', 'rate(0 minutes)', ''])('%s does not run here', (expression) => {
    expect(() => rateMs(expression, 'Rule')).toThrow('Rule: only rates run here');
  });
});
