import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionPlan } from '../../../infra/local/function-plan.ts';
import { startFunctionProcess } from '../../../infra/local/function-process.ts';
import type { FunctionProcess, LogLine } from '../../../infra/local/function-process.ts';
import { virtualClock } from '../../../infra/local/virtual-clock.ts';
import { alive } from './processes.ts';

const started: FunctionProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

function start(code: string, more: Partial<FunctionPlan> & { rate?: number } = {}): FunctionProcess & { lines: LogLine[] } {
  const folder = mkdtempSync(join(tmpdir(), 'function-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'index.js'), code);
  const { rate, ...plan } = more;
  const lines: LogLine[] = [];
  const environment = { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: folder, GREETING: 'hello' };
  const full: FunctionPlan = { name: 'f', arn: 'arn:f', handler: 'index.handler', folder, memoryMb: 128, timeoutMs: 3000, logGroup: '/f', environment, ...plan };
  const process = startFunctionProcess(full, { clock: virtualClock(rate), onLine: (line) => lines.push(line) });
  started.push(process);
  return { ...process, lines };
}

describe('a function in its own process', () => {
  it('finds exactly the environment that it was given', async () => {
    const { invoke } = start('exports.handler = async () => process.env;');
    const outcome = await invoke('r1', '{}');
    const { LAMBDA_TASK_ROOT, ...environment } = JSON.parse(outcome.ok ? outcome.payload : '{}') as Record<string, string>;
    expect(LAMBDA_TASK_ROOT).toContain('function-');
    expect(environment).toEqual({ _HANDLER: 'index.handler', GREETING: 'hello' });
  });

  it('loads its code once, and keeps what the code keeps', async () => {
    const { invoke } = start('let n = 0; exports.handler = async (event) => ({ n: ++n, event });');
    expect(await invoke('r1', '{"a":1}')).toMatchObject({ ok: true, payload: '{"n":1,"event":{"a":1}}' });
    expect(await invoke('r2', 'null')).toMatchObject({ ok: true, payload: '{"n":2,"event":null}' });
  });

  it('is told what it is and how long it still has', async () => {
    const { invoke } = start('exports.handler = async (_, c) => [c.awsRequestId, c.functionName, c.memoryLimitInMB, c.invokedFunctionArn, c.getRemainingTimeInMillis() > 2000];');
    expect(await invoke('r1', '{}')).toMatchObject({ payload: '["r1","f","128","arn:f",true]' });
  });

  it('fails one invocation when it throws, and serves the next', async () => {
    const { invoke } = start("exports.handler = async (event) => { if (event.bad) throw new TypeError('no'); return 'fine'; };");
    expect(await invoke('r1', '{"bad":true}')).toMatchObject({ ok: false, fatal: false, error: { errorType: 'TypeError', errorMessage: 'no' } });
    expect(await invoke('r2', '{}')).toMatchObject({ ok: true, payload: '"fine"' });
  });

  it('is killed when its time is over', async () => {
    const { invoke, pid } = start('exports.handler = async () => { for (;;); };', { timeoutMs: 300 });
    expect(await invoke('r1', '{}')).toMatchObject({ ok: false, fatal: true, error: { errorType: 'Sandbox.Timedout' } });
    expect(alive(pid)).toBe(false);
  });

  it('fails the invocation when the process ends under it', async () => {
    const { invoke } = start('exports.handler = async () => process.exit(7);');
    expect(await invoke('r1', '{}')).toMatchObject({ ok: false, fatal: true, error: { errorMessage: expect.stringContaining('exit status 7') as unknown } });
  });

  it('dies of memory that its function has not got', async () => {
    const { invoke } = start('exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())); };', { memoryMb: 64, timeoutMs: 10_000 });
    expect(await invoke('r1', '{}')).toMatchObject({ ok: false, fatal: true, error: { errorType: 'Runtime.ExitError' } });
  });

  it.each([
    ['does not export the handler', 'exports.other = 1;', 'HandlerNotFound'],
    ['takes a callback, which Node 24 has no more', 'exports.handler = (event, context, done) => done();', 'CallbackHandlerDeprecated'],
    ['throws while it loads', "throw new Error('Missing environment: X');", 'Missing environment: X'],
  ])('fails to start when its code %s', async (_what, code, message) => {
    const { invoke } = start(code);
    expect(await invoke('r1', '{}')).toMatchObject({ ok: false, fatal: true, error: { errorMessage: expect.stringContaining(message) as unknown } });
  });

  it('has every line that it writes told apart by invocation', async () => {
    const { invoke, lines, ended, stop } = start("console.log('loading'); exports.handler = async (event) => console.log(event.say);");
    await invoke('r1', '{"say":"one"}');
    await invoke('r2', '{"say":"two"}');
    await stop();
    await ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.map(({ requestId, line }) => `${requestId} ${line}`)).toEqual(['init loading', 'r1 one', 'r2 two']);
  });

  it('sees days go by on a fast clock, but its time-out leaves room for a slow machine', async () => {
    const { invoke } = start('exports.handler = async (_, c) => { const from = Date.now(); await new Promise((done) => setTimeout(done, 50)); return [Date.now() - from, new Date() - from, c.getRemainingTimeInMillis()]; };', { rate: 1000, timeoutMs: 60_000 });
    const outcome = await invoke('r1', '{}');
    const [span = 0, again = 0, left = 0] = JSON.parse(outcome.ok ? outcome.payload : '[]') as number[];
    expect(span).toBeGreaterThanOrEqual(49_000);
    expect(again).toBeGreaterThanOrEqual(span);
    expect(left).toBeLessThan(60_000);
  });
});
