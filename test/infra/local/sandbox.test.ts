import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../../infra/local/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../../infra/local/sandbox.ts';
import type { SynthesizedStack } from '../../../infra/local/synthesis.ts';
import { localQueue } from './local-queue.ts';
import { alive, until } from './processes.ts';
import { smallStack } from './small-stack.ts';

let stack: SynthesizedStack;
beforeAll(() => {
  stack = smallStack();
}, 30_000);

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ folder: mkdtempSync(join(tmpdir(), 'sandbox-')), stack, simulators: false, ...options });
  running.push(sandbox);
  return sandbox;
}

interface Echoed {
  readonly event: { readonly routeKey: string; readonly pathParameters: Record<string, string> };
  readonly environment: Record<string, string>;
  readonly pid: number;
}

describe('a synthesized stack on this machine', () => {
  it('answers on its routes with its functions, each in an environment that names what runs here', async () => {
    const { apiUrl, queues, tables, endpoints } = await start();
    const answer = await fetch(`${apiUrl}/v1/things/7`);
    const { event, environment } = (await answer.json()) as Echoed;
    expect(answer.status).toBe(201);
    expect(event).toMatchObject({ routeKey: 'GET /v1/{what}/{id}', pathParameters: { what: 'things', id: '7' } });
    expect(environment).toMatchObject({
      SYNC_STATE_TABLE: tables['sync-state'],
      INBOUND_QUEUE_URL: queues.inbound,
      PUBLIC_URL: `${apiUrl}/`,
      AWS_LAMBDA_FUNCTION_NAME: 'small-availability',
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_CLOUDWATCH: endpoints.cloudwatch,
      TZ: ':UTC',
    });
    expect(environment).not.toHaveProperty('PATH');
  });

  it('starts a function cold once, then keeps it warm; one that crashed starts cold again', async () => {
    const sandbox = await start();
    const starts: boolean[] = [];
    sandbox.on('invocation', ({ coldStart }) => starts.push(coldStart));
    const call = async (path: string): Promise<number> => (await fetch(`${sandbox.apiUrl}/v1/${path}`)).status;
    expect([await call('a/b'), await call('a/b'), await call('crash/now'), await call('a/b'), await call('throw/now'), await call('a/b')]).toEqual([201, 201, 500, 201, 500, 201]);
    const counted = (namespace: string, name: string, dimensions: Record<string, string>) => sandbox.metrics.figure({ namespace, name, dimensions }, 'Sum', { from: 0, to: sandbox.clock.now() + 60_000 });
    expect([counted('AWS/ApiGateway', 'Count', { ApiId: 'local' }), counted('AWS/ApiGateway', '5xx', { ApiId: 'local' }), counted('AWS/Lambda', 'Invocations', { FunctionName: 'small-availability' }), counted('AWS/Lambda', 'Errors', { FunctionName: 'small-availability' })]).toEqual([6, 2, 6, 2]);
    expect(starts).toEqual([true, false, false, true, false, false]);
    expect(sandbox.peakMemory()['small-availability']).toBeGreaterThan(20);
  });

  it('serves many at once in processes of their own, up to a cap', async () => {
    const { apiUrl } = await start({ processes: 2 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${apiUrl}/v1/a/b`).then((answer) => answer.json() as Promise<Echoed>)));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
  });

  it.each([
    ['an unknown route', '/nothing', {}, 404, 'Not Found'],
    ['headers over 10,240 bytes', '/v1/a/b', { headers: { 'x-long': 'x'.repeat(10_300) } }, 431, 'Request Header Fields Too Large'],
    ['a body over 10 MB', '/v1/a/b', { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) }, 413, 'Request Too Long'],
    ['a body too long for Lambda', '/v1/a/b', { method: 'POST', body: 'x'.repeat(7 * 1024 * 1024), headers: { 'content-type': 'text/plain' } }, 413, 'Request Too Long'],
  ])('the gateway itself refuses %s', async (_what, path, init, status, message) => {
    const { apiUrl } = await start();
    const answer = await fetch(apiUrl + path, init);
    expect([answer.status, await answer.json()]).toEqual([status, { message }]);
  });

  it('hands a batch to its worker; what it fails comes again and ends in the dead-letter queue, its neighbours do not', async () => {
    const sandbox = await start({ clock: 5 });
    const queue = localQueue(sandbox.endpoints.sqs);
    await queue.send(sandbox.queues.inbound, 'good 1', 'bad', 'good 2');
    const dead = await queue.take(sandbox.queues['inbound-dead']);
    expect(dead?.Body).toBe('bad');
    const batches = sandbox.logs('inbound-sync').map(({ line }) => (JSON.parse(line) as { bodies: string[] }).bodies);
    expect(batches.flat().sort()).toEqual(['bad', 'bad', 'good 1', 'good 2']);
    expect(await queue.size(sandbox.queues.inbound)).toBe(0);
    queue.close();
  });

  it('delivers twice and out of order when told to, and still empties the queue', async () => {
    const sandbox = await start({ disturb: { shuffle: true, double: 1, delayMs: 20 }, seed: 5 });
    const queue = localQueue(sandbox.endpoints.sqs);
    await queue.send(sandbox.queues.inbound, '1', '2', '3');
    const seen = (): string[] => sandbox.logs('inbound-sync').flatMap(({ line }) => (JSON.parse(line) as { bodies: string[] }).bodies);
    await until('each message is delivered twice', () => seen().length >= 6);
    expect(seen().sort()).toEqual(['1', '1', '2', '2', '3', '3']);
    await until('the queue is empty', async () => (await queue.size(sandbox.queues.inbound)) === 0);
    queue.close();
  });

  it('ticks its timers as fast as the clock runs, and its alarms ring on the metrics that functions print', async () => {
    const sandbox = await start({ clock: 200 });
    const rang: string[] = [];
    sandbox.on('alarm', ({ alarm, to }) => rang.push(`${alarm} ${to}`));
    expect(sandbox.alarms()).toMatchObject([{ name: 'small-ticking', state: 'INSUFFICIENT_DATA' }]);
    const ticks = () => sandbox.logs('upkeep').map(({ line }) => JSON.parse(line) as { tick: string; at: number });
    // Two periods of a minute on the function's own clock; those that a busy machine held up come closer together.
    await until('three ticks of a minute', () => ticks().some(({ at }, n, { [n + 2]: third }) => third !== undefined && third.at - at > 60_000));
    expect(ticks()[0]?.tick).toBe('Scheduled Event');
    await until('the alarm rang', () => rang.includes('small-ticking ALARM'));
    expect(sandbox.metrics.emf()).toMatchObject({ ignored: [] });
  });
});

describe('a local run beside others', () => {
  it('takes a folder of its own under the first one, and gives both back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const [first, second] = [await start({ folder }), await start({ folder })];
    expect([first.folder, second.folder]).toEqual([folder, join(folder, '2')]);
    const outputs = JSON.parse(readFileSync(join(folder, '2', 'outputs.json'), 'utf8')) as { apiUrl: string };
    expect(outputs.apiUrl).toBe(second.apiUrl);
    expect(outputs.apiUrl).not.toBe(first.apiUrl);
    await Promise.all([first.close(), second.close()]);
    expect(existsSync(join(folder, 'outputs.json'))).toBe(false);
    const third = await start({ folder });
    expect(third.folder).toBe(folder);
  });

  it('leaves no process behind when it is closed', async () => {
    const sandbox = await start();
    await fetch(`${sandbox.apiUrl}/v1/a/b`);
    const pids = sandbox.pids();
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(pids.every(alive)).toBe(true);
    await sandbox.close();
    expect(pids.filter(alive)).toEqual([]);
  });

  it('says so when an engine ends under it', async () => {
    const sandbox = await start();
    const said = new Promise<string>((resolve) => sandbox.on('trouble', resolve));
    const [engine = 0] = sandbox.pids();
    process.kill(engine, 'SIGKILL');
    expect(await said).toMatch(/engine-process\.ts dynamodb ended by itself: signal SIGKILL/);
  });

  it('leaves no process behind when it cannot start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const other = await start();
    const taken = Number(new URL(other.apiUrl).port);
    const children = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
    const before = children();
    expect(before).toBeGreaterThanOrEqual(2);
    await expect(start({ folder, port: taken })).rejects.toThrow(`Port ${taken} is taken.`);
    expect(existsSync(join(folder, 'runner.pid'))).toBe(false);
    await until('its processes end', () => children() === before);
  });

  it('leaves no process behind when its own process is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const file = join(folder, 'stack.json');
    writeFileSync(file, JSON.stringify(stack));
    const runner = spawn(process.execPath, [fileURLToPath(new URL('abandoned-run.ts', import.meta.url)), file, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => createInterface({ input: runner.stdout }).once('line', resolve));
    const pids = JSON.parse(line) as number[];
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(pids.every(alive)).toBe(true);
    runner.kill('SIGKILL');
    await until('its processes end', () => !pids.some(alive));
  });
});
