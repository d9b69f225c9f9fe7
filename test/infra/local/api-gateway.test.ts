import { afterEach, describe, expect, it } from '@jest/globals';
import { startApiGateway } from '../../../infra/local/api-gateway.ts';
import type { ApiGateway } from '../../../infra/local/api-gateway.ts';
import type { Route } from '../../../infra/local/api-routes.ts';
import type { InvokeResult } from '../../../infra/local/functions.ts';
import { virtualClock } from '../../../infra/local/virtual-clock.ts';

const running: ApiGateway[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const fine: InvokeResult = { ok: true, payload: '{"statusCode":204}' };

async function start({ route = {}, stage = '$default', now = () => 0, answer = async () => fine }: { route?: Partial<Route>; stage?: string; now?: () => number; answer?: () => Promise<InvokeResult> }): Promise<string> {
  const clock = { ...virtualClock(), now };
  const gateway = await startApiGateway({ clock, stage });
  running.push(gateway);
  gateway.serve({ stage, routes: [{ routeKey: 'GET /x', authorization: 'NONE', functionName: 'f', timeoutMs: 30_000, ...route }] }, { invoke: answer });
  return gateway.url;
}

const status = async (url: string): Promise<number> => (await fetch(url)).status;

describe('the local HTTP API', () => {
  it('lets a burst through, then 429, then again as many as the rate allows', async () => {
    let now = 0;
    const url = `${await start({ route: { throttle: { rate: 2, burst: 3 } }, now: () => now })}/x`;
    expect([await status(url), await status(url), await status(url), await status(url)]).toEqual([204, 204, 204, 429]);
    now = 1000;
    expect([await status(url), await status(url), await status(url)]).toEqual([204, 204, 429]);
  });

  it('answers 503 where a function is throttled or takes too long, and 500 where it fails: both are tried again by calendar providers', async () => {
    const error = { errorType: 'E', errorMessage: 'e' };
    expect(await status(`${await start({ answer: async () => ({ ok: false, throttled: true, error }) })}/x`)).toBe(503);
    expect(await status(`${await start({ answer: async () => ({ ok: false, throttled: false, error }) })}/x`)).toBe(500);
    expect(await status(`${await start({ route: { timeoutMs: 50 }, answer: () => new Promise(() => undefined) })}/x`)).toBe(503);
  });

  it('serves a named stage below its name alone', async () => {
    const url = await start({ stage: 'live' });
    expect(url).toMatch(/\/live$/);
    expect([await status(`${url}/x`), await status(`${new URL(url).origin}/x`)]).toEqual([204, 404]);
  });
});
