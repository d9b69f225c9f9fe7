import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startSimulatorServer } from './simulator-server.ts';
import type { LoggedRequest, SimulatorServer } from './simulator-server.ts';

describe('the simulator server', () => {
  let server: SimulatorServer;
  let effects: string[];

  beforeEach(async () => {
    effects = [];
    server = await startSimulatorServer({
      clock: () => 1234,
      handle: (request) => {
        effects.push(`${request.method} ${request.path}`);
        if (request.path === '/broken') throw new Error('the simulator has a bug');
        return { status: 200, headers: { etag: '"1"' }, body: { path: request.path, q: request.query.get('q'), size: request.body.length } };
      },
      control: (request) => ({ status: 200, body: `control ${request.path}` }),
    });
  });
  afterEach(() => server.close());

  const post = (path: string, body?: unknown): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: 'POST', ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });

  it('hands over the raw path, query and body, and answers objects as JSON', async () => {
    const answer = await post('/calendars/a%2Fb/events?q=x%20y', 'hello');
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(await answer.json()).toEqual({ path: '/calendars/a%2Fb/events', q: 'x y', size: 5 });
  });

  it('logs each request with its number, time and status, but no control request', async () => {
    await post('/one', 'body');
    await post('/_sim/anything');
    await fetch(`${server.url}/two?x=1`);
    const logged = (await (await fetch(`${server.url}/_sim/requests?since=1`)).json()) as LoggedRequest[];
    expect(logged).toEqual([expect.objectContaining({ n: 2, at: 1234, method: 'GET', path: '/two', query: 'x=1', status: 200 })]);
    expect(server.requests).toHaveLength(2);
    await fetch(`${server.url}/_sim/requests`, { method: 'DELETE' });
    expect(server.requests).toHaveLength(0);
  });

  it('passes other control requests on and spares them every fault', async () => {
    server.addFault({ when: 'before', status: 500, times: 100 });
    const answer = await fetch(`${server.url}/_sim/human/events`);
    expect(await answer.text()).toBe('control /_sim/human/events');
  });

  it('a fault before has no effect, one after has its effect and another answer', async () => {
    server.addFault({ when: 'before', status: 503, headers: { 'retry-after': '7' }, body: { error: 'busy' } });
    const before = await post('/a');
    expect([before.status, before.headers.get('retry-after'), effects.length]).toEqual([503, '7', 0]);
    server.addFault({ when: 'after', status: 504 });
    const after = await post('/b');
    expect([after.status, effects]).toEqual([504, ['POST /b']]);
    expect((await post('/c')).status).toBe(200);
  });

  it('a reset loses the answer, and is logged as status 0', async () => {
    server.addFault({ when: 'after', reset: true });
    await expect(post('/lost')).rejects.toThrow();
    expect(effects).toEqual(['POST /lost']);
    expect(server.requests[0]?.status).toBe(0);
  });

  it('a fault strikes only what it names, as often as it says', async () => {
    await post('/_sim/faults', { when: 'before', method: 'get', path: '^/events\\?q=1$', status: 410, times: 2 });
    const statuses = [];
    for (const path of ['/events?q=2', '/events?q=1', '/events?q=1', '/events?q=1']) statuses.push((await fetch(`${server.url}${path}`)).status);
    expect(statuses).toEqual([200, 410, 410, 200]);
  });

  it('a mere delay lets the true answer through', async () => {
    server.addFault({ when: 'before', delayMs: 5 });
    expect(((await (await post('/slow', 'abc')).json()) as { size: number }).size).toBe(3);
  });

  it('forgets its faults when told', async () => {
    server.addFault({ when: 'before', status: 500 });
    await fetch(`${server.url}/_sim/faults`, { method: 'DELETE' });
    expect((await post('/a')).status).toBe(200);
  });

  it('shows its own bugs: 500 with the message', async () => {
    const seen = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await post('/broken');
    expect([answer.status, await answer.text(), seen.mock.calls.length]).toEqual([500, 'the simulator has a bug', 1]);
    seen.mockRestore();
  });

  it('refuses a body over 10 MB and takes one just under', async () => {
    expect((await post('/big', 'x'.repeat(10 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await post('/big', 'x'.repeat(10 * 1024 * 1024))).status).toBe(200);
  });

  it('closes at once although a caller still waits', async () => {
    const arrived = Promise.withResolvers<void>();
    const stuck = await startSimulatorServer({
      clock: () => 0,
      handle: () => {
        arrived.resolve();
        return new Promise<never>(() => undefined);
      },
    });
    const waiting = expect(fetch(stuck.url)).rejects.toThrow();
    await arrived.promise;
    await stuck.close();
    await waiting;
  });
});
