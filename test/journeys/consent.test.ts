import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { browser, consent, type Decides } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { becomesBusy, hour } from '../support/journey.ts';
import { everythingWritten, secretsOf } from '../support/leaks.ts';
import { person, type Person } from '../support/person.ts';
import { sendJson } from '../support/send-json.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const clock = 10;
const run = withSandbox({ clock });
const back = 'https://platform.example/back';
const sent: string[] = [];

interface Somebody {
  readonly provider: 'google' | 'microsoft';
  readonly providerId: string;
  readonly someone: Person;
  readonly email: string;
  /** Where the platform finds them again. */
  agrees(how?: Partial<Decides>): Promise<Record<string, string>>;
  root: string;
}

async function somebody(provider: 'google' | 'microsoft'): Promise<Somebody> {
  const { platform } = run();
  const providerId = randomUUID();
  const root = provider === 'google' ? platform.outputs.simulators.google : platform.outputs.simulators.graph;
  const { someone, email } = await person({ provider, root, zone: 'Europe/Berlin', name: randomUUID() });
  const agrees: Somebody['agrees'] = async (how) => {
    const link = await platform.startConsent({ provider, providerId, zone: 'Europe/Berlin', returnUrl: back });
    const at = browser();
    const { returned, page } = await consent(at, link, { home: platform.home, account: email, ...how });
    sent.push(link.split('/').at(-1) ?? '', ...at.cookies(new URL(platform.outputs.apiUrl).origin).map((cookie) => cookie.split('=')[1] ?? ''));
    if (returned === undefined) throw new Error(`The consent ended on a page: ${page?.text}`);
    return Object.fromEntries(returned.searchParams);
  };
  return { provider, providerId, someone, email, agrees, root };
}

const stateOf = async (connectionId: string): Promise<unknown> => (await sendJson(run().platform.outputs.apiUrl, 'GET', `/v1/connections/${connectionId}`)).body['state'];
const reauthorizations = async (connectionId: string): Promise<unknown[]> => {
  for (const { body } of await run().platform.take('calendar-changes')) told.push(JSON.parse(body) as Record<string, unknown>);
  return told.filter(({ type, connection_id }) => type === 'connection.reauthorization_required' && connection_id === connectionId);
};
const told: Record<string, unknown>[] = [];

describe.each(['google', 'microsoft'] as const)('a professional at %s', (provider) => {
  it('who denies is not connected; who agrees is, with a watch and a first read', async () => {
    const { platform } = run();
    const { agrees, someone, providerId } = await somebody(provider);
    expect(await agrees({ decide: 'deny' })).toEqual({ result: 'denied', reason: 'denied' });
    expect((await sendJson(platform.outputs.apiUrl, 'GET', `/v1/providers/${providerId}/connections`)).body).toEqual({ connections: [] });
    await someone.add('Dentist', hour(1));
    const { result, connection_id: id = '' } = await agrees();
    expect(result).toBe('connected');
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).end }, at: [hour(1)] });
    expect((await sendJson(platform.outputs.apiUrl, 'GET', `/v1/connections/${id}`)).body).toMatchObject({ state: 'active', zone: 'Europe/Berlin', watches: [{ id: expect.any(String) }], warnings: [] });
    await someone.add('Lunch', hour(2));
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).end }, at: [hour(1), hour(2)] });
  });

  it('who takes the grant back is told of once, within five minutes, and comes back to the same connection', async () => {
    const { platform } = run();
    const { agrees, someone, providerId, email, root } = await somebody(provider);
    const { connection_id: id = '' } = await agrees();
    await becomesBusy(platform, providerId, { within: hour(5), at: [] });
    await eventually('the first read', async () => (await platform.busy(providerId, hour(5).start, hour(5).end)).bookable);
    await sendJson(root, 'POST', '/_sim/revoke', { account: email, accessTokensToo: true });
    const revoked = run().sandbox.clock.now();
    await platform.post('/v1/sync/inbound', { connection_id: id });
    await eventually('the platform is told', async () => (await reauthorizations(id)).length > 0, { withinMs: minutes(5) / clock });
    expect(run().sandbox.clock.now() - revoked).toBeLessThan(minutes(5));
    expect(await stateOf(id)).toBe('reauthorization_required');
    expect(await platform.busy(providerId, hour(5).start, hour(5).end)).toMatchObject({ bookable: false, reasons: ['reauthorization_required'] });
    await platform.post('/v1/sync/inbound', { connection_id: id });

    expect(await agrees()).toEqual({ result: 'connected', connection_id: id });
    await someone.add('After all', hour(6));
    await becomesBusy(platform, providerId, { within: hour(6), at: [hour(6)] });
    expect([await stateOf(id), (await reauthorizations(id)).length]).toEqual(['active', 1]);
  });
});

describe('what consents leave behind', () => {
  it('holds no token, code, verifier, state, cookie or secret in clear: in no log, table or queue', async () => {
    const { sandbox, platform } = run();
    const { agrees, root } = await somebody('google');
    const { connection_id: id = '' } = await agrees();
    await somebody('microsoft').then((other) => other.agrees());
    // Tokens that were renewed, and a refusal, are among them.
    await sendJson(root, 'POST', '/_sim/access-tokens/expire', {});
    await platform.post('/v1/sync/inbound', { connection_id: id });
    await sendJson(root, 'POST', '/_sim/faults', { path: '/token$', when: 'before', status: 400, body: { error: 'invalid_request', error_description: 'refused' } });
    await expect((await somebody('google')).agrees()).rejects.toThrow('no longer took the answer');
    const written = await everythingWritten(sandbox, platform);
    const secrets = [...(await secretsOf(platform)), ...sent].filter((secret) => secret.length >= 16);
    expect(written).toContain(id);
    expect(secrets.length).toBeGreaterThan(30);
    expect(secrets.filter((secret) => written.includes(secret) || written.includes(encodeURIComponent(secret)) || written.includes(Buffer.from(secret).toString('base64')))).toEqual([]);
  });
});

describe('connecting turned off', () => {
  it('is refused to the platform, and on the page to who holds a link already', async () => {
    const { platform } = run();
    const link = await platform.startConsent({ provider: 'google', providerId: 'p-off', returnUrl: back });
    await platform.set(Setting.oauthEnabled, 'false');
    const until = run().sandbox.clock.now() + seconds(35);
    await eventually('the settings are known to everybody', () => run().sandbox.clock.now() > until);
    expect((await platform.post('/v1/connections', { provider_id: 'p-off', calendar_provider: 'google' })).status).toBe(403);
    expect((await browser().get(link)).headers.get('location')).toBe(`${back}?result=denied&reason=off`);
  });
});
